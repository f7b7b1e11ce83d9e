/** Interleaved rounds: every subject once, then all again, so that a slow minute of the machine hits all of them. */

/** Does the work once, or a fixed number of times, and returns milliseconds per operation. */
export type Subject = () => Promise<number>;

export interface Result {
  readonly min: number;
  readonly median: number;
}

export async function interleave(subjects: Record<string, Subject>, rounds: number): Promise<Record<string, Result>> {
  const names = Object.keys(subjects);
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await subjects[name]!(); // warm up
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times[name]!.push(await subjects[name]!());
  }
  return Object.fromEntries(names.map((name) => [name, summarize(times[name]!)]));
}

function summarize(times: number[]): Result {
  const sorted = times.toSorted((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[sorted.length >> 1]! };
}

/** Times `operation`, repeated so that one measurement takes at least about `ms`. */
export function timed(operation: () => unknown, times: number): Subject {
  return async () => {
    const start = performance.now();
    for (let i = 0; i < times; i++) {
      const result = operation();
      if (result instanceof Promise) await result;
    }
    return (performance.now() - start) / times;
  };
}
