/** Load on an HTTP server: by wrk over TCP, and by one client that waits for each answer, over any connection. */
import { exchange } from "../../cli/server/http_exchange.ts";
import { sh } from "./shell.ts";

export interface Load {
  readonly url: string;
  readonly token: string;
  /** Makes it a POST. */
  readonly body?: unknown;
}

export interface Answered {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** As many as a few services have. */
const CONNECTIONS = 16;
/** Of a client that waits: before it counts, and counted. */
const WARM_UP = 300, COUNTED = 3000;

/** @param folder for wrk's script. @throws when a request fails: such are quick, and the figure would be a lie */
export async function wrk(folder: string, { url, token, body }: Load, seconds: number): Promise<Answered> {
  const script = await Deno.makeTempFile({ dir: folder, suffix: ".lua" });
  await Deno.writeTextFile(script, luaOf(token, body));
  const output = await sh(folder, `wrk -t1 -c${CONNECTIONS} -d${seconds} -s ${script} ${url}`);
  const { requests, us, p50, p99, failed } = JSON.parse(output.trimEnd().split("\n").at(-1)!);
  if (failed > 0) throw new Error(`${failed} of ${requests} requests to ${url} failed`);
  return { requests, perSecond: requests / us * 1e6, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}

function luaOf(token: string, body: unknown): string {
  const post = body === undefined ? "" : `wrk.method = "POST"\nwrk.body = [==[${JSON.stringify(body)}]==]\n`;
  return `wrk.headers["X-Vault-Token"] = "${token}"
${post}done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}\\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** Requests one after the other on one new connection; `times` of them are counted as one. */
export async function waiting(
  connect: () => Promise<Deno.Conn>,
  { path, token, body }: Omit<Load, "url"> & { readonly path: string },
  times = 1,
): Promise<Answered> {
  using connection = await connect();
  const request = { method: body === undefined ? "GET" : "POST", path, token, body } as const;
  const ms: number[] = [];
  for (let i = 0; i < WARM_UP + COUNTED; i++) {
    const started = performance.now();
    for (let time = 0; time < times; time++) {
      const { status } = await exchange(connection, request);
      if (status !== 200) throw new Error(`${path} was answered with ${status}`);
    }
    if (i >= WARM_UP) ms.push(performance.now() - started);
  }
  const perSecond = COUNTED * 1000 / ms.reduce((sum, one) => sum + one);
  ms.sort((a, b) => a - b);
  const at = (part: number) => ms[Math.floor(COUNTED * part)]!;
  return { requests: COUNTED, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}
