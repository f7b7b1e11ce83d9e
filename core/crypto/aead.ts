/** XChaCha20-Poly1305: the face that checks lengths and types once, whatever the backend. */
import { type AeadBackend, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./backend.ts";
import { nobleAead } from "./noble.ts";
import { testAead } from "./self_test.ts";
import { WasmAead } from "./wasm_aead.ts";
import { hasRelaxedSimd } from "./wasm_module.ts";

export { KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./backend.ts";

let chosen: AeadBackend | undefined;

/**
 * The backend in use: WebAssembly where relaxed SIMD works, else @noble. Chosen, compiled and tested on the first call.
 * @throws {SelfTestError} if it computes wrongly (see self_test.ts for why that does not fall back)
 */
export function aeadBackend(): AeadBackend {
  if (chosen) return chosen;
  const backend = hasRelaxedSimd() ? new WasmAead() : nobleAead;
  testAead(backend);
  return chosen = backend;
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

/** Lengths are sent to the MAC as 32-bit numbers, and no engine has larger arrays worth sealing in one piece. */
const MAX_BYTES = 2 ** 32 - 1;

function check(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, aad: Uint8Array): void {
  requireBytes("key", key);
  requireBytes("nonce", nonce);
  requireBytes("text", text);
  requireBytes("aad", aad);
  if (key.length !== KEY_BYTES) throw new RangeError(`aead: key must be ${KEY_BYTES} bytes`);
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`aead: nonce must be ${NONCE_BYTES} bytes`);
  if (text.length > MAX_BYTES || aad.length > MAX_BYTES) throw new RangeError("aead: input is 4 GiB or longer");
}

function requireBytes(name: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`aead: ${name} must be a Uint8Array`);
}
