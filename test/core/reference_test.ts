import assert from "node:assert/strict";
import fc from "fast-check";
import {
  describeReference,
  isReference,
  parseNameOrReference,
  parseReference,
  parseTemplate,
  type Reference,
} from "../../core/reference.ts";
import { assertFault } from "../fixture/assert_fault.ts";
import { secretNames } from "../fixture/secret_names.ts";

const stackNames = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,12}$/);
const fields = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,12}$/);

Deno.test("parseReference() takes apart what is put together", () => {
  const parts = fc.tuple(fc.option(stackNames, { nil: "" }), secretNames, fc.option(fields, { nil: undefined }));
  fc.assert(fc.property(parts, ([stack, name, field]) => {
    const text = `coffer://${stack}/${name}${field === undefined ? "" : `#${field}`}`;
    assert.ok(isReference(text));
    assert.deepEqual(parseReference(text), { stack: stack || undefined, name, field });
  }));
});

Deno.test("parseReference() refuses what is no reference", async () => {
  const wrong = [
    ..."coffer: coffer:// coffer://x coffer:///#f coffer:///a#  coffer:///a//b coffer:///a/ coffer:///../a".split(" "),
    ..."coffer://Stack/a coffer://a.b/c coffer:///a~b COFFER:///a http:///a".split(" "),
    "coffer:///a b",
    "coffer:///a\nb",
    " coffer:///a",
    "",
  ].filter((text) => text !== "coffer:///a");
  for (const text of wrong) await assertFault("USAGE", () => parseReference(text));
});

Deno.test("describeReference() tells any two references apart", () => {
  const references = fc.record({
    stack: fc.option(stackNames, { nil: undefined }),
    name: secretNames,
    field: fc.option(fields, { nil: undefined }),
  });
  fc.assert(fc.property(references, references, (a, b) => {
    const same = a.stack === b.stack && a.name === b.name && a.field === b.field;
    assert.equal(describeReference(a as Reference) === describeReference(b as Reference), same);
  }));
});

Deno.test("parseNameOrReference() reads what describeReference() writes, and references", async () => {
  const references = fc.record({
    stack: fc.option(stackNames, { nil: undefined }),
    name: secretNames,
    field: fc.option(fields, { nil: undefined }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(references, (reference) => {
    assert.deepEqual(parseNameOrReference(describeReference(reference as Reference)), reference);
  }));
  assert.deepEqual(parseNameOrReference("coffer:///db#user"), parseReference("coffer:///db#user"));
  for (const wrong of ["", "a b", "#f", "a#", "a//b", "coffer://a"]) {
    await assertFault("USAGE", () => parseNameOrReference(wrong));
  }
});

Deno.test("parseTemplate() keeps every byte of the text around its references", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom("{{", "}}", " ", "coffer://", "coffer:///", "/", "#", ".", "{{ coffer:///a }}"),
    ),
  );
  fc.assert(fc.property(pieces, (pieces) => {
    const text = pieces.join("");
    let parts;
    try {
      parts = parseTemplate(text);
    } catch {
      return; // braces around something that is no reference
    }
    let at = 0;
    for (const part of parts) {
      if (typeof part !== "string") continue;
      at = text.indexOf(part, at);
      assert.ok(at >= 0);
      at += part.length;
    }
    assert.ok(text.endsWith(parts.at(-1) as string));
  }));
});

Deno.test("parseTemplate() ends a reference in running text where a sentence would", async () => {
  const names = (text: string) => parseTemplate(text).filter((part) => typeof part !== "string").map(describeReference);
  assert.deepEqual(names("at coffer:///a. And coffer://s/b/c, (coffer:///d#e); coffer:///f..."), [
    "a",
    "coffer://s/b/c",
    "d#e",
    "f",
  ]);
  assert.deepEqual(names("{{coffer:///a}}b {{  coffer:///c.d  }}"), ["a", "c.d"]);
  assert.deepEqual(names("coffer:// coffer://UP/x {{ other }} {{coffer}}"), []);
  await assertFault("USAGE", () => parseTemplate("{{ coffer:///a~ }}"));
});
