/** XChaCha20-Poly1305: the face that checks lengths and types once, whatever the backend. */
import type { AeadBackend } from "./backend.ts";
import { nobleAead } from "./noble.ts";

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/** The backend in use. */
export function aeadBackend(): AeadBackend {
  return nobleAead;
}

/**
 * Encrypts and authenticates. Returns ciphertext ‖ 16-byte tag.
 * @param key 32 bytes
 * @param nonce 24 bytes, never used twice with one key (random is safe at this length)
 * @param aad associated data: authenticated, not contained in the result
 * @throws {TypeError} for something that is not bytes; {RangeError} for a wrong length
 */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  check(key, nonce, plaintext, aad);
  return aeadBackend().seal(key, nonce, plaintext, aad);
}

/**
 * Verifies and decrypts ciphertext ‖ tag. Returns undefined when authentication fails; nothing of the plaintext is
 * released in that case.
 * @throws {TypeError} for something that is not bytes; {RangeError} for a wrong length
 */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array | undefined {
  check(key, nonce, sealed, aad);
  if (sealed.length < TAG_BYTES) return undefined;
  return aeadBackend().open(key, nonce, sealed, aad);
}

function check(key: Uint8Array, nonce: Uint8Array, ...rest: Uint8Array[]): void {
  for (const bytes of [key, nonce, ...rest]) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("aead: expected a Uint8Array");
  }
  if (key.length !== KEY_BYTES) throw new RangeError(`aead: key must be ${KEY_BYTES} bytes`);
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`aead: nonce must be ${NONCE_BYTES} bytes`);
}
