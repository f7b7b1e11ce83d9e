/** Poly1305 inside the module, with keys and messages that the AEAD would never make: the corners of its arithmetic. */
import assert from "node:assert/strict";
import type { AeadExports } from "../../../core/crypto/wasm_aead.ts";
import { AEAD_WASM } from "../../../core/crypto/wasm.generated.ts";
import { compile } from "../../../core/crypto/wasm_module.ts";
import { chacha20Block, poly1305 } from "../../reference/xchacha20poly1305.ts";
import { fromHex, fromText, Seeded, toHex } from "./bytes_from.ts";
import { CHACHA20_POLY1305, POLY1305 } from "./rfc_vectors.ts";

const memory = new WebAssembly.Memory({ initial: 2 });
const { exports } = new WebAssembly.Instance(compile(AEAD_WASM), { env: { memory } });
const wasm = exports as unknown as AeadExports & Record<string, { readonly value: number }>;
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
const [R, H, BLOCKS, TAG, TEXT, STATE] = ["R", "H", "BLOCKS", "TAG", "TEXT", "STATE"].map((name) => {
  const address = wasm[name]?.value;
  assert.ok(address !== undefined, `the module does not export ${name}`);
  return address;
}) as [number, number, number, number, number, number];

/** r (clamped here, as `start` does it) and s, and an accumulator of zero. */
function setKey(r: Uint8Array, s: Uint8Array): void {
  const limbs = new DataView(r.buffer, r.byteOffset);
  for (let i = 0; i < 4; i++) {
    view.setBigUint64(R + 8 * i, BigInt(limbs.getUint32(4 * i, true) & (i === 0 ? 0x0fffffff : 0x0ffffffc)), true);
  }
  bytes.fill(0, H, H + 32);
  bytes.set(s, BLOCKS + 16);
}

/** The tag of a message of whole blocks; `absorb` pads with zeros, which is the AEAD's business and not Poly1305's. */
function tag(r: Uint8Array, s: Uint8Array, message: Uint8Array): string {
  assert.equal(message.length % 16, 0);
  setKey(r, s);
  bytes.set(message, TEXT);
  wasm.absorb(message.length);
  wasm.finish();
  return toHex(bytes.slice(TAG, TAG + 16));
}

const whole = POLY1305.filter(({ message }) => message.length % 32 === 0);

Deno.test("absorb() and finish() give the tags of RFC 8439 §A.3 when the message is whole blocks", () => {
  assert.equal(whole.length, 8);
  for (const { name, r, s, message, tag: expected } of whole) {
    assert.equal(tag(fromHex(r), fromHex(s), fromHex(message)), expected, name);
  }
});

/** The values that overflow first if a bound is wrong, and those around p = 2^130 - 5. */
const BLOCK_PATTERNS = [
  "ff".repeat(16),
  "00".repeat(16),
  `fb${"ff".repeat(15)}`,
  `fa${"ff".repeat(15)}`,
  `05${"00".repeat(15)}`,
];
const KEY_PATTERNS = ["ffffff0ffcffff0ffcffff0ffcffff0f", "ff".repeat(16), "00".repeat(16), `01${"00".repeat(15)}`];

Deno.test("absorb() and finish() agree with the reference when keys and blocks are extreme", () => {
  for (const r of KEY_PATTERNS.map(fromHex)) {
    for (const s of ["00".repeat(16), "ff".repeat(16)].map(fromHex)) {
      for (const block of BLOCK_PATTERNS) {
        for (const count of [1, 2, 3, 4, 15, 16, 17, 64, 1000]) {
          const message = fromHex(block.repeat(count));
          const expected = toHex(poly1305(Uint8Array.from([...r, ...s]), message));
          assert.equal(tag(r, s, message), expected, `r ${toHex(r)}, ${count} blocks of ${block}`);
        }
      }
    }
  }
});

/** 1 to 12 blocks, some extreme, some random. */
function mixedBlocks(random: Seeded): Uint8Array {
  const blocks = Array.from({ length: 1 + random.below(12) }, () => {
    const pattern = BLOCK_PATTERNS[random.below(2 * BLOCK_PATTERNS.length)];
    return pattern === undefined ? random.bytes(16) : fromHex(pattern);
  });
  return Uint8Array.from(blocks.flatMap((block) => [...block]));
}

Deno.test("absorb() and finish() agree with the reference when extreme and random blocks mix", () => {
  const random = new Seeded(10);
  for (let i = 0; i < 2000; i++) {
    const pattern = KEY_PATTERNS[random.below(2 * KEY_PATTERNS.length)];
    const r = pattern === undefined ? random.bytes(16) : fromHex(pattern);
    const s = random.bytes(16);
    const message = mixedBlocks(random);
    assert.equal(tag(r, s, message), toHex(poly1305(Uint8Array.from([...r, ...s]), message)), `case ${i}`);
  }
});

