/** What is kept beside a stack and opens with it (docs/format.md §10): sealed as its values are, and of no use alone. */
import { NONCE_BYTES, open, seal, TAG_BYTES } from "../crypto/aead.ts";
import { concat, randomBytes } from "../crypto/bytes.ts";
import { frame } from "../seal/frame.ts";
import type { Stack } from "./stack.ts";

const FORMAT = "coffer/1 cache";
const HEADER_BYTES = 4;

/**
 * Seals bytes, which are borrowed.
 * @param place what they are bound to besides the stack: they open there alone
 */
export function sealBeside(stack: Stack, content: Uint8Array, place: string): Uint8Array<ArrayBuffer> {
  return stack.session.lend(({ header: { id }, keyring }) => {
    const key = keyring.newest;
    const header = new Uint8Array(HEADER_BYTES);
    new DataView(header.buffer).setUint32(0, key);
    const nonce = randomBytes(NONCE_BYTES);
    const sealed = seal(keyring.derive(key, "coffer/1 seal cache"), nonce, content, frame(FORMAT, id, key, place));
    return concat(header, nonce, sealed);
  });
}

/** The bytes, which the caller wipes; undefined when they do not open: they were changed, or the stack was re-keyed. */
export function openBeside(stack: Stack, sealed: Uint8Array, place: string): Uint8Array | undefined {
  if (sealed.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES) return undefined;
  return stack.session.lend(({ header: { id }, keyring }) => {
    const key = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
    if (!keyring.has(key)) return undefined;
    const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const body = sealed.subarray(HEADER_BYTES + NONCE_BYTES);
    return open(keyring.derive(key, "coffer/1 seal cache"), nonce, body, frame(FORMAT, id, key, place));
  });
}
