/** One step for each of many, all of them or none. */

/**
 * Takes a step for every item, at once. When one fails, the others are told to stop, and awaited.
 * @param discard takes back what a step has made, when another one fails
 * @throws what the first one to fail has thrown
 */
export async function atOnce<T, R>(
  items: readonly T[],
  step: (item: T, signal: AbortSignal) => Promise<R>,
  discard: (result: R) => void = () => {},
): Promise<R[]> {
  const stop = new AbortController();
  let first: { readonly error: unknown } | undefined;
  const outcomes = await Promise.allSettled(items.map(async (item) => {
    try {
      return await step(item, stop.signal);
    } catch (error) {
      first ??= { error };
      stop.abort();
      throw error;
    }
  }));
  const results = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
  if (!first) return results;
  results.forEach((result) => discard(result));
  throw first.error;
}
