/** Long computations let the host breathe between slices. */

/**
 * Lets timers, signals and I/O run once, then continues. A message to oneself rather than a timer: `setTimeout(0)`
 * takes 1 ms or more (4 ms in browsers), a message 0.05 ms. Promises alone would not do: microtasks run before any
 * event.
 */
export function breathe(): Promise<void> {
  if (typeof MessageChannel === "undefined") return new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      // An open port keeps a process alive, and either side counts.
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
