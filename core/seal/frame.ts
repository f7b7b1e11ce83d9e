/**
 * Length-prefixed framing of associated data (docs/format.md §4.3).
 *
 * Joining fields with a separator is ambiguous as soon as a field may contain it, and an ambiguous context lets a value
 * be moved to another place. A length in front of each field leaves one reading only.
 */
import { concat } from "../crypto/bytes.ts";

const encoder = new TextEncoder();

/** Each field as a 4-byte big-endian length and its UTF-8 bytes. */
export function frame(...fields: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  return concat(...fields.flatMap((field) => {
    const bytes = encoder.encode(String(field));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return [length, bytes];
  }));
}
