/** Whole-process figures: wall time and peak memory of commands, run in turn so that the machine's phases hit all alike. */

export interface Subject {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Figures {
  readonly name: string;
  readonly medianMs: number;
  readonly leastMs: number;
  /** Peak resident memory, MiB; undefined without GNU time. */
  readonly peakMiB: number | undefined;
}

const GNU_TIME = "/usr/bin/time";

/** Runs every subject once per round, in turn; the first round does not count. */
export async function measure(subjects: readonly Subject[], rounds: number): Promise<Figures[]> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const subject of subjects) {
      const ms = await wallMs(subject);
      if (round > 0) times.get(subject.name)!.push(ms);
    }
  }
  const figures: Figures[] = [];
  for (const subject of subjects) {
    const sorted = times.get(subject.name)!.sort((a, b) => a - b);
    const medianMs = sorted[Math.floor(sorted.length / 2)]!;
    figures.push({ name: subject.name, medianMs, leastMs: sorted[0]!, peakMiB: await peakMiB(subject) });
  }
  return figures;
}

async function wallMs(subject: Subject): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await outcome(subject, subject.command);
  const ms = performance.now() - started;
  // A command that fails is quick, and its figure would be a lie.
  if (code !== 0) throw new Error(`${subject.name} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  return ms;
}

/** The median of three runs under GNU time, which forks from a small process (a large parent would count as the child). */
async function peakMiB(subject: Subject): Promise<number | undefined> {
  try {
    Deno.statSync(GNU_TIME);
  } catch {
    return undefined;
  }
  const peaks: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { stderr } = await outcome(subject, [GNU_TIME, "-f", "peak=%M", ...subject.command]);
    peaks.push(Number(/peak=(\d+)/.exec(new TextDecoder().decode(stderr))?.[1]) / 1024);
  }
  return peaks.sort((a, b) => a - b)[1]!;
}

/** Runs a command where and as the subject runs, and keeps what it says on stderr. */
function outcome(
  { cwd, env }: Subject,
  [program, ...args]: readonly [string, ...string[]],
): Promise<Deno.CommandOutput> {
  return new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  }).output();
}

/** A Markdown table, each row with its ratio to the first row. */
export function table(figures: readonly Figures[]): string {
  const base = figures[0]!;
  const rows = figures.map(({ name, medianMs, leastMs, peakMiB }) =>
    `| ${name} | ${medianMs.toFixed(1)} | ${leastMs.toFixed(1)} | ${(medianMs / base.medianMs).toFixed(2)} | ` +
    `${peakMiB === undefined ? "not measured" : peakMiB.toFixed(0)} |`
  );
  return [
    "| command | median ms | least ms | ratio to the first row | peak MiB |",
    "|---|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}
