/**
 * Coffer as Porter's plugin beside a plugin in Go: how long it takes from the start to the line that says where it
 * listens, and to resolve a key, as a host in Go sees it that is Porter's own fork of go-plugin.
 */
import { COOKIE, VARIABLES } from "../../core/go_plugin/handshake.ts";
import { goPrograms } from "../../test/fixture/go_plugin.ts";
import { TextLineStream } from "../../test/fixture/text_lines.ts";
import type { Subject } from "./measure.ts";

/** Resolved before it counts: the store is opened at the first. */
const WARM_UP = 20;
const GOALS_MS = { handshake: 300, resolve: 5 } as const;

export interface PluginSubject extends Subject {
  /** JSON for its stdin. */
  readonly config: string;
  /** One that is there. */
  readonly key: string;
}

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

interface PluginFigures {
  readonly name: string;
  readonly handshake: Percentiles;
  /** Undefined without Go. */
  readonly resolve: Percentiles | undefined;
}

/** The plugin in Go, which keeps its secrets as plain files in `folder`; undefined without Go. */
export async function goPlugin(folder: string): Promise<PluginSubject | undefined> {
  const { plugin } = await goPrograms();
  const config = JSON.stringify({ folder });
  return plugin === undefined
    ? undefined
    : { name: "a Go plugin, plain files", command: [plugin, "run", "secrets.fake.files"], config, key: "a" };
}

/** In turn, `starts` times each, and then `calls` calls of each. */
export async function measurePlugins(
  subjects: readonly PluginSubject[],
  starts: number,
  calls: number,
): Promise<PluginFigures[]> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= starts; round++) {
    for (const subject of subjects) {
      const ms = await handshakeMs(subject);
      if (round > 0) times.get(subject.name)!.push(ms);
    }
  }
  const figures: PluginFigures[] = [];
  for (const subject of subjects) {
    const { name } = subject;
    const resolved = await resolveMs(subject, calls);
    figures.push({ name, handshake: percentiles(times.get(name)!), resolve: resolved && percentiles(resolved) });
  }
  return figures;
}

export function pluginTable(figures: readonly PluginFigures[]): string {
  const cells = (found: Percentiles | undefined) =>
    [found?.p50, found?.p95].map((ms) => ms?.toFixed(1) ?? "").join(" | ");
  return [
    "| plugin | handshake p50, ms | p95 | resolve p50, ms | p95 |",
    "| ------ | ----------------: | --: | --------------: | --: |",
    ...figures.map(({ name, handshake, resolve }) => `| ${name} | ${cells(handshake)} | ${cells(resolve)} |`),
    `| goal | | ${GOALS_MS.handshake} | | ${GOALS_MS.resolve} |`,
  ].join("\n");
}

async function handshakeMs({ command, cwd, env, config }: PluginSubject): Promise<number> {
  const started = performance.now();
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    env: { ...env, [COOKIE.name]: COOKIE.value, [VARIABLES.protocolVersions]: "2" },
    ...(cwd !== undefined && { cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  void feed(child.stdin, config);
  const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
  const { value } = await lines.read();
  const ms = performance.now() - started;
  child.kill("SIGKILL");
  await Promise.all([child.status, lines.cancel()]);
  if (!value?.startsWith("1|2|unix|")) throw new Error(`${command.join(" ")} does not say where it listens`);
  return ms;
}

async function resolveMs(subject: PluginSubject, calls: number): Promise<number[] | undefined> {
  const { host } = await goPrograms();
  if (host === undefined) return undefined;
  const { command, cwd, env, config, key } = subject;
  const child = new Deno.Command(host, {
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const bench = { do: "bench", keyName: "secret", keyValue: key };
  const lines = [
    { command, config },
    { do: "create", keyName: "secret", keyValue: key, value: "hunter2" },
    { ...bench, times: WARM_UP },
    { ...bench, times: calls },
  ];
  void feed(child.stdin, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const answers = (await new Response(child.stdout).text()).trim().split("\n").map((line) => JSON.parse(line));
  await child.status;
  const failed = answers.find(({ ok }) => !ok);
  if (failed) throw new Error(`${subject.name}: ${failed.error}`);
  return answers.at(-1).millis;
}

async function feed(stdin: WritableStream<Uint8Array<ArrayBuffer>>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { p50: at(0.5), p95: at(0.95) };
}
