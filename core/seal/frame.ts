/**
 * Length-prefixed framing of associated data (docs/format.md §4.3).
 *
 * Joining fields with a separator is ambiguous as soon as a field may contain it, and an ambiguous context lets a value
 * be moved to another place. A length in front of each field leaves one reading only.
 */
const encoder = new TextEncoder();

/** Each field as a 4-byte big-endian length and its UTF-8 bytes. */
export function frame(...fields: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  const texts = fields.map(String);
  // A UTF-16 unit is at most three bytes of UTF-8. One buffer for all: this runs for every value that is opened.
  const room = new Uint8Array(texts.reduce((size, text) => size + 4 + 3 * text.length, 0));
  const view = new DataView(room.buffer);
  let at = 0;
  for (const text of texts) {
    const { written } = encoder.encodeInto(text, room.subarray(at + 4));
    view.setUint32(at, written);
    at += 4 + written;
  }
  return room.slice(0, at);
}
