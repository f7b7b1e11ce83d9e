/**
 * Masking as one would explain it: look for every form at every place, mark what is covered, replace each covered run
 * by one token. Slow, on the whole text at once, and without a line of core/mask/.
 */

const TOKEN = "*******";
const LEAST_BYTES = 4;
const LONGEST_BYTES = 64;

/** Masks all occurrences of `forms` in `whole`, of long ones all occurrences of their pieces. */
export function maskWhole(whole: Uint8Array, forms: readonly Uint8Array[]): Uint8Array {
  const text = binary(whole);
  const covered = new Array<boolean>(text.length).fill(false);
  for (const needle of new Set(forms.map(binary).filter((form) => form.length >= LEAST_BYTES).flatMap(piecesOf))) {
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
      covered.fill(true, at, at + needle.length);
    }
  }
  const out = Array.from(text, (byte, at) => !covered[at] ? byte : covered[at - 1] ? "" : TOKEN);
  return Uint8Array.from(out.join(""), (character) => character.charCodeAt(0));
}

/** The forms in which a value of ASCII letters and digits is printed; anything else has more, which the tests list. */
export function formsOfWord(word: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(word);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const forms = [word, hex, hex.toUpperCase(), ...linesOf(hex, 60)];
  for (const before of ["", "\0", "\0\0"]) {
    // A character of base64 stands for six bits; those that lie within the value do not depend on its neighbours.
    const encoded = btoa(before + word);
    const inside = encoded.slice(Math.ceil(before.length * 8 / 6), Math.floor((before.length + word.length) * 8 / 6));
    // Where nothing follows, the last character and the padding are the value's as well.
    const atEnd = encoded.slice(Math.ceil(before.length * 8 / 6));
    for (const form of [inside, atEnd]) {
      const url = form.replaceAll("+", "-").replaceAll("/", "_");
      forms.push(form, url, form.replaceAll("=", ""), url.replaceAll("=", ""));
    }
    if (before === "") forms.push(...linesOf(encoded, 64), ...linesOf(encoded, 76));
  }
  return forms.map((form) => new TextEncoder().encode(form));
}

/** Lines of encoded text that is longer than one; too short ones, and rows, show nothing worth masking. */
function linesOf(text: string, width: number): string[] {
  const lines = text.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= 8 && !isRow(line));
}

function piecesOf(form: string): string[] {
  if (form.length <= LONGEST_BYTES) return [form];
  const pieces: string[] = [];
  for (let end = LONGEST_BYTES; end < form.length; end += LONGEST_BYTES) {
    pieces.push(form.slice(end - LONGEST_BYTES, end));
  }
  pieces.push(form.slice(-LONGEST_BYTES));
  return pieces.every(isRow) ? pieces : pieces.filter((piece) => !isRow(piece));
}

/** One, two or three characters over and over. */
function isRow(text: string): boolean {
  return [1, 2, 3].some((unit) => text.slice(0, unit).repeat(text.length).startsWith(text));
}

/** One character per byte. */
function binary(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
