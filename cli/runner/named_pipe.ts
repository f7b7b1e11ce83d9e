/** A named pipe that gives a secret to the first that reads it, and is gone then. */
import { cString, libc } from "../native/libc.ts";
import { Fault } from "../../core/fault.ts";
import type { Secret } from "../../core/secret.ts";

const SYMBOLS = { mkfifo: { parameters: ["buffer", "u32"], result: "i32" } } as const;

/**
 * Makes a named pipe, 0600, and serves it once. Nothing of the value is in it until somebody reads.
 * @throws {Fault} UNSUPPORTED where there are none
 * @throws {Deno.errors.AlreadyExists} when something else is at `path`
 */
export function serveOnce(path: string, value: Secret): void {
  const functions = libc(SYMBOLS);
  if (!functions) {
    throw new Fault("UNSUPPORTED", "this system has no named pipes for Coffer", { hint: "use --file instead" });
  }
  if (functions.mkfifo(cString(path), 0o600) !== 0) {
    throw new Deno.errors.AlreadyExists(path);
  }
  void serve(path, value);
}

async function serve(path: string, value: Secret): Promise<void> {
  try {
    using pipe = await Deno.open(path, { write: true }); // waits for a reader
    // First: a second reader finds nothing rather than waiting for ever.
    Deno.removeSync(path);
    const bytes = value.reveal();
    try {
      for (let at = 0; at < bytes.length;) at += await pipe.write(bytes.subarray(at));
    } finally {
      bytes.fill(0);
    }
  } catch {
    // The reader wanted no more, or the folder is gone with the command.
  }
}
