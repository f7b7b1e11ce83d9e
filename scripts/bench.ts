/**
 * `deno task bench`: whole-process figures of the bundle beside an empty Deno script and beside peers, what one `get` or
 * `set` costs as a stack grows, what `run` costs a command and its output, what `serve` answers, and many secrets of an
 * OpenBao. Medians of interleaved runs; compare ratios, not milliseconds.
 *
 *     deno task bench [start-up] [growth] [peers] [run] [server] [vault] [plugin] [--rounds N] [--mib N] [--seconds N]
 *     deno task bench endurance [--requests N]
 *
 * All of them unless some are named, but for `endurance`: a million mixed requests, which take a quarter of an hour.
 * `--rounds` of commands (15), a third as many of output, of servers and of OpenBao; `--mib` of output (1024): much less
 * of it drowns in what a start takes now and then; `--seconds` of load (5). `server` wants wrk, and `server` and `vault`
 * want OpenBao: COFFER_TEST_FETCH=1 gets it.
 */
import * as launchers from "./bench/launchers.ts";
import { measure, type Subject, table } from "./bench/measure.ts";
import { installNpmPeers, type NpmPeers } from "./bench/npm_peers.ts";
import { preparePeers } from "./bench/peers.ts";
import { startServer } from "./bench/server.ts";
import { goPlugin, measurePlugins, type PluginSubject, pluginTable } from "./bench/plugin.ts";
import { BENCH_PASSPHRASE, makeProject, numbered, tokens } from "./bench/stack_of.ts";
import { throughput } from "./bench/throughput.ts";
import { goalTable, speedTable } from "./bench/throughput_table.ts";
import { enduranceTable, endure } from "./bench/endurance.ts";
import { measureServers } from "./bench/http_servers.ts";
import { goalTable as httpGoalTable, loadTable } from "./bench/http_table.ts";
import { vaultTable } from "./bench/vault.ts";
import { bundle, V8_FLAGS } from "./bundle.ts";

const SECTIONS = { "start-up": startUp, growth, peers, run, server, vault, plugin };
const NAMED_ONLY = { endurance };

const rounds = numberAfter("--rounds", 15);
const folder = await Deno.makeTempDir({ prefix: "coffer-bench-" });

