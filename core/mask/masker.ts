/**
 * Masking: every byte of a stream that belongs to an occurrence of a secret, in any of the forms that programs print it
 * in, is replaced; one token per covered run.
 *
 * The result does not depend on how the stream is cut into chunks: what could be the start of a secret is held back
 * until the next bytes decide. There is no timer (a pause must not leak half a secret) and no switch in the data.
 * It is a safety net against accidents; a child that wants to leak a value can always encode it in a way of its own.
 */
import { concat } from "../crypto/bytes.ts";
import { encodeBase64 } from "../seal/base64.ts";
import type { Secret } from "../secret.ts";

/** Porter's token. Nothing in it derives from the value, not even its length. */
export const MASK = "*******";
/** A shorter value would wreck ordinary output; the caller warns about it by name. */
export const LEAST_MASKED_BYTES = 4;

const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

export class Masker {
  /** Needles by their first two bytes: a 64 Ki-entry table rejects nearly every position with one look-up. */
  readonly #byStart = new Map<number, Uint8Array[]>();
  readonly #starts = new Uint8Array(0x10000);
  readonly #firstBytes = new Uint8Array(0x100);

  constructor(secrets: Iterable<Secret>) {
    const seen = new Set<string>();
    for (const secret of secrets) {
      for (const form of secret.use(formsOf)) {
        const key = latin1.decode(form); // one character per byte
        if (form.length < LEAST_MASKED_BYTES || seen.has(key)) continue;
        seen.add(key);
        const start = form[0]! << 8 | form[1]!;
        this.#firstBytes[form[0]!] = 1;
        this.#starts[start] = 1;
        this.#byStart.set(start, [...this.#byStart.get(start) ?? [], form]);
      }
    }
  }

  /** Begins one stream. */
  open(): MaskedStream {
    return new MaskedStream((buffer, at) => this.#matchAt(buffer, at));
  }

  /** Begins one stream, as a transform. */
  stream(): TransformStream<Uint8Array, Uint8Array> {
    const run = this.open();
    return new TransformStream({
      transform(chunk, controller) {
        const out = run.write(chunk);
        if (out.length > 0) controller.enqueue(out);
      },
      flush(controller) {
        const out = run.end();
        if (out.length > 0) controller.enqueue(out);
      },
    });
  }

  /** Masks a whole text. */
  text(text: string): string {
    const run = this.open();
    const [head, tail] = [run.write(encoder.encode(text)), run.end()];
    return new TextDecoder().decode(head) + new TextDecoder().decode(tail);
  }

  /** The longest needle at `at`, and whether more bytes could complete a needle there. */
  #matchAt(buffer: Uint8Array, at: number): Match | undefined {
    const left = buffer.length - at;
    if (left === 1) return this.#firstBytes[buffer[at]!] ? OPEN : undefined;
    const start = buffer[at]! << 8 | buffer[at + 1]!;
    if (!this.#starts[start]) return undefined;
    let length = 0;
    let open = false;
    for (const needle of this.#byStart.get(start)!) {
      if (!agrees(buffer, at, needle)) continue;
      if (needle.length <= left) length = Math.max(length, needle.length);
      else open = true;
    }
    return { length, open };
  }
}

interface Match {
  readonly length: number;
  readonly open: boolean;
}

const OPEN: Match = { length: 0, open: true };

/** The state of one masked stream. */
export class MaskedStream {
  readonly #matchAt: (buffer: Uint8Array, at: number) => Match | undefined;
  #pending: Uint8Array = new Uint8Array(0);
  /** How many bytes at the head of `#pending` a match that began before them covers. */
  #covered = 0;
  /** Whether the token of the current run has been written. */
  #masking = false;

  constructor(matchAt: (buffer: Uint8Array, at: number) => Match | undefined) {
    this.#matchAt = matchAt;
  }

  /** Masks `chunk` and returns what is decided by now: a view of `chunk`, other bytes, or none. */
  write(chunk: Uint8Array): Uint8Array {
    return this.#advance(chunk, false);
  }

