/** One step for each of many, all of them or none. */

/** What a step may have to give up. */
export interface AtOnceOptions<R> {
  /** Ends all of it from outside. */
  readonly signal?: AbortSignal | undefined;
  /** Takes back what a step has made, when another one fails. */
  readonly discard?: (result: R) => void;
}

/**
 * Takes a step for every item, at once. When one fails, the others are told to stop, and awaited.
 * @throws what the first one to fail has thrown
 */
export async function atOnce<T, R>(
  items: readonly T[],
  step: (item: T, signal: AbortSignal) => Promise<R>,
  { signal, discard }: AtOnceOptions<R> = {},
): Promise<R[]> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  let first: { readonly error: unknown } | undefined;
  const outcomes = await Promise.allSettled(items.map(async (item) => {
    try {
      return await step(item, either);
    } catch (error) {
      first ??= { error };
      stop.abort();
      throw error;
    }
  }));
  const results = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
  if (!first) return results;
  if (discard) results.forEach(discard);
  throw first.error;
}
