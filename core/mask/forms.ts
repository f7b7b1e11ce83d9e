/** The forms in which programs print a value. */
import { hexOf } from "../crypto/bytes.ts";
import { encodeBase64 } from "../seal/base64.ts";
import { isRow, LONGEST_NEEDLE_BYTES } from "./needle_list.ts";
import { quotedForms } from "./quoting.ts";

/** Larger values (key stores, images) are not printed as text, and every further form costs their size in memory. */
const MOST_TEXT_BYTES = 64 * 1024;
/** Where programs break lines: openssl at 64 characters of base64, base64 and MIME at 76, xxd at 60 of hexadecimal. */
const BASE64_COLUMNS: readonly number[] = [64, 76];
const HEX_COLUMNS: readonly number[] = [60];
/** A shorter line of either shows less than four bytes of the value. */
const LEAST_LINE_CHARACTERS = 8;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Space, tab, vertical tab, form feed and carriage return. */
const BLANKS: readonly number[] = [0x20, 0x09, 0x0b, 0x0c, RETURN];

const encoder = new TextEncoder();

/** Takes a form: before it returns, since the form may be a view of the value. */
export type TakeForm = (form: Uint8Array) => void;

/** Hands every form of `value` to `take`, some more than once, and ones that are too short to be masked as well. */
export function eachForm(value: Uint8Array, take: TakeForm): void {
  const isText = value.length <= MOST_TEXT_BYTES;
  const trimmed = withoutLineEnd(value);
  const hasLineEnd = trimmed.length < value.length;
  take(value);
  eachLine(value, take);
  if (hasLineEnd) take(trimmed);
  eachEncoded(trimmed, isText, take);
  if (hasLineEnd && isText) eachEncoded(value, isText, take);
}

/** Logs prefix, wrap and indent each line of a value of several lines (PEM keys, most of all). */
function eachLine(value: Uint8Array, take: TakeForm): void {
  if (!value.includes(NEWLINE)) return;
  for (let from = 0; from < value.length;) {
    const newline = value.indexOf(NEWLINE, from);
    let end = newline < 0 ? value.length : newline;
    const next = end + 1;
    while (from < end && BLANKS.includes(value[from]!)) from++;
    while (from < end && BLANKS.includes(value[end - 1]!)) end--;
    takeLine(value.subarray(from, end), take);
    from = next;
  }
}

function eachEncoded(value: Uint8Array, isText: boolean, take: TakeForm): void {
  const hex = hexOf(value);
  const encodedHex = encoder.encode(hex);
  take(encodedHex);
  if (isText) {
    eachBroken(encodedHex, HEX_COLUMNS, take);
    take(encoder.encode(hex.toUpperCase()));
    for (const form of quotedForms(value)) take(encoder.encode(form));
  }
  for (let offset = 0; offset < 3; offset++) eachBase64(value, offset, isText, take);
}

/** Base64 of the value when it stands `offset` bytes after a multiple of three inside something larger. */
function eachBase64(value: Uint8Array, offset: number, isText: boolean, take: TakeForm): void {
  const shifted = new Uint8Array(offset + value.length);
  shifted.set(value, offset);
  const encoded = encodeBase64(shifted);
  const bytes = encoder.encode(encoded);
  eachEnding(bytes, offset, value.length, take);
  if (offset === 0) eachBroken(bytes, BASE64_COLUMNS, take);
  const url = encoded.replaceAll("+", "-").replaceAll("/", "_");
  if (isText && url !== encoded) eachEnding(encoder.encode(url), offset, value.length, take);
}

/**
 * The characters that the value alone decides; and, for when nothing follows it, those with the last one and the
 * padding, or without the padding.
 */
function eachEnding(encoded: Uint8Array, offset: number, length: number, take: TakeForm): void {
  const from = Math.ceil(offset * 8 / 6);
  take(encoded.subarray(from));
  const bits = (offset + length) * 8;
  if (bits % 6 === 0) return;
  // Of a long form, all but the end is in pieces of the first already.
  for (const end of [Math.floor(bits / 6), Math.ceil(bits / 6)]) {
    take(encoded.subarray(Math.max(from, end - LONGEST_NEEDLE_BYTES), end));
  }
}

/** The lines in which programs print encoded text that is longer than one. */
function eachBroken(encoded: Uint8Array, columns: readonly number[], take: TakeForm): void {
  for (const width of columns) {
    if (encoded.length <= width) continue;
    for (let at = 0; at + LEAST_LINE_CHARACTERS <= encoded.length; at += width) {
      takeLine(encoded.subarray(at, at + width), take);
    }
  }
}

function takeLine(line: Uint8Array, take: TakeForm): void {
  if (!isRow(line)) take(line);
}

function withoutLineEnd(value: Uint8Array): Uint8Array {
  if (value.at(-1) !== NEWLINE) return value;
  return value.subarray(0, value.at(-2) === RETURN ? -2 : -1);
}
