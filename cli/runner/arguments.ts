/** The child's arguments, byte for byte. */
import { Fault } from "../../core/fault.ts";

/**
 * Deno decodes arguments as UTF-8 and replaces what is not. Where a replacement character shows up, the kernel's copy
 * tells whether it was typed or is a loss; a lossy argument is refused rather than changed.
 * @throws {Fault} UNSUPPORTED
 */
export function requireExactArguments(args: readonly string[]): void {
  if (!args.some((arg) => arg.includes("\ufffd"))) return;
  const ours = new TextEncoder().encode(args.join("\0") + "\0");
  let actual: Uint8Array;
  try {
    actual = Deno.readFileSync("/proc/self/cmdline");
  } catch {
    return; // no such file on this system: nothing to compare with
  }
  const tail = actual.subarray(actual.length - ours.length);
  if (tail.length === ours.length && tail.every((byte, i) => byte === ours[i])) return;
  throw new Fault("UNSUPPORTED", "an argument of the command is not UTF-8 text and would not arrive as it is", {
    hint: "write it in a script and run that: coffer run -- ./script.sh",
  });
}
