/** A plugin's file from where its makers publish it, named as Porter has it: `URL/VERSION/NAME-GOOS-GOARCH`. */
import { Fault } from "../../core/fault.ts";

const GOARCH = { x86_64: "amd64", aarch64: "arm64" } as const;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;
const MOST_REDIRECTIONS = 5;
const ANSWER_MS = 60_000;
/** A plugin of 100 MB over a slow line. */
const WHOLE_MS = 30 * 60_000;

/** The name that a release has for this machine. */
export function releaseName(name: string): string {
  const { os, arch } = Deno.build;
  return `${name}-${os}-${GOARCH[arch as keyof typeof GOARCH] ?? arch}${os === "windows" ? ".exe" : ""}`;
}

/**
 * @param url of all releases
 * @throws {Fault} USAGE when it is no address to get programs from; NOT_FOUND; UNAVAILABLE
 */
export async function download(url: string, version: string, name: string): Promise<ReadableStream<Uint8Array>> {
  let address = parse(`${url.replace(/\/+$/, "")}/${encodeURIComponent(version)}/${releaseName(name)}`);
  for (let redirections = 0; redirections <= MOST_REDIRECTIONS; redirections++) {
    requireSafe(address);
    const response = await get(address);
    if (response.ok && response.body) return ReadableStream.from(piecesOf(response.body, address));
    await response.body?.cancel();
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) throw refusal(response.status, address);
    const next = URL.parse(location, address);
    if (!next) throw new Fault("UNAVAILABLE", `${address.host} redirects to what is no address`);
    address = next;
  }
  throw new Fault("UNAVAILABLE", `${url} redirects without end`);
}

/** The runtime follows redirections to wherever they lead. */
async function get(address: URL): Promise<Response> {
  const unanswered = new AbortController();
  const timer = setTimeout(() => unanswered.abort(), ANSWER_MS);
  try {
    const signal = AbortSignal.any([unanswered.signal, AbortSignal.timeout(WHOLE_MS)]);
    return await fetch(address, { redirect: "manual", signal });
  } catch (error) {
    throw new Fault("UNAVAILABLE", `${address.host} cannot be reached, or is not who it should be`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function* piecesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>, { host }: URL) {
  try {
    yield* body;
  } catch (error) {
    throw new Fault("UNAVAILABLE", `the download from ${host} broke off`, { hint: "try again", cause: error });
  }
}

function refusal(status: number, address: URL): Fault {
  if (status !== 404) return new Fault("UNAVAILABLE", `${address.host} answered ${status}`);
  return new Fault("NOT_FOUND", `there is no ${address.href}`, {
    hint: "is there a release for this system and processor?",
  });
}

function parse(text: string): URL {
  const address = URL.parse(text);
  if (address) return address;
  throw new Fault("USAGE", `${JSON.stringify(text)} is no address`, { hint: "--url https://example.com/plugins" });
}

/** A program that came over a line which others can write to is theirs. */
function requireSafe({ protocol, hostname, href }: URL): void {
  if (protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname))) return;
  throw new Fault("USAGE", `${href} is not https`, { hint: "others could change what comes over plain http" });
}
