/**
 * The layout of docs/format.md §2, read one character after the other: nothing is parsed leniently and compared later,
 * so there is no second reading of a file to disagree with.
 */

/** What a refusal says about its cause; docs/format.md §7. */
export type RefusalCode = "CONFIG" | "TAMPERED" | "LOCKED" | "DENIED";

/** A stack that a reader must not open, or not with this passphrase. */
export class Refusal extends Error {
  /** Which of the reasons. */
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 §4. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const present = Math.min(3, bytes.length - i);
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    let letters = "";
    for (let k = 0; k < 4; k++) letters += k <= present ? ALPHABET.charAt((group >> (18 - 6 * k)) & 63) : "=";
    parts.push(letters);
  }
  return parts.join("");
}

/** RFC 4648 §4, refusing every text but the one that {@linkcode toBase64} would write. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new Refusal("CONFIG", "base64 without its padding");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array(text.length / 4 * 3 - padding);
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    const last = i + 4 === text.length;
    let group = 0;
    for (let k = 0; k < 4; k++) {
      const isPadding = last && k >= 4 - padding;
      const six = isPadding ? 0 : ALPHABET.indexOf(text.charAt(i + k));
      if (six < 0) throw new Refusal("CONFIG", "a character that is not base64");
      group = (group << 6) | six;
    }
    const present = last ? 3 - padding : 3;
    if ((group & ((1 << (8 * (3 - present))) - 1)) !== 0) throw new Refusal("CONFIG", "base64 with spare bits set");
    for (let k = 0; k < present; k++) bytes[at++] = (group >> (16 - 8 * k)) & 255;
  }
  return bytes;
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The inverse of {@linkcode toHex}, for text that is already known to be hexadecimal. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** A place in a file's text. Every method moves over exactly one allowed spelling or refuses. */
export class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(bytes: Uint8Array, limit: number) {
    if (bytes.length > limit) throw new Refusal("CONFIG", `longer than ${limit} bytes`);
    // Latin-1 keeps one character for each byte. All that the format allows is ASCII, so that every byte of a mark, of
    // another encoding or of a character beyond ASCII meets a literal or a pattern which has no room for it.
    this.#text = new TextDecoder("latin1").decode(bytes);
  }

  /** How many bytes have been read. */
  get offset(): number {
    return this.#at;
  }

  /** Exactly this text. */
  literal(expected: string): void {
    if (!this.tryLiteral(expected)) throw new Refusal("CONFIG", `unexpected text at byte ${this.#at}`);
  }

  /** This text, if it is here. */
  tryLiteral(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  /** The end of the file. */
  end(): void {
    if (this.#at !== this.#text.length) throw new Refusal("CONFIG", `text after the end at byte ${this.#at}`);
  }

  /** A string, read to its closing quote; what may be in it is for the caller to say. */
  string(): string {
    this.literal('"');
    const close = this.#text.indexOf('"', this.#at);
    if (close < 0) throw new Refusal("CONFIG", `a string without an end at byte ${this.#at}`);
    const value = this.#text.slice(this.#at, close);
    this.#at = close + 1;
    return value;
  }

  /** A string of this form. */
  stringLike(form: RegExp): string {
    const start = this.#at;
    const value = this.string();
    if (form.exec(value)?.[0] !== value) throw new Refusal("CONFIG", `an unexpected string at byte ${start}`);
    return value;
  }

  /** A whole number within bounds. */
  number(least: number, most: number): number {
    const start = this.#at;
    let digits = "";
    for (let c = this.#text.charAt(this.#at); c >= "0" && c <= "9"; c = this.#text.charAt(++this.#at)) digits += c;
    // More digits than the largest bound has cannot be in bounds, and would only be a way to lose precision.
    const sound = digits !== "" && digits.length <= 9 && (digits === "0" || !digits.startsWith("0"));
    const value = sound ? Number(digits) : -1;
    if (!sound || value < least || value > most) throw new Refusal("CONFIG", `not a number in bounds at byte ${start}`);
    return value;
  }

  /** Base64 of this many bytes, or of any number of them. */
  base64(length?: number): Uint8Array {
    const bytes = fromBase64(this.string());
    if (length !== undefined && bytes.length !== length) throw new Refusal("CONFIG", "base64 of another length");
    return bytes;
  }

  /** A time that exists. */
  time(): string {
    const text = this.stringLike(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z/);
    const [year, month, day, hour, minute, second] = text.split(/[-T:Z]/).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) &&
      hour <= 23 && minute <= 59 && second <= 59;
    if (!exists) throw new Refusal("CONFIG", "a time that does not exist");
    return text;
  }
}
