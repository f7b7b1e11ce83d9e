import fc from "fast-check";
import assert from "node:assert/strict";
import { frame } from "../../../core/seal/frame.ts";
import { frame as referenceFrame } from "../../reference/format/derive.ts";

/** Fields that a separator or a length of the wrong unit would confuse. */
const field = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\0", ",", "\0\0\0\x01"),
  fc.nat(),
);
const fields = fc.array(field, { maxLength: 6 });

/** Reads a frame back: one way only, which is what makes it injective. */
function unframe(bytes: Uint8Array): string[] {
  const out: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at);
    assert.ok(at + 4 + length <= bytes.length);
    out.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return out;
}

Deno.test("frame() can be read back in one way when the fields are any", () => {
  fc.assert(fc.property(fields, (fields) => assert.deepEqual(unframe(frame(...fields)), fields.map(String))));
});

Deno.test("frame() differs when characters move from one field to the next", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.nat(), (text, i, j) => {
    const [a, b] = [i % (text.length + 1), j % (text.length + 1)];
    const split = (at: number) => frame(text.slice(0, at), text.slice(at)).join();
    assert.equal(split(a) === split(b), a === b);
  }));
});

Deno.test("frame() differs when an empty field is left out", () => {
  assert.notDeepEqual(frame("a", ""), frame("a"));
  assert.deepEqual(frame(), new Uint8Array());
});

Deno.test("frame() is the document's when fields are text beyond ASCII and numbers", () => {
  assert.deepEqual([...frame("é", 10)], [0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 2, 0x31, 0x30]);
  fc.assert(fc.property(fields, (fields) => assert.deepEqual(frame(...fields), referenceFrame(...fields))));
});
