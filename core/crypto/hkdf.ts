/** HKDF-SHA256 (RFC 5869) and HMAC-SHA256 (RFC 2104), both synchronous, from @noble/hashes. */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const encoder = new TextEncoder();

/**
 * Derives a key of `length` bytes (1…255·32) for one purpose.
 * @param secret input keying material, any length
 * @param salt public and not necessarily random; an empty one means a block of zeros (RFC 5869 §2.2)
 * @param purpose an ASCII label; distinct labels give independent keys
 */
export function hkdfSha256(secret: Uint8Array, salt: Uint8Array, purpose: string, length: number): Uint8Array {
  return hkdf(sha256, secret, salt, encoder.encode(purpose), length);
}

/** HMAC-SHA256: a 32-byte tag over `message`. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(sha256, key, message);
}

/** SHA-256: a 32-byte digest, without a key. */
export function digestSha256(message: Uint8Array): Uint8Array {
  return sha256(message);
}