  /** Returns the last bytes, after which the stream is over. */
  end(): Uint8Array {
    return this.#advance(new Uint8Array(0), true);
  }

  #advance(chunk: Uint8Array, last: boolean): Uint8Array {
    const buffer = this.#pending.length === 0 ? chunk : concat(this.#pending, chunk);
    const out: Uint8Array[] = [];
    let covered = this.#covered;
    let plainFrom = 0;
    let at = 0;
    for (; at < buffer.length; at++) {
      const match = this.#matchAt(buffer, at);
      if (match) {
        // Everything in front of `at` is decided, since any needle that covers it starts there.
        if (match.open && !last) break;
        covered = Math.max(covered, at + match.length);
      }
      if (at < covered) {
        if (!this.#masking) {
          out.push(buffer.subarray(plainFrom, at), encoder.encode(MASK));
          this.#masking = true;
        }
        plainFrom = at + 1;
      } else {
        this.#masking = false;
      }
    }
    out.push(buffer.subarray(plainFrom, at));
    this.#pending = buffer.slice(at);
    this.#covered = Math.max(0, covered - at);
    return out.length === 1 ? out[0]! : concat(...out);
  }
}

/** Whether the needle and the buffer from `at` agree as far as both go. */
function agrees(buffer: Uint8Array, at: number, needle: Uint8Array): boolean {
  const end = Math.min(needle.length, buffer.length - at);
  for (let i = 2; i < end; i++) if (buffer[at + i] !== needle[i]) return false;
  return true;
}

/** The forms in which programs print a value. */
function formsOf(value: Uint8Array): Uint8Array[] {
  if (value.length < LEAST_MASKED_BYTES) return [];
  const forms = [value.slice(), ...encodedForms(value)];
  const text = new TextDecoder().decode(value);
  // A log prefixes or wraps each line of a multi-line value (PEM keys, most of all).
  if (text.includes("\n")) forms.push(...text.split(/\r?\n/).map((line) => encoder.encode(line)));
  const withoutNewline = text.replace(/\r?\n$/, "");
  if (withoutNewline !== text) forms.push(...encodedForms(encoder.encode(withoutNewline)));
  return forms;
}

function encodedForms(value: Uint8Array): Uint8Array[] {
  const text = new TextDecoder().decode(value);
  const hex = Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const percent = Array.from(value, (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_.~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
  const component = percent.replace(/%(2[178A9]|27)/g, (escape) => decodeURIComponent(escape)); // ! ' ( ) * stay in URIs
  const json = JSON.stringify(text).slice(1, -1);
  const html = json.replace(/[<>&\u2028\u2029]/g, unicodeEscape); // as Go prints JSON
  const ascii = json.replace(/[\u0080-\uffff]/g, unicodeEscape); // as Python and PHP print JSON
  const texts = [hex, hex.toUpperCase(), json, html, ascii, json.replaceAll("/", "\\/"), ascii.replaceAll("/", "\\/")];
  const form = percent.replaceAll("%20", "+").replaceAll("%2A", "*").replaceAll("~", "%7E"); // as HTML forms are sent
  for (const url of [percent, component, form]) {
    texts.push(url, url.replaceAll("%20", "+"), url.replace(/%../g, (escape) => escape.toLowerCase()));
  }
  for (const offset of [0, 1, 2]) {
    for (const encoded of base64At(value, offset)) {
      const url = encoded.replaceAll("+", "-").replaceAll("/", "_");
      texts.push(encoded, url, url.replace(/=+$/, "")); // the alphabet of URLs is often written without padding
    }
  }
  return texts.map((t) => encoder.encode(t));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * The base64 characters that the value alone decides when it stands `offset` bytes after a multiple of three inside
 * something larger; and, for when nothing follows it, with the last character and the padding.
 */
function base64At(value: Uint8Array, offset: number): [inside: string, atEnd: string] {
  const shifted = new Uint8Array(offset + value.length);
  shifted.set(value, offset);
  const encoded = encodeBase64(shifted);
  const from = Math.ceil(offset * 8 / 6);
  return [encoded.slice(from, Math.floor((offset + value.length) * 8 / 6)), encoded.slice(from)];
}
