/**
 * Porter's keys as names of secrets, one to one. A bundle names its parameters as it likes, and Porter makes keys of
 * that: `01J…-db password`, `01J…-../../x`. A key that is a name is that name; any other gets a name of its own below
 * `_key/`, readable as far as it goes.
 */
import { hexOf } from "../crypto/bytes.ts";
import { digestSha256 } from "../crypto/hkdf.ts";
import { isSecretName, type SecretName } from "../name.ts";

const FOLDER = "_key/";
/** What stands for itself. `_` begins an escape. */
const PLAIN = /[A-Za-z0-9.-]/;
const encoder = new TextEncoder();

/** The name that a key is kept under; no two keys have the same. */
export function nameOfKey(key: string): SecretName {
  if (isSecretName(key) && !key.startsWith(FOLDER)) return key;
  const escaped = `${FOLDER}_${[...encoder.encode(key)].map(escape).join("")}`;
  if (isSecretName(escaped)) return escaped;
  // Too long. What follows the second `_` is no hex digit, as in an escape.
  return `${FOLDER}__sha256-${hexOf(digestSha256(encoder.encode(key)))}` as SecretName;
}

/** `_` and two hex digits for a byte that does not stand for itself. */
function escape(byte: number): string {
  const character = String.fromCharCode(byte);
  return PLAIN.test(character) ? character : `_${byte.toString(16).padStart(2, "0")}`;
}
