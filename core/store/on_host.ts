/** Where the host's errors become faults: once, at the edge. */
import { hostFault } from "./file_guard.ts";

/**
 * Runs steps that touch the host; its errors become faults, and a bug stays what it is. The synchronous calls are
 * several times faster for small files; interfaces stay asynchronous for what is not on this machine.
 */
export function onHost<T>(path: string, steps: () => T): Promise<Awaited<T>> {
  return Promise.try(steps).catch((error) => {
    throw isFromHost(error) ? hostFault(error, path) : error;
  });
}

function isFromHost(error: unknown): boolean {
  // Errors without a class of their own (disk full, folder not empty) are told by their code.
  return Object.values(Deno.errors).some((kind) => error instanceof kind) ||
    /^E[A-Z0-9]+$/.test(String((error as { code?: unknown }).code));
}
