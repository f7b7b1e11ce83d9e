import assert from "node:assert/strict";
import { digestSha256, hkdfSha256, hmacSha256 } from "../../../core/crypto/hkdf.ts";
import { fromHex, fromText, Seeded, toHex } from "./bytes_from.ts";
import { documents } from "./documents.ts";
import { runHkdf, runHmac } from "./wycheproof.ts";

Deno.test("hkdfSha256() agrees with RFC 5869 §A.1 and §A.3", () => {
  const secret = new Uint8Array(22).fill(0x0b);
  const info = fromHex("f0f1f2f3f4f5f6f7f8f9");
  assert.equal(
    toHex(hkdfSha256(secret, fromHex("000102030405060708090a0b0c"), info, 42)),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
  assert.equal(
    toHex(hkdfSha256(secret, new Uint8Array(0), "", 42)),
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  );
});

Deno.test("hkdfSha256() agrees with Wycheproof in all 86 cases", async () => {
  assert.equal(runHkdf((await documents()).hkdf, hkdfSha256), 86);
});

Deno.test("hmacSha256() agrees with Wycheproof in all 174 cases", async () => {
  assert.equal(runHmac((await documents()).hmac, hmacSha256), 174);
});

Deno.test("hkdfSha256(), hmacSha256() and digestSha256() agree with Web Crypto in random cases", async () => {
  const random = new Seeded(12);
  for (let i = 0; i < 200; i++) {
    const [secret, salt] = [random.bytes(1 + random.below(100)), random.bytes(random.below(100))];
    const info = random.bytes(random.below(60));
    const length = 1 + random.below(200);
    const hkdfKey = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
    const derived = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, hkdfKey, 8 * length);
    assert.deepEqual(hkdfSha256(secret, salt, info, length), new Uint8Array(derived));
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const hmacKey = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
    assert.deepEqual(hmacSha256(secret, info), new Uint8Array(await crypto.subtle.sign(algorithm, hmacKey, info)));
    assert.deepEqual(digestSha256(info), new Uint8Array(await crypto.subtle.digest("SHA-256", info)));
  }
});

Deno.test("hkdfSha256() takes a label and its ASCII bytes alike", () => {
  const secret = new Uint8Array(32), salt = new Uint8Array(8);
  assert.deepEqual(hkdfSha256(secret, salt, "coffer", 32), hkdfSha256(secret, salt, fromText("coffer"), 32));
  assert.notDeepEqual(hkdfSha256(secret, salt, "coffer", 32), hkdfSha256(secret, salt, "coffeR", 32));
});

for (const length of [0, -1, 1.5, 8161, NaN, Infinity]) {
  Deno.test(`hkdfSha256() throws a RangeError when the length is ${length}`, () => {
    assert.throws(() => hkdfSha256(new Uint8Array(32), new Uint8Array(0), "", length), RangeError);
  });
}

Deno.test("hkdfSha256() throws a RangeError when a label is not ASCII", () => {
  for (const label of ["clé", "\ud800", "🔑"]) {
    assert.throws(() => hkdfSha256(new Uint8Array(32), new Uint8Array(0), label, 32), RangeError);
  }
});

Deno.test("hkdfSha256(), hmacSha256() and digestSha256() throw a TypeError when an argument is not bytes", () => {
  const bytes = new Uint8Array(32);
  for (const wrong of ["text", [1, 2], new ArrayBuffer(4), null, undefined] as unknown as Uint8Array[]) {
    assert.throws(() => hkdfSha256(wrong, bytes, "", 32), TypeError);
    assert.throws(() => hkdfSha256(bytes, wrong, "", 32), TypeError);
    assert.throws(() => hmacSha256(wrong, bytes), TypeError);
    assert.throws(() => hmacSha256(bytes, wrong), TypeError);
    assert.throws(() => digestSha256(wrong), TypeError);
  }
  assert.throws(() => hkdfSha256(bytes, bytes, 7 as unknown as string, 32), TypeError);
});
