import fc from "fast-check";
import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import {
  decodeText,
  layOut,
  malformed,
  parseObject,
  requireCanonical,
  tampered,
  textBefore,
} from "../../../core/seal/canonical.ts";
import { assertFault } from "./assert_fault.ts";

const CANARY = "canary-7f3a";

Deno.test("layOut() puts each member on its line, and each element of an array of objects", () => {
  const lines = layOut([["a", 1], ["b", "x"], ["c", [2, 1]], ["d", [{ e: 1, f: "y" }, { e: 2 }]], ["g", "z"]]);
  assert.equal(
    lines.join(""),
    '{\n  "a": 1,\n  "b": "x",\n  "c": [2,1],\n  "d": [\n    {"e":1,"f":"y"},\n    {"e":2}\n  ],\n  "g": "z"\n}\n',
  );
  assert.ok(lines.every((line) => line.endsWith("\n")));
});

Deno.test("parseObject() returns the members when layOut() wrote them", () => {
  const value = fc.oneof(fc.string(), fc.nat(), fc.array(fc.nat()), fc.array(fc.dictionary(fc.string(), fc.string())));
  // A member of this name sets a prototype in an object literal, but not in parsed JSON.
  const member = fc.string().filter((key) => key !== "__proto__");
  fc.assert(fc.property(fc.dictionary(member, value, { noNullPrototype: true }), (object) => {
    const text = layOut(Object.entries(object)).join("");
    assert.deepEqual(parseObject(text, "file"), JSON.parse(JSON.stringify(object)));
  }));
});

Deno.test("parseObject() is CONFIG and does not quote the text when it is no JSON object", () => {
  for (
    const text of ["", "null", "[]", '"x"', "1", `{"a": ${CANARY}}`, `{"a": "${CANARY}}`, "{", "{}{}", `${CANARY}`]
  ) {
    assertFault("CONFIG", () => parseObject(text, "file"), [CANARY]);
  }
});

Deno.test("parseObject() does not overflow the stack when the text is nested deeply", () => {
  const deep = '{"a":' + "[".repeat(60_000) + "]".repeat(60_000) + "}";
  try {
    parseObject(deep, "file");
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === "CONFIG");
  }
});

Deno.test("decodeText() is CONFIG when the bytes are not UTF-8", () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0xe2, 0x82]]) {
    assertFault("CONFIG", () => decodeText(Uint8Array.from(bytes), "file"));
  }
});

Deno.test("decodeText() keeps a byte-order mark, so that the layout can refuse it", () => {
  assert.equal(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b), "file"), "\ufeff{");
});

Deno.test("requireCanonical() is CONFIG and quotes neither text when they differ", () => {
  requireCanonical("same", "same", "file");
  assertFault("CONFIG", () => requireCanonical(`${CANARY}a`, `${CANARY}b`, "file"), [CANARY]);
});

Deno.test("malformed() and tampered() name the file and say how to go on", () => {
  for (
    const [fault, code] of [[malformed("a/b.json", "why"), "CONFIG"], [
      tampered("a/b.json", "why"),
      "TAMPERED",
    ]] as const
  ) {
    assert.equal(fault.code, code);
    assert.ok(fault.message.includes("a/b.json"));
    assert.ok(fault.hint);
  }
});

Deno.test("textBefore() ends in the line feed in front of the member", () => {
  assert.deepEqual(textBefore([["a", 1]], "mac"), new TextEncoder().encode('{\n  "a": 1,\n'));
  assert.deepEqual(textBefore([], "mac"), new TextEncoder().encode("{\n"));
});
