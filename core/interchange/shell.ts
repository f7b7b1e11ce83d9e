/** `export NAME='value'` lines, for `eval` in any POSIX shell. Between single quotes a shell changes nothing. */
import { concat } from "../crypto/bytes.ts";
import { refuseValues, requireNames } from "./checks.ts";
import type { Entry } from "./interchange.ts";

const QUOTE = 0x27;

/** Writes lines to `eval`. Values are any bytes but NUL, which no environment can hold. */
export function formatShell(entries: readonly Entry[]): Uint8Array {
  requireNames("shell", entries);
  refuseValues("shell", entries.filter(({ value }) => value.includes(0)).map(({ name }) => name));
  const encoder = new TextEncoder();
  const quote = encoder.encode("'\\''"); // ends the quotes, adds an escaped one, opens them again
  const parts: Uint8Array[] = [];
  for (const { name, value } of entries) {
    parts.push(encoder.encode(`export ${name}='`));
    let from = 0;
    for (let at = value.indexOf(QUOTE); at >= 0; at = value.indexOf(QUOTE, from)) {
      parts.push(value.subarray(from, at), quote);
      from = at + 1;
    }
    parts.push(value.subarray(from), encoder.encode("'\n"));
  }
  return concat(...parts);
}
