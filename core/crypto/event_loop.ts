/** Long computations let the host breathe between slices. */

/** Ways to come back later that hosts have beyond timers; none of them is everywhere. */
interface Host {
  readonly scheduler?: { yield?: () => Promise<void> };
  readonly setImmediate?: (callback: () => void) => unknown;
}

/**
 * Lets timers, signals and I/O run once, then continues. Promises alone would not do: microtasks run before any event.
 *
 * `scheduler.yield` is made for this (Chromium), `setImmediate` comes right after timers and I/O (Deno, Node; 0.1 ms).
 * A timer is the last resort: `setTimeout(0)` takes 1 to 4 ms. A message to oneself would be fast too, and was
 * rejected: in Deno 2.9, once a CommonJS package has been loaded, such messages are delivered before timers, which then
 * starve.
 */
export function breathe(): Promise<void> {
  const { scheduler, setImmediate } = globalThis as Host;
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => setImmediate ? setImmediate(resolve) : setTimeout(resolve, 0));
}
