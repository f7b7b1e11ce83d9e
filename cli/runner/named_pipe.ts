/** A named pipe that gives a secret to the first that reads it, and is gone then. */
import { cString, libc } from "../native/libc.ts";
import { Fault } from "../../core/fault.ts";
import type { Secret } from "../../core/secret.ts";

const SYMBOLS = {
  mkfifo: { parameters: ["buffer", "u32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const O_RDONLY = 0, O_NONBLOCK = 0o4000, O_NOFOLLOW = 0o400000;

/**
 * Makes a named pipe, 0600, and serves it once. Nothing of the value is in it until somebody reads. Disposing ends the
 * wait for a reader, which takes a thread of the runtime's, of which there are not many.
 * @throws {Fault} UNSUPPORTED where there are none
 * @throws {Deno.errors.AlreadyExists} when something else is at `path`
 */
export function serveOnce(path: string, value: Secret): Disposable {
  const functions = libc(SYMBOLS);
  if (!functions) {
    throw new Fault("UNSUPPORTED", "this system has no named pipes for Coffer", { hint: "use --file instead" });
  }
  if (functions.mkfifo(cString(path), 0o600) !== 0) {
    Deno.lstatSync(path); // throws what is the matter with the path when there is nothing
    throw new Deno.errors.AlreadyExists(path);
  }
  const offer = { isOpen: true };
  const served = serve(path, value, offer);
  return {
    [Symbol.dispose]() {
      offer.isOpen = false;
      // A reader who reads nothing, until our side has seen it. Where the pipe has been read there is none any more.
      const reader = functions.open(cString(path), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
      if (reader >= 0) void served.then(() => functions.close(reader));
    },
  };
}

async function serve(path: string, value: Secret, offer: { readonly isOpen: boolean }): Promise<void> {
  try {
    using pipe = await Deno.open(path, { write: true }); // waits for a reader
    // First: a second reader finds nothing rather than waiting for ever.
    Deno.removeSync(path);
    if (!offer.isOpen) return;
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
