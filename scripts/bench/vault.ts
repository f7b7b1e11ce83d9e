/** Many secrets of a real OpenBao at once: Coffer's provider, OpenBao's own agent and command line, a simple client. */
import { type BaoDevServer, openBao, startBaoDevServer } from "../../test/fixture/openbao.ts";
import { distantPort } from "./distance.ts";

const READER = new URL("./vault_reader.ts", import.meta.url).pathname;
const COUNT = 1000;
/** Of the command line's calls: the rest would take minutes and tell the same. */
const CALLS = 50;
/** There, and the same back. */
const AWAY_MS = 2;

interface Run {
  /** Milliseconds for all of the names. */
  readonly ms: number;
  readonly connections?: number | undefined;
}

interface Way {
  readonly name: string;
  run(): Promise<Run>;
}

/** A Markdown table: medians of ways that take turns; the first round does not count. */
export async function vaultTable(folder: string, rounds: number): Promise<string> {
  const { path: bao, lacking } = await openBao();
  if (lacking !== undefined) throw new Error(lacking);
  await using plain = await startBaoDevServer();
  await using tls = await startBaoDevServer("tls");
  for (const server of [plain, tls]) await fill(server);
  using relay = distantPort(Number(new URL(tls.address).port), AWAY_MS);
  const away = { address: `https://127.0.0.1:${relay.port}`, authority: tls.authority, token: tls.token };
  const ways: readonly Way[] = [
    { name: "coffer, over TLS (HTTP 2)", run: () => reader("provider", tls) },
    { name: "coffer, over HTTP 1", run: () => reader("provider", plain) },
    { name: "coffer, list, over TLS", run: () => reader("list", tls) },
    { name: "one after another, over TLS", run: () => reader("sequence", tls) },
    { name: "one after another, over HTTP 1", run: () => reader("sequence", plain) },
    { name: `coffer, over TLS, ${AWAY_MS} ms away`, run: () => reader("provider", away) },
    { name: `one after another, over TLS, ${AWAY_MS} ms away`, run: () => reader("sequence", away) },
    { name: "bao agent, one template, HTTP 1 (whole process)", run: () => agent(bao, folder, plain) },
    {
      name: `bao kv get, HTTP 1 (${CALLS} processes, times ${COUNT / CALLS})`,
      run: () => commandLine(bao, folder, plain),
    },
  ];
  const runs = new Map<Way, Run[]>(ways.map((way) => [way, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const way of ways) {
      const run = await way.run();
      if (round > 0) runs.get(way)!.push(run);
    }
  }
  const rows = ways.map((way) => ({ name: way.name, ...middle(runs.get(way)!) }));
  return [
    `| ${COUNT.toLocaleString("en")} secrets | median ms | least ms | ratio to the first row | connections |`,
    "|---|---:|---:|---:|---:|",
    ...rows.map(({ name, ms, least, connections }) =>
      `| ${name} | ${ms.toFixed(0)} | ${least.toFixed(0)} | ${(ms / rows[0]!.ms).toFixed(2)} | ${connections ?? ""} |`
    ),
  ].join("\n");
}

type Server = Pick<BaoDevServer, "address" | "authority" | "token">;

async function fill({ address, authority, token }: Server): Promise<void> {
  using client = Deno.createHttpClient({ caCerts: authority ? [await Deno.readTextFile(authority)] : [] });
  for (let i = 0; i < COUNT; i++) {
    const { ok, body } = await fetch(`${address}/v1/secret/data/name-${i}`, {
      method: "POST",
      headers: { "X-Vault-Token": token },
      body: JSON.stringify({ data: { value: `value of ${i}: ${crypto.randomUUID()}` } }),
      client,
    });
    await body?.cancel();
    if (!ok) throw new Error("a secret could not be written");
  }
}

async function reader(how: string, { address, authority = "", token }: Server): Promise<Run> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", READER, how, address, authority, String(COUNT)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(token));
  await writer.close();
  const { code, stdout } = await child.output();
  if (code !== 0) throw new Error(`${how} ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function agent(bao: string, folder: string, { address, token }: Server): Promise<Run> {
  const [tokenFile, config, out] = ["token", "agent.hcl", "out"].map((name) => `${folder}/agent-${name}`);
  await Deno.writeTextFile(tokenFile!, token, { mode: 0o600 });
  const reads = Array.from(
    { length: COUNT },
    (_, i) => `{{ with secret "secret/data/name-${i}" }}{{ .Data.data.value }}{{ end }}`,
  );
  await Deno.writeTextFile(
    config!,
    `vault { address = "${address}" }
exit_after_auth = true
auto_auth { method "token_file" { config = { token_file_path = "${tokenFile}" } } }
template {
  destination = "${out}"
  contents = <<EOT
${reads.join("\n")}
EOT
}
`,
  );
  const run = await timed(bao, ["agent", `-config=${config}`], { HOME: folder });
  if ((await Deno.readTextFile(out!)).trim().split("\n").length !== COUNT) throw new Error("bao agent: not all");
  return run;
}

async function commandLine(bao: string, folder: string, { address, token }: Server): Promise<Run> {
  const env = { HOME: folder, BAO_ADDR: address, BAO_TOKEN: token };
  let ms = 0;
  for (let i = 0; i < CALLS; i++) {
    ms += (await timed(bao, ["kv", "get", "-field=value", `secret/name-${i}`], env)).ms;
  }
  return { ms: ms * COUNT / CALLS };
}

async function timed(program: string, args: readonly string[], env: Record<string, string>): Promise<Run> {
  const started = performance.now();
  const { code } = await new Deno.Command(program, { args: [...args], env, stdout: "null", stderr: "null" }).output();
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
  return { ms: performance.now() - started };
}

function middle(runs: readonly Run[]): Run & { readonly least: number } {
  const sorted = [...runs].sort((a, b) => a.ms - b.ms);
  return { ...sorted[Math.floor(sorted.length / 2)]!, least: sorted[0]!.ms };
}
