/** How fast output passes `coffer run` and `coffer mask`, beside `cat` and peers that mask. */
import { dotenvx, type Launcher, redacting, varlock } from "./launchers.ts";
import { type Figures, measure, type Subject } from "./measure.ts";
import type { NpmPeers } from "./npm_peers.ts";
import { KINDS, writeText } from "./output_text.ts";
import { makeProject, tokens } from "./stack_of.ts";

const COUNTS = [1, 100, 1000] as const;
type Count = (typeof COUNTS)[number];

/** What a peer's file is a part of the whole, by the number of secrets: with many they would take minutes for it. */
const PEER_PART = { 1: 4, 100: 16, 1000: 128 } as const;

/** Pipelines of bash: `$0` is the file, `$@` the program. Every program has a pipe at either end. */
const RUNS_CAT = '"$@" cat "$0" | cat';
const FILTERS = 'cat "$0" | "$@" | cat';

/** One way for a file to go. */
interface Passage {
  readonly launcher: Launcher;
  readonly pipeline: string;
  readonly secrets: number;
  readonly mib: number;
}

export interface Speed {
  readonly name: string;
  readonly secrets: number;
  readonly mib: number;
  /** Whole processes, start-up included. */
  readonly seconds: number;
  /** Without the start-up, which is what the same command takes for an empty file. */
  readonly mibPerSecond: number;
  readonly peakMiB: number | undefined;
}

export interface Setting {
  /** For projects and files. */
  readonly folder: string;
  /** Coffer in the project `cwd`. */
  readonly coffer: (name: string, cwd: string, args: readonly string[]) => Launcher;
  /** Undefined where they could not be had. */
  readonly npm: NpmPeers | undefined;
}

/**
 * Speeds by kind of output; `cat`'s are the first of each.
 * @param mib the size of the file; peers get a part of it
 */
export async function throughput(setting: Setting, mib: number, rounds: number): Promise<Map<string, Speed[]>> {
  const passages: Passage[] = [
    { launcher: { name: "cat", command: ["cat"] }, pipeline: FILTERS, secrets: 0, mib },
  ];
  for (const secrets of COUNTS) passages.push(...await passagesOf(setting, mib, secrets));
  const speeds = new Map<string, Speed[]>();
  for (const [kind, block] of Object.entries(KINDS)) {
    speeds.set(kind, await speedsOf(setting.folder, passages, block(), rounds));
  }
  return speeds;
}

async function passagesOf({ folder, coffer, npm }: Setting, mib: number, secrets: Count): Promise<Passage[]> {
  const values = tokens(secrets);
  const project = `${folder}/masking-${secrets}`;
  await makeProject(project, values, 10);
  const passages: Passage[] = [
    { launcher: coffer("coffer run", project, ["run", "--"]), pipeline: RUNS_CAT, secrets, mib },
    { launcher: coffer("coffer mask", project, ["mask"]), pipeline: FILTERS, secrets, mib },
  ];
  if (npm) {
    // Not encrypted: it makes no difference to the masking, and takes its start fifteen seconds for a thousand.
    const peers = [
      redacting(await dotenvx(npm, `${folder}/dotenvx-${secrets}`, values, false)),
      await varlock(npm, `${folder}/varlock-${secrets}`, values),
    ];
    const part = mib / PEER_PART[secrets];
    passages.push(...peers.map((launcher) => ({ launcher, pipeline: RUNS_CAT, secrets, mib: part })));
  }
  const file = `${folder}/values-${secrets}`;
  await Deno.writeTextFile(file, [...values.values(), ""].join("\n"));
  for (const passage of passages) await requireMasking(passage, file, values);
  return passages;
}

/** A program that does not mask is fast, and its figure would be a lie. */
async function requireMasking(passage: Passage, file: string, values: ReadonlyMap<string, string>): Promise<void> {
  const { command: [program, ...args], cwd, env } = through(passage, file, "");
  const output = new Deno.Command(program, { args, ...(cwd && { cwd }), ...(env && { env }), stdin: "null" }).output();
  const { success, stdout } = await output;
  const text = new TextDecoder().decode(stdout);
  if (success && text !== "" && ![...values.values()].some((value) => text.includes(value))) return;
  throw new Error(`${passage.launcher.name} does not mask ${passage.secrets} secrets`);
}

async function speedsOf(
  folder: string,
  passages: readonly Passage[],
  block: Uint8Array,
  rounds: number,
): Promise<Speed[]> {
  const fileOf = (mib: number) => `${folder}/output-${mib}`;
  const sizes = [0, ...new Set(passages.map(({ mib }) => mib))];
  for (const mib of sizes) await writeText(fileOf(mib), block, mib * 1024 * 1024);
  const titleOf = ({ launcher, secrets }: Passage, mib: number) => `${launcher.name} ${secrets} ${mib}`;
  const subjects = passages.flatMap((passage) =>
    [0, passage.mib].map((mib) => ({
      ...through(passage, fileOf(mib), "> /dev/null"),
      name: titleOf(passage, mib),
    }))
  );
  const figures = new Map((await measure(subjects, rounds)).map((figure) => [figure.name, figure]));
  for (const mib of sizes) await Deno.remove(fileOf(mib));
  return passages.map((passage) => {
    const [empty, full] = [0, passage.mib].map((mib) => figures.get(titleOf(passage, mib))!) as [Figures, Figures];
    return {
      name: passage.launcher.name,
      secrets: passage.secrets,
      mib: passage.mib,
      seconds: full.medianMs / 1000,
      mibPerSecond: passage.mib * 1000 / (full.medianMs - empty.medianMs),
      peakMiB: full.peakMiB,
    };
  });
}

function through({ launcher, pipeline }: Passage, file: string, end: string): Subject {
  const script = `set -o pipefail; ${pipeline} ${end}`;
  return { ...launcher, command: ["bash", "-c", script, file, ...launcher.command] };
}
