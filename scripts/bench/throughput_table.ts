/** Markdown of what `throughput` measured. */
import type { Speed } from "./throughput.ts";

type Speeds = readonly Speed[];

/** The bars: how much faster than dotenvx with a hundred secrets, and how much of the speed with one a thousand leave. */
const TIMES_DOTENVX = 10, LEFT_BY_A_THOUSAND = 1 / 3;

export function speedTable(speeds: Speeds): string {
  const [cat] = speeds as [Speed];
  const rows = speeds.map((speed) => {
    const { name, secrets, mib, seconds, mibPerSecond, peakMiB } = speed;
    const dotenvx = find(speeds, "dotenvx run --redact", secrets);
    const cells = [
      name,
      secrets === 0 ? "" : secrets.toLocaleString("en"),
      mib,
      seconds.toFixed(2),
      mibPerSecond.toFixed(mibPerSecond < 100 ? 1 : 0),
      (mibPerSecond / cat.mibPerSecond).toFixed(3),
      dotenvx ? (mibPerSecond / dotenvx.mibPerSecond).toFixed(1) : "",
      peakMiB === undefined ? "not measured" : peakMiB.toFixed(0),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| | secrets | MiB | median s | MiB/s | ratio to `cat` | ratio to dotenvx | peak MiB |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

/** The bars and what was reached, for each kind of output. */
export function goalTable(byKind: ReadonlyMap<string, Speeds>): string {
  const rows = ["coffer run", "coffer mask"].flatMap((name) =>
    [...byKind].flatMap(([kind, speeds]) => {
      const speedOf = (program: string, secrets: number) => find(speeds, program, secrets)?.mibPerSecond ?? NaN;
      const timesDotenvx = speedOf(name, 100) / speedOf("dotenvx run --redact", 100);
      const left = speedOf(name, 1000) / speedOf(name, 1);
      return [
        row(`${name}, ${kind}: 100 secrets, times dotenvx's speed`, TIMES_DOTENVX, timesDotenvx),
        row(`${name}, ${kind}: 1,000 secrets, of its speed with 1`, LEFT_BY_A_THOUSAND, left),
      ];
    })
  );
  return ["| goal | at least | here | |", "|---|---:|---:|---|", ...rows].join("\n");
}

function row(goal: string, bar: number, here: number): string {
  const verdict = Number.isNaN(here) ? "not measured" : here >= bar ? "reached" : "**missed**";
  return `| ${goal} | ${bar.toFixed(2)} | ${here.toFixed(2)} | ${verdict} |`;
}

function find(speeds: Speeds, name: string, secrets: number): Speed | undefined {
  return speeds.find((speed) => speed.name === name && speed.secrets === secrets);
}
