/**
 * `deno task bench`: whole-process figures of the bundle beside an empty Deno script and beside peers, and what one
 * `get` or `set` costs as a stack grows. Medians of interleaved runs; compare ratios, not milliseconds.
 *
 * `--rounds N` (default 15), `--no-peers`, `--no-growth`.
 */
import { measure, type Subject, table } from "./bench/measure.ts";
import { preparePeers } from "./bench/peers.ts";
import { BENCH_PASSPHRASE, makeProject } from "./bench/stack_of.ts";
import { bundle } from "./bundle.ts";

const rounds = Number(Deno.args[Deno.args.indexOf("--rounds") + 1]) || 15;
const folder = await Deno.makeTempDir({ prefix: "coffer-bench-" });

try {
  const script = await bundle(`${folder}/dist`);
  print(await machine());
  await startUp(script);
  if (!Deno.args.includes("--no-growth")) await growth(script);
  if (!Deno.args.includes("--no-peers")) await peers(script);
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The cost of a start, and of an unlock at the default and the least work factor. */
async function startUp(script: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/empty.js`, "");
  const quick = await project("quick", 20, 10);
  const standard = await project("standard", 20, 17);
  print("\n### Start-up\n");
  print(table(
    await measure([
      { name: "empty Deno script", command: [Deno.execPath(), "run", "-A", "--no-config", `${folder}/empty.js`] },
      coffer(script, quick, "coffer version", ["version"]),
      coffer(script, quick, "coffer list", ["list"]),
      coffer(script, quick, "coffer get, work factor 10", ["get", "group1/secret-1"]),
      coffer(script, quick, "coffer run -- true, work factor 10", ["run", "--", "true"]),
      coffer(script, standard, "coffer get, work factor 17 (default)", ["get", "group1/secret-1"]),
      coffer(script, standard, "coffer run -- true, work factor 17 (default)", ["run", "--", "true"]),
    ], rounds),
  ));
}

async function growth(script: string): Promise<void> {
  const subjects: Subject[] = [];
  for (const count of [100, 10_000, 100_000]) {
    const at = await project(`stack-${count}`, count, 10);
    const size = count.toLocaleString("en");
    subjects.push(coffer(script, at, `get of ${size}`, ["get", "group1/secret-1"]));
    subjects.push(coffer(script, at, `set of ${size}`, ["set", "group1/secret-1", "--generate"]));
    subjects.push(coffer(script, at, `list of ${size}`, ["list"]));
  }
  print("\n### Growth with the number of secrets (work factor 10)\n");
  print(table(await measure(subjects, rounds)));
}

async function peers(script: string): Promise<void> {
  const { subjects, missing } = await preparePeers(folder);
  const at = await project("beside-peers", 1, 17);
  print("\n### Beside peers, one secret each, as each is used\n");
  print(table(
    await measure([
      coffer(script, at, "coffer version", ["version"]),
      coffer(script, at, "coffer list", ["list"]),
      coffer(script, at, "coffer get (passphrase, scrypt 2^17)", ["get", "group0/secret-0"]),
      coffer(script, at, "coffer run -- true (passphrase, scrypt 2^17)", ["run", "--", "true"]),
      ...subjects,
    ], rounds),
  ));
  for (const reason of missing) print(`\nnot measured: ${reason}`);
}

async function project(name: string, count: number, logN: number): Promise<string> {
  await makeProject(`${folder}/${name}`, count, logN);
  return `${folder}/${name}`;
}

function coffer(script: string, cwd: string, name: string, args: readonly string[]): Subject {
  const command = [Deno.execPath(), "run", "-A", "--no-config", script, ...args] as const;
  return { name, command, cwd, env: { COFFER_PASSPHRASE: BENCH_PASSPHRASE, COFFER_HOME: `${folder}/home` } };
}

async function machine(): Promise<string> {
  let model = "unknown processor";
  try {
    model = /model name\s*: (.*)/.exec(await Deno.readTextFile("/proc/cpuinfo"))?.[1] ?? model;
  } catch {
    // not Linux
  }
  return `${model}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno} (V8 ${Deno.version.v8}), ${rounds} rounds`;
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}
