/**
 * Known answers, asked of a backend before its first use.
 *
 * A backend that fails is not replaced by the other one: features are probed before, so a wrong answer means a broken
 * engine, broken memory or an altered artifact. Working around that would hide it, and whatever else it breaks; a wrong
 * key derivation or ciphertext would be found out when the data is lost. The tool stops, loudly, and keeps stopping.
 */
import { type AeadBackend, KEY_BYTES, NONCE_BYTES, type ScryptBackend, TAG_BYTES } from "./backend.ts";
import { constantTimeEqual } from "./bytes.ts";

/** A backend gave a wrong answer. Not a `Fault`: nothing the user did, and nothing to carry on from. */
export class SelfTestError extends Error {
  constructor(what: string) {
    super(`self-test of ${what} failed: this machine or this build of Coffer computes wrongly`);
    this.name = "SelfTestError";
  }
}

/** `length` bytes start, start + 1, … modulo 256. */
function counting(start: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => start + i);
}

function bytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/**
 * Long enough for every loop of the kernel: the first 192 bytes, groups of 256, a tail; with associated data. The tag
 * covers the ciphertext, so a wrong byte anywhere makes a wrong tag. (@noble, libsodium and the reference in test/
 * agree on it.)
 */
const AEAD_TEXT_BYTES = 1000;
const AEAD_TAG = bytes("9b893667600b344c4974db7df177700c");

/** @throws {SelfTestError} */
export function testAead(backend: AeadBackend): void {
  const key = counting(0x80, KEY_BYTES);
  const nonce = counting(0x40, NONCE_BYTES);
  const aad = counting(0x50, 12);
  const text = counting(0, AEAD_TEXT_BYTES);
  const sealed = backend.seal(key, nonce, text, aad);
  const tag = sealed.subarray(AEAD_TEXT_BYTES);
  if (tag.length !== TAG_BYTES || !constantTimeEqual(tag, AEAD_TAG)) throw new SelfTestError(`${backend.name} sealing`);
  const opened = backend.open(key, nonce, sealed, aad);
  if (!opened || !constantTimeEqual(opened, text)) throw new SelfTestError(`${backend.name} opening`);
  sealed[0]! ^= 1;
  if (backend.open(key, nonce, sealed, aad)) throw new SelfTestError(`${backend.name} refusing a forgery`);
}

/** The first vector of RFC 7914 §12: empty passphrase, empty salt, N = 16, r = 1, p = 1; its first 32 bytes. */
const SCRYPT_KEY = bytes("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");

/** @throws {SelfTestError} */
export async function testScrypt(backend: ScryptBackend): Promise<void> {
  const nothing = new Uint8Array(0);
  const key = await backend.derive(nothing, nothing, { logN: 4, r: 1, p: 1, length: SCRYPT_KEY.length });
  if (!constantTimeEqual(key, SCRYPT_KEY)) throw new SelfTestError(`${backend.name} scrypt`);
}
