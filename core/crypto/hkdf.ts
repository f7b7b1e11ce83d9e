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
 * @param purpose an ASCII label; distinct labels give independent keys
 * @throws {TypeError} for something that is not bytes, or a purpose that is not text; {RangeError} for another length
 * or label
 */
export function hkdfSha256(secret: Uint8Array, salt: Uint8Array, purpose: string, length: number): Uint8Array {
  requireBytes("hkdf", secret, salt);
  if (typeof purpose !== "string") throw new TypeError("hkdf: purpose must be a string");
  // Two strings that encode alike would be one purpose: lone surrogates all become U+FFFD, for one.
  // deno-lint-ignore no-control-regex
  if (!/^[\x00-\x7f]*$/.test(purpose)) throw new RangeError("hkdf: purpose must be ASCII");
  if (!Number.isInteger(length) || length < 1 || length > MAX_LENGTH) {
    throw new RangeError(`hkdf: length must be an integer from 1 to ${MAX_LENGTH}`);
  }
  return hkdf(sha256, secret, salt, encoder.encode(purpose), length);
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