// The copy of the arithmetic that runs inside the cipher. Opening MACs what it is given, so the ciphertext is the
// pattern; what that decrypts to is then sealed, and must come back with the same tag.
Deno.test("open() and seal() agree with the reference when Poly1305 runs inside the cipher on extreme blocks", () => {
  const length = 192 + 5 * 256;
  const zero = new Uint8Array(16);
  for (const r of KEY_PATTERNS.map(fromHex)) {
    for (const block of BLOCK_PATTERNS) {
      const ciphertext = fromHex(block.repeat(length / 16));
      const lengths = fromHex(`${"00".repeat(8)}${toHex(new Uint8Array(new Uint32Array([length, 0]).buffer))}`);
      const expected = toHex(poly1305(Uint8Array.from([...r, ...zero]), Uint8Array.from([...ciphertext, ...lengths])));
      const run = (operation: "open" | "seal", text: Uint8Array): [text: Uint8Array, tag: string] => {
        bytes.fill(0, STATE, STATE + 64);
        wasm.keyed();
        setKey(r, zero);
        bytes.set(text, TEXT);
        wasm[operation](length, true);
        wasm.lengths(0, length);
        wasm.finish();
        return [bytes.slice(TEXT, TEXT + length), toHex(bytes.slice(TAG, TAG + 16))];
      };
      const [plaintext, opened] = run("open", ciphertext);
      assert.equal(opened, expected, `opening, r ${toHex(r)}, blocks of ${block}`);
      const [resealed, sealed] = run("seal", plaintext);
      assert.equal(sealed, expected, `sealing, r ${toHex(r)}, blocks of ${block}`);
      assert.equal(toHex(resealed), toHex(ciphertext));
    }
  }
});

Deno.test("finish() reduces fully when the accumulator lies around p", () => {
  const p = (1n << 130n) - 5n;
  const zero = new Uint8Array(16);
  for (let delta = -8n; delta <= 8n; delta++) {
    setKey(zero, zero);
    const h = p + delta;
    for (let i = 0; i < 4; i++) {
      const limb = h >> BigInt(32 * i);
      view.setBigUint64(H + 8 * i, i < 3 ? limb & 0xffffffffn : limb, true);
    }
    wasm.finish();
    const expected = h % p & (1n << 128n) - 1n;
    const actual = view.getBigUint64(TAG, true) | view.getBigUint64(TAG + 8, true) << 64n;
    assert.equal(actual, expected, `p + ${delta}`);
  }
});

Deno.test("finish() carries through every limb when the accumulator is not normal", () => {
  const p = (1n << 130n) - 5n;
  const zero = new Uint8Array(16);
  const low = [0n, 1n, 0xfffffffan, 0xfffffffbn, 0xffffffffn, 0x23fffffffn]; // h0 < 2.25 · 2^32 between blocks
  const middle = [0n, 0xfffffffen, 0xffffffffn];
  const high = [0n, 0xffffffffn, 0x3fffffffen, 0x3ffffffffn];
  for (const h0 of low) {
    for (const h1 of middle) {
      for (const h2 of middle) {
        for (const h3 of high) {
          setKey(zero, zero);
          [h0, h1, h2, h3].forEach((limb, i) => view.setBigUint64(H + 8 * i, limb, true));
          wasm.finish();
          const expected = (h0 + (h1 << 32n) + (h2 << 64n) + (h3 << 96n)) % p & (1n << 128n) - 1n;
          const actual = view.getBigUint64(TAG, true) | view.getBigUint64(TAG + 8, true) << 64n;
          assert.equal(actual, expected, `${h3} ${h2} ${h1} ${h0}`);
        }
      }
    }
  }
});

Deno.test("keyed(), seal() and finish() give the ciphertext and tag of RFC 8439 §2.8.2", () => {
  const { key, nonce, aad, plaintextText, sealed } = CHACHA20_POLY1305;
  // What HChaCha20 would leave: constants, key, counter 0, nonce.
  bytes.set(fromText("expand 32-byte k"), STATE);
  bytes.set(fromHex(key), STATE + 16);
  view.setUint32(STATE + 48, 0, true);
  bytes.set(fromHex(nonce), STATE + 52);
  wasm.keyed();
  // The first four blocks of keystream are kept whole: they are RFC 8439's block function, counters 0 to 3.
  for (let counter = 0; counter < 4; counter++) {
    const block = bytes.slice(BLOCKS + 64 * counter, BLOCKS + 64 * counter + 64);
    assert.deepEqual(block, chacha20Block(fromHex(key), counter, fromHex(nonce)));
  }
  bytes.set(fromHex(aad), TEXT);
  wasm.absorb(aad.length / 2);
  const text = fromText(plaintextText);
  bytes.set(text, TEXT);
  wasm.seal(text.length, true);
  wasm.lengths(aad.length / 2, text.length);
  wasm.finish();
  const actual = toHex(bytes.slice(TEXT, TEXT + text.length)) + toHex(bytes.slice(TAG, TAG + 16));
  assert.equal(actual, sealed);
});