try {
  const script = await bundle(`${folder}/dist`);
  print(await machine());
  const named = Object.entries({ ...SECTIONS, ...NAMED_ONLY }).filter(([name]) => Deno.args.includes(name));
  for (const [, section] of named.length > 0 ? named : Object.entries(SECTIONS)) await section(script);
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

async function run(script: string): Promise<void> {
  const npm = await tried("dotenvx, varlock", () => installNpmPeers(`${folder}/run-npm`));
  await launches(script, npm);
  await output(script, npm);
}

/** What it takes to start a command with twenty values. */
async function launches(script: string, npm: NpmPeers | undefined): Promise<void> {
  const values = tokens(20);
  const [quick, standard] = [`${folder}/run-quick`, `${folder}/run-standard`];
  await makeProject(quick, values, 10);
  await makeProject(standard, values, 17);
  const serving = coffer(script, standard, "coffer serve", ["serve"], `${folder}/home-of-server`);
  await using _server = await startServer(serving);
  const served = coffer(script, standard, "coffer run, key held by coffer serve", ["run", "--"]);
  const dotenvx = npm && await launchers.dotenvx(npm, `${folder}/run-dotenvx`, values, true);
  const all = [
    launchers.env(values),
    { ...served, env: { COFFER_HOME: `${folder}/home-of-server` } },
    coffer(script, quick, "coffer run, work factor 10", ["run", "--"]),
    coffer(script, quick, "coffer run --no-mask, work factor 10", ["run", "--no-mask", "--"]),
    coffer(script, standard, "coffer run, work factor 17 (default)", ["run", "--"]),
    dotenvx,
    dotenvx && launchers.redacting(dotenvx),
    npm && await launchers.varlock(npm, `${folder}/run-varlock`, values),
    await tried("sops", () => launchers.sops(`${folder}/run-sops`, values)),
  ].filter((launcher) => launcher !== undefined);
  print("\n### A command with 20 values\n");
  print(table(await measure(all.map((launcher) => launchers.starting(launcher, "true")), rounds)));
}

/** What it costs a command's output. */
async function output(script: string, npm: NpmPeers | undefined): Promise<void> {
  const setting = {
    folder,
    npm,
    coffer: (name: string, cwd: string, args: readonly string[]) => coffer(script, cwd, name, args),
  };
  const speeds = await throughput(setting, numberAfter("--mib", 1024), Math.ceil(rounds / 3));
  for (const [kind, ofKind] of speeds) print(`\n### Output: ${kind}\n\n${speedTable(ofKind)}`);
  print(`\n### Goals for output\n\n${goalTable(speeds)}`);
}

/** What the server answers, and how much memory that takes. */
async function server(script: string): Promise<void> {
  const [values, home] = [tokens(20), `${folder}/home-under-load`];
  await makeProject(`${folder}/served`, values, 17);
  const serve = coffer(script, `${folder}/served`, "coffer serve", ["serve", "--listen", "0"], home);
  const seconds = numberAfter("--seconds", 5);
  const setting = { folder, serve, state: `${home}/server`, values, seconds, rounds: Math.ceil(rounds / 3) };
  const measured = await tried("server", () => measureServers(setting));
  if (!measured) return;
  print(`\n### Server\n\n${loadTable(measured.rows)}`);
  print(`\n### Goals for the server\n\n${httpGoalTable(measured.goals)}`);
}

/** What becomes of a server under a day's work, and of what it has confirmed. */
async function endurance(script: string): Promise<void> {
  const [cwd, home] = [`${folder}/endured`, `${folder}/home-endured`];
  await makeProject(cwd, tokens(20), 17);
  const endured = await endure({
    serve: coffer(script, cwd, "coffer serve", ["serve", "--listen", "0"], home),
    command: (...args) => coffer(script, cwd, `coffer ${args.join(" ")}`, args, home),
    state: `${home}/server`,
    requests: numberAfter("--requests", 1_000_000),
  });
  print(`\n### Endurance\n\n${enduranceTable(endured)}`);
}

async function vault(): Promise<void> {
  const made = await tried("OpenBao", () => vaultTable(folder, Math.ceil(rounds / 3)));
  if (made) print(`\n### Many secrets of an OpenBao\n\n${made}`);
}

/** Coffer as a plugin of Porter's. */
async function plugin(script: string): Promise<void> {
  const at = await project("plugin", 20, 10);
  await Deno.mkdir(`${folder}/plugin-files`);
  const ours = (store: string, config: unknown): PluginSubject => {
    const subject = coffer(script, at, `coffer, ${store}`, ["run", `secrets.coffer.${store}`]);
    return { ...subject, config: JSON.stringify(config), key: "bench/key" };
  };
  const go = await goPlugin(`${folder}/plugin-files`);
  if (!go) print("\nnot measured: a plugin in Go, and calls: COFFER_TEST_FETCH=1 gets what that takes");
  const subjects = [ours("sealed", {}), ours("filesystem", { folder: `${folder}/plugin-plain` }), ...go ? [go] : []];
  print(`\n### Porter's plugin\n\n${pluginTable(await measurePlugins(subjects, Math.max(40, rounds), 1000))}`);
}

async function tried<T>(name: string, prepare: () => Promise<T>): Promise<T | undefined> {
  try {
    return await prepare();
  } catch (error) {
    print(`\nnot measured: ${name}: ${(error as Error).message}`);
    return undefined;
  }
}

async function project(name: string, count: number, logN: number): Promise<string> {
  await makeProject(`${folder}/${name}`, numbered(count), logN);
  return `${folder}/${name}`;
}

function numberAfter(flag: string, otherwise: number): number {
  const at = Deno.args.indexOf(flag);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

function coffer(
  script: string,
  cwd: string,
  name: string,
  args: readonly string[],
  home: string = `${folder}/home`,
): Subject {
  const command = [Deno.execPath(), "run", "-A", "--no-config", `--v8-flags=${V8_FLAGS}`, script, ...args] as const;
  return { name, command, cwd, env: { COFFER_PASSPHRASE: BENCH_PASSPHRASE, COFFER_HOME: home } };
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
