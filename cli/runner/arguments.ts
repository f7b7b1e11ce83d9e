/** The child's arguments, byte for byte. */
import { Fault } from "../../core/fault.ts";

/**
 * The parser takes flags of ours, and a `--`, also from among the command's own words, which would miss them: `coffer run
 * ./deploy --all` would be `./deploy` with every secret.
 * @param args the command, as the parser found it
 * @throws {Fault} USAGE when it is not all that stands at the end of our own command line
 */
export function requireWhole(args: readonly string[]): void {
  const last = Deno.args.slice(-args.length);
  if (args.every((arg, i) => arg === last[i])) return;
  throw new Fault("USAGE", "it is not clear which flags are the command's", { hint: SEPARATOR_HINT });
}

/** For whoever has left it out. */
export const SEPARATOR_HINT = "put -- in front of the command: coffer run -s NAME -- COMMAND --its-flag";

/**
 * Deno decodes arguments as UTF-8 and replaces what is not. Where a replacement character shows up, the kernel's copy
 * tells whether it was typed or stands for something else.
 * @param args the last words of our own command line
 * @throws {Fault} UNSUPPORTED where there is no such copy
 */
export function exactArguments(args: readonly string[]): Uint8Array[] {
  const decoded = args.map((arg) => new TextEncoder().encode(arg));
  if (!args.some((arg) => arg.includes("\ufffd"))) return decoded;
  try {
    const words = split(Deno.readFileSync("/proc/self/cmdline"));
    return words.slice(words.length - args.length);
  } catch {
    throw notText();
  }
}

/** For where only text can be handed over. */
export function notText(): Fault {
  return new Fault("UNSUPPORTED", "an argument of the command is not UTF-8 text and would not arrive as it is", {
    hint: "write it in a script and run that: coffer run -- ./script.sh",
  });
}

/** Every word ends with a NUL byte. */
function split(commandLine: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let at = 0; at < commandLine.length;) {
    const end = commandLine.indexOf(0, at);
    words.push(commandLine.slice(at, end));
    at = end + 1;
  }
  return words;
}
