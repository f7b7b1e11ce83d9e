import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeBase64, encodeBase64 } from "../../../core/seal/base64.ts";

const bytes = fc.uint8Array({ maxLength: 300, size: "max" });

/** Runs `step` as in a runtime without built-in base64 methods. */
function withoutBuiltIn<T>(step: () => T): T {
  const own = Object.getOwnPropertyDescriptor(Uint8Array, "fromBase64");
  const ofPrototype = Object.getOwnPropertyDescriptor(Uint8Array.prototype, "toBase64");
  assert.ok(own && ofPrototype, "the runtime has the methods, so that both ways are tested");
  Object.defineProperty(Uint8Array, "fromBase64", { ...own, value: undefined });
  Object.defineProperty(Uint8Array.prototype, "toBase64", { ...ofPrototype, value: undefined });
  try {
    return step();
  } finally {
    Object.defineProperty(Uint8Array, "fromBase64", own);
    Object.defineProperty(Uint8Array.prototype, "toBase64", ofPrototype);
  }
}

Deno.test("encodeBase64() agrees with Buffer when the bytes are any", () => {
  fc.assert(fc.property(bytes, (bytes) => {
    const expected = Buffer.from(bytes).toString("base64");
    assert.equal(encodeBase64(bytes), expected);
    assert.equal(withoutBuiltIn(() => encodeBase64(bytes)), expected);
  }));
});

Deno.test("decodeBase64() returns the bytes when they were encoded", () => {
  fc.assert(fc.property(bytes, (bytes) => {
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
    assert.deepEqual(withoutBuiltIn(() => decodeBase64(encodeBase64(bytes))), bytes);
  }));
});

Deno.test("encodeBase64() does not overflow the stack when the bytes are many and nothing is built in", () => {
  const many = new Uint8Array(3_000_000).map((_, i) => i);
  assert.ok(withoutBuiltIn(() => encodeBase64(many)) === Buffer.from(many).toString("base64"));
});

Deno.test("decodeBase64() returns undefined when the text is not base64", () => {
  for (const text of ["!", "A", "AA-_", "AAAA=", "====", "AA==AA==", "é", "\u{1f511}AA"]) {
    assert.equal(decodeBase64(text), undefined, text);
    assert.equal(withoutBuiltIn(() => decodeBase64(text)), undefined, text);
  }
});
