/** Markdown of what `http_servers.ts` measured. */
import type { Answered } from "./http_load.ts";

export interface Row {
  readonly name: string;
  /** One for each round. */
  readonly rounds: readonly Answered[];
  /** Of the server, after the last round, MiB. */
  readonly residentMiB: number;
}

export interface Goal {
  readonly name: string;
  readonly here: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export function medianOf({ rounds }: Row, figure: keyof Answered): number {
  return median(rounds.map((round) => round[figure]));
}

export function loadTable(rows: readonly Row[]): string {
  return [
    "| request | req/s | p50, ms | p99, ms | resident MiB |",
    "|---|---:|---:|---:|---:|",
    ...rows.map((row) => {
      const perSecond = Math.round(medianOf(row, "perSecond")).toLocaleString("en");
      const [p50, p99] = [medianOf(row, "p50Ms").toFixed(2), medianOf(row, "p99Ms").toFixed(2)];
      return `| ${row.name} | ${perSecond} | ${p50} | ${p99} | ${row.residentMiB.toFixed(0)} |`;
    }),
  ].join("\n");
}

export function goalTable(goals: readonly Goal[]): string {
  return [
    "| goal | bar | here | |",
    "|---|---:|---:|---|",
    ...goals.map(({ name, here, atLeast, atMost }) => {
      const reached = here >= (atLeast ?? -Infinity) && here <= (atMost ?? Infinity);
      const bar = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
      return `| ${name} | ${bar} | ${here.toFixed(2)} | ${reached ? "reached" : "**missed**"} |`;
    }),
  ].join("\n");
}
