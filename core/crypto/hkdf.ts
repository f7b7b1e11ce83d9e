/**
 * HKDF-SHA256 (RFC 5869), HMAC-SHA256 (RFC 2104) and SHA-256, all synchronous, from @noble/hashes. Their inputs here
 * are a few hundred bytes at most, so there is nothing for WebAssembly to win.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const encoder = new TextEncoder();

/** RFC 5869 §2.3: L ≤ 255·HashLen, as the block counter is one byte. */
const MAX_LENGTH = 255 * 32;

/**
 * Derives a key of `length` bytes (1…255·32) for one purpose.
 * @param secret input keying material, any length
 * @param salt public and not necessarily random; an empty one means a block of zeros (RFC 5869 §2.2)
 * @param purpose RFC 5869's "info": an ASCII label, or bytes; distinct ones give independent keys
 * @throws {TypeError} for an argument of another type; {RangeError} for another length or a label that is not ASCII
 */
export function hkdfSha256(
  secret: Uint8Array,
  salt: Uint8Array,
  purpose: string | Uint8Array,
  length: number,
): Uint8Array {
  const info = typeof purpose === "string" ? label(purpose) : purpose;
  requireBytes("hkdf", secret, salt, info);
  if (!Number.isInteger(length) || length < 1 || length > MAX_LENGTH) {
    throw new RangeError(`hkdf: length must be an integer from 1 to ${MAX_LENGTH}`);
  }
  return hkdf(sha256, secret, salt, info, length);
}

/** Beyond ASCII two strings can encode alike (every lone surrogate becomes U+FFFD), and would share their keys. */
function label(text: string): Uint8Array {
  // deno-lint-ignore no-control-regex
  if (!/^[\x00-\x7f]*$/.test(text)) throw new RangeError("hkdf: a label must be ASCII");
  return encoder.encode(text);
}

/** HMAC-SHA256: a 32-byte tag over `message`. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  requireBytes("hmac", key, message);
  return hmac(sha256, key, message);
}

/** SHA-256: a 32-byte digest, without a key. */
export function digestSha256(message: Uint8Array): Uint8Array {
  requireBytes("sha256", message);
  return sha256(message);
}

function requireBytes(name: string, ...values: unknown[]): void {
  for (const value of values) {
    if (!(value instanceof Uint8Array)) throw new TypeError(`${name}: expected a Uint8Array`);
  }
}
