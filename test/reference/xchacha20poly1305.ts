/**
 * XChaCha20-Poly1305, slowly: the text of RFC 8439 and draft-irtf-cfrg-xchacha-03 as plain TypeScript, with Poly1305 on
 * BigInt. It shares no code with core and depends on nothing; core has to agree with it. Not constant-time, not for
 * use.
 */

function rotl(x: number, n: number): number {
  return (x << n) | (x >>> (32 - n));
}

/** RFC 8439 §2.1 on four indices of the state. */
function quarterRound(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  s[a]! += s[b]!;
  s[d] = rotl(s[d]! ^ s[a]!, 16);
  s[c]! += s[d]!;
  s[b] = rotl(s[b]! ^ s[c]!, 12);
  s[a]! += s[b]!;
  s[d] = rotl(s[d]! ^ s[a]!, 8);
  s[c]! += s[d]!;
  s[b] = rotl(s[b]! ^ s[c]!, 7);
}

/** §2.3: ten times a column round and a diagonal round. */
function twentyRounds(s: Uint32Array): void {
  for (let i = 0; i < 10; i++) {
    quarterRound(s, 0, 4, 8, 12);
    quarterRound(s, 1, 5, 9, 13);
    quarterRound(s, 2, 6, 10, 14);
    quarterRound(s, 3, 7, 11, 15);
    quarterRound(s, 0, 5, 10, 15);
    quarterRound(s, 1, 6, 11, 12);
    quarterRound(s, 2, 7, 8, 13);
    quarterRound(s, 3, 4, 9, 14);
  }
}

function words(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function bytes(values: Iterable<number>): Uint8Array {
  return Uint8Array.from([...values].flatMap((w) => [w, w >>> 8, w >>> 16, w >>> 24]));
}

const CONSTANTS = words(new TextEncoder().encode("expand 32-byte k"));

/** §2.3: a block of keystream. The nonce has 12 bytes. */
export function chacha20Block(key: Uint8Array, counter: number, nonce: Uint8Array): Uint8Array {
  const initial = Uint32Array.from([...CONSTANTS, ...words(key), counter, ...words(nonce)]);
  const state = initial.slice();
  twentyRounds(state);
  return bytes(state.map((w, i) => w + initial[i]!));
}

/** Draft §2.2: a subkey from a key and 16 bytes of nonce. */
export function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const state = Uint32Array.from([...CONSTANTS, ...words(key), ...words(nonce)]);
  twentyRounds(state);
  return bytes([...state.slice(0, 4), ...state.slice(12)]);
}

/** A little-endian number. */
function number(bytes: Uint8Array): bigint {
  return bytes.reduceRight((n, byte) => n << 8n | BigInt(byte), 0n);
}

/** §2.5.1, with the key's 32 bytes being r ‖ s. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const p = (1n << 130n) - 5n;
  const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  const s = number(key.subarray(16));
  let a = 0n;
  for (let i = 0; i < message.length; i += 16) {
    const block = message.subarray(i, i + 16);
    a = (a + number(block) + (1n << BigInt(8 * block.length))) * r % p;
  }
  a += s;
  return Uint8Array.from({ length: 16 }, (_, i) => Number(a >> BigInt(8 * i) & 0xffn));
}

/** §2.4, from counter 1 on. */
function xor(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 64) {
    const block = chacha20Block(key, 1 + i / 64, nonce);
    for (let j = i; j < Math.min(i + 64, text.length); j++) out[j] = text[j]! ^ block[j - i]!;
  }
  return out;
}

/** §2.8: the tag over padded AAD, padded ciphertext and their lengths. */
function tag(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const padded = (n: number) => Math.ceil(n / 16) * 16;
  const message = new Uint8Array(padded(aad.length) + padded(ciphertext.length) + 16);
  message.set(aad);
  message.set(ciphertext, padded(aad.length));
  const lengths = new DataView(message.buffer, message.length - 16);
  lengths.setBigUint64(0, BigInt(aad.length), true);
  lengths.setBigUint64(8, BigInt(ciphertext.length), true);
  return poly1305(chacha20Block(key, 0, nonce).subarray(0, 32), message);
}

/** §2.8, with a nonce of 12 bytes. Returns ciphertext ‖ tag. */
export function sealRfc8439(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const ciphertext = xor(key, nonce, plaintext);
  return Uint8Array.from([...ciphertext, ...tag(key, nonce, aad, ciphertext)]);
}

/** Draft §2.3: the key and nonce that the inner, RFC 8439 cipher gets. */
function inner(key: Uint8Array, nonce: Uint8Array): [key: Uint8Array, nonce: Uint8Array] {
  return [hchacha20(key, nonce.subarray(0, 16)), Uint8Array.from([0, 0, 0, 0, ...nonce.subarray(16)])];
}

/** Draft §2: XChaCha20-Poly1305 with a nonce of 24 bytes. Returns ciphertext ‖ tag. */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  return sealRfc8439(...inner(key, nonce), plaintext, aad);
}

/** The inverse of {@linkcode seal}; undefined for a wrong tag. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array | undefined {
  const [subkey, subnonce] = inner(key, nonce);
  const ciphertext = sealed.subarray(0, -16);
  const expected = tag(subkey, subnonce, aad, ciphertext);
  if (!expected.every((byte, i) => byte === sealed[ciphertext.length + i])) return undefined;
  return xor(subkey, subnonce, ciphertext);
}
