import assert from "node:assert/strict";
import sodium from "libsodium-wrappers-sumo";
import type { AeadBackend } from "../../../core/crypto/backend.ts";
import { nobleAead } from "../../../core/crypto/noble.ts";
import { WasmAead } from "../../../core/crypto/wasm_aead.ts";
import * as reference from "../../reference/xchacha20poly1305.ts";
import { Seeded } from "./bytes_from.ts";
import { BORDERS } from "./lengths.ts";

await sodium.ready;

const wasm = new WasmAead();

const libsodium: AeadBackend = {
  name: "libsodium",
  seal: (key, nonce, plaintext, aad) =>
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key),
  open: (key, nonce, sealed, aad) => sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, aad, nonce, key),
};

/** `assert.deepEqual` walks arrays in JavaScript; this is what makes 10 000 cases cheap. */
function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Seals and opens with core and with peers; a random bit of the sealed message must make it fail to open. */
function compare(random: Seeded, length: number, aadLength: number, peers: readonly AeadBackend[]): void {
  const [key, nonce, text, aad] = [random.bytes(32), random.bytes(24), random.bytes(length), random.bytes(aadLength)];
  const what = `${length} bytes of text, ${aadLength} of AAD`;
  const sealed = wasm.seal(key, nonce, text, aad);
  for (const peer of peers) {
    assert.ok(same(peer.seal(key, nonce, text, aad), sealed), `${peer.name} seals differently: ${what}`);
  }
  assert.ok(same(wasm.open(key, nonce, sealed, aad), text), `does not open: ${what}`);
  sealed[random.below(sealed.length)]! ^= 1 << random.below(8);
  assert.equal(wasm.open(key, nonce, sealed, aad), undefined, `a forgery opens: ${what}`);
}

const RANDOM_CASES = 10_000;

Deno.test(`seal() and open() agree with @noble and libsodium in ${RANDOM_CASES} random cases`, () => {
  const random = new Seeded(5);
  for (let i = 0; i < RANDOM_CASES; i++) {
    // Short ones mostly; squaring the fraction thins out the long ones.
    compare(random, Math.floor(4096 * (random.below(1000) / 1000) ** 2), random.below(i % 10 === 0 ? 4097 : 64), [
      nobleAead,
      libsodium,
    ]);
  }
});

Deno.test("seal() and open() agree with @noble, libsodium and the reference at every length up to 1100", () => {
  const random = new Seeded(6);
  for (let length = 0; length <= 1100; length++) {
    compare(random, length, length % 18, [nobleAead, libsodium, reference_]);
  }
});

const reference_: AeadBackend = { name: "reference", ...reference };

Deno.test("seal() and open() agree with @noble and libsodium at the borders of groups and chunks", () => {
  const random = new Seeded(7);
  for (const length of BORDERS) compare(random, length, random.below(40), [nobleAead, libsodium]);
});

Deno.test("seal() and open() agree with @noble and libsodium when the associated data is long", () => {
  const random = new Seeded(8);
  for (let length = 0; length <= 4096; length += 13) compare(random, random.below(300), length, [nobleAead, libsodium]);
  for (const length of BORDERS) compare(random, random.below(300), length, [nobleAead, libsodium]);
});

Deno.test("seal() and open() agree with libsodium at 16 MiB", () => {
  const random = new Seeded(9);
  const block = random.bytes(1 << 20);
  const text = new Uint8Array((16 << 20) + 5);
  for (let at = 0; at < text.length; at += block.length) text.set(block.subarray(0, text.length - at), at);
  const [key, nonce, aad] = [random.bytes(32), random.bytes(24), random.bytes(12)];
  const sealed = wasm.seal(key, nonce, text, aad);
  assert.ok(same(libsodium.seal(key, nonce, text, aad), sealed));
  assert.ok(same(wasm.open(key, nonce, sealed, aad), text));
});
