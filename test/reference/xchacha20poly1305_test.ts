import assert from "node:assert/strict";
import {
  CHACHA20_BLOCK,
  CHACHA20_POLY1305,
  HCHACHA20,
  POLY1305,
  XCHACHA20_POLY1305,
} from "../core/crypto/rfc_vectors.ts";
import { fromHex, fromText, toHex } from "../core/crypto/bytes_from.ts";
import { chacha20Block, hchacha20, open, poly1305, seal, sealRfc8439 } from "./xchacha20poly1305.ts";

Deno.test("chacha20Block() gives the block of RFC 8439 §2.3.2", () => {
  const { key, nonce, counter, block } = CHACHA20_BLOCK;
  assert.equal(toHex(chacha20Block(fromHex(key), counter, fromHex(nonce))), block);
});

Deno.test("hchacha20() gives the subkey of the draft's §2.2.1", () => {
  assert.equal(toHex(hchacha20(fromHex(HCHACHA20.key), fromHex(HCHACHA20.nonce))), HCHACHA20.subkey);
});

for (const { name, r, s, message, tag } of POLY1305) {
  Deno.test(`poly1305() gives the tag of RFC 8439 ${name}`, () => {
    assert.equal(toHex(poly1305(fromHex(r + s), fromHex(message))), tag);
  });
}

Deno.test("sealRfc8439() gives the ciphertext and tag of RFC 8439 §2.8.2", () => {
  const { key, nonce, plaintextText, aad, sealed } = CHACHA20_POLY1305;
  assert.equal(toHex(sealRfc8439(fromHex(key), fromHex(nonce), fromText(plaintextText), fromHex(aad))), sealed);
});

Deno.test("seal() and open() agree with the draft's §A.3.1", () => {
  const { key, nonce, plaintextText, aad, sealed } = XCHACHA20_POLY1305;
  const [k, n, a] = [fromHex(key), fromHex(nonce), fromHex(aad)];
  assert.equal(toHex(seal(k, n, fromText(plaintextText), a)), sealed);
  assert.deepEqual(open(k, n, fromHex(sealed), a), fromText(plaintextText));
});

Deno.test("open() returns undefined when the tag is wrong", () => {
  const { key, nonce, aad, sealed } = XCHACHA20_POLY1305;
  const forged = fromHex(sealed);
  forged[forged.length - 1]! ^= 1;
  assert.equal(open(fromHex(key), fromHex(nonce), forged, fromHex(aad)), undefined);
});
