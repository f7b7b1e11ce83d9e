import assert from "node:assert/strict";
import { SALSA20_8, SCRYPT } from "../core/crypto/rfc_vectors.ts";
import { fromHex, fromText, toHex } from "../core/crypto/bytes_from.ts";
import { salsa20_8, scrypt } from "./scrypt.ts";

Deno.test("salsa20_8() gives the output of RFC 7914 §8", () => {
  const output = salsa20_8(new Uint32Array(fromHex(SALSA20_8.input).buffer));
  assert.equal(toHex(new Uint8Array(output.buffer)), SALSA20_8.output);
});

// Two of four: the reference needs seconds for each of the others, which core is asked itself.
for (const { passphraseText, saltText, logN, r, p, key } of SCRYPT.slice(0, 2)) {
  Deno.test(`scrypt() gives the key of RFC 7914 §12 for N = 2^${logN}, r = ${r}, p = ${p}`, async () => {
    const options = { n: 2 ** logN, r, p, length: key.length / 2 };
    assert.equal(toHex(await scrypt(fromText(passphraseText), fromText(saltText), options)), key);
  });
}
