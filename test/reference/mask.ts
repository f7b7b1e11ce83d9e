/**
 * Masking as one would explain it: look for every form at every place, mark what is covered, replace each covered run
 * by one token. Slow, on the whole text at once, and without a line of core/mask/.
 */

const TOKEN = "*******";

/** Masks all occurrences of `forms` in `whole`. */
export function maskWhole(whole: Uint8Array, forms: readonly Uint8Array[]): Uint8Array {
  const covered = new Array<boolean>(whole.length).fill(false);
  for (const form of forms) {
    for (let at = 0; at + form.length <= whole.length; at++) {
      if (form.every((byte, i) => whole[at + i] === byte)) covered.fill(true, at, at + form.length);
    }
  }
  const out: number[] = [];
  for (const [at, byte] of whole.entries()) {
    if (!covered[at]) out.push(byte);
    else if (at === 0 || !covered[at - 1]) out.push(...new TextEncoder().encode(TOKEN));
  }
  return new Uint8Array(out);
}

/** The forms in which a value of ASCII letters and digits is printed; anything else has more, which the tests list. */
export function formsOfWord(word: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(word);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const forms = [word, hex, hex.toUpperCase()];
  for (const before of ["", "\0", "\0\0"]) {
    // A character of base64 stands for six bits; those that lie within the value do not depend on its neighbours.
    const encoded = btoa(before + word);
    const inside = encoded.slice(Math.ceil(before.length * 8 / 6), Math.floor((before.length + word.length) * 8 / 6));
    // Where nothing follows, the last character and the padding are the value's as well.
    const atEnd = encoded.slice(Math.ceil(before.length * 8 / 6));
    for (const form of [inside, atEnd]) {
      const url = form.replaceAll("+", "-").replaceAll("/", "_");
      forms.push(form, url, url.replaceAll("=", ""));
    }
  }
  return forms.map((form) => new TextEncoder().encode(form));
}
