import assert from "node:assert/strict";
import { conformance } from "./conformance.ts";
import { documents } from "./documents.ts";

Deno.test("conformance() holds in Deno", async () => {
  const report = await conformance(await documents());
  assert.equal(report.aead, "wasm-relaxed-simd");
  assert.equal(report.scrypt, "wasm-simd");
  assert.equal(report.wycheproof, 315 + 86 + 174);
  assert.equal(report.vectors, 1 + 3);
  assert.equal(report.wiped, 2);
});
