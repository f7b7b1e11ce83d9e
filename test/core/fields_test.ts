import assert from "node:assert/strict";
import fc from "fast-check";
import { fieldOf, parseFieldName, textsIn, withField } from "../../core/fields.ts";
import { Secret } from "../../core/secret.ts";
import { assertFault } from "../fixture/assert_fault.ts";

const json = (value: unknown) => ({ value: Secret.fromText(JSON.stringify(value)), type: "json" as const });
const names = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,12}$/),
  fc.constantFrom("__proto__", "constructor", "toString", "0", "1"),
);

Deno.test("fieldOf() gives back what withField() set, and leaves the other fields", () => {
  const fields = fc.dictionary(names, fc.string(), { noNullPrototype: true });
  fc.assert(fc.property(fields, names, fc.string(), (before, name, text) => {
    const after = withField(json(before), name, Secret.fromText(text), "s");
    assert.equal(after.type, "json");
    assert.equal(fieldOf(after, name, "s").revealText(), text.toWellFormed());
    for (const other of Object.keys(before).filter((key) => key !== name)) {
      assert.equal(fieldOf(after, other, "s").revealText(), before[other]!.toWellFormed());
    }
  }));
});

Deno.test("withField() writes the same bytes in whatever order fields are set", () => {
  const set = (...order: string[]) => {
    let value: ReturnType<typeof withField> | undefined;
    for (const name of order) value = withField(value, name, Secret.fromText(name), "s");
    return value!.value.revealText();
  };
  assert.equal(set("b", "a", "c"), set("c", "b", "a"));
});

Deno.test("fieldOf() gives the JSON of what is no text", () => {
  const value = json({ port: 5432, on: true, none: null, list: [1, "a"] });
  const texts = ["port", "on", "none", "list"].map((name) => fieldOf(value, name, "s").revealText());
  assert.deepEqual(texts, ["5432", "true", "null", '[1,"a"]']);
});

Deno.test("a number stays as it was written, also beside a field that changes", () => {
  const number = "12345678901234567890.10";
  const before = { value: Secret.fromText(`{"account":${number},"of":{"limits":[${number}]}}`), type: "json" as const };
  const after = withField(before, "name", Secret.fromText("x"), "s");
  assert.equal(fieldOf(after, "account", "s").revealText(), number);
  assert.equal(fieldOf(after, "of", "s").revealText(), `{"limits":[${number}]}`);
  assert.deepEqual(textsIn(after).map((text) => text.revealText()), ["x"]);
});

Deno.test("fieldOf() refuses a field that is not there, and a plain value", async () => {
  await assertFault("NOT_FOUND", () => fieldOf(json({ a: "x" }), "b", "s"));
  await assertFault("NOT_FOUND", () => fieldOf(json({ a: "x" }), "hasOwnProperty", "s"));
  await assertFault("NOT_FOUND", () => fieldOf({ value: Secret.fromText('{"a":"x"}'), type: "bytes" }, "a", "s"));
});

Deno.test("withField() refuses a plain value, and content that is not UTF-8", async () => {
  const plain = { value: Secret.fromText("x"), type: "bytes" as const };
  await assertFault("CONFLICT", () => withField(plain, "a", Secret.fromText("y"), "s"));
  await assertFault("USAGE", () => withField(undefined, "a", new Secret(new Uint8Array([0xff])), "s"));
});

Deno.test("parseFieldName() takes what a reference can name and nothing else", async () => {
  for (const name of ["a", "A.b-c_d", "0", "x".repeat(255)]) assert.equal(parseFieldName(name), name);
  for (const name of ["", "-a", ".a", "a b", "a/b", "a#b", "a\n", "é", "x".repeat(256)]) {
    await assertFault("USAGE", () => parseFieldName(name));
  }
});
