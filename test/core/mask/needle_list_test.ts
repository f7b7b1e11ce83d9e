import assert from "node:assert/strict";
import fc from "fast-check";
import { isRow, LONGEST_NEEDLE_BYTES, NeedleCollector, type NeedleList } from "../../../core/mask/needle_list.ts";

const encoder = new TextEncoder();
const binary = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

function needlesOf({ bytes, from, size }: NeedleList): string[] {
  return Array.from(from, (at, i) => binary(bytes.subarray(at, at + size[i]!)));
}

function listOf(forms: readonly Uint8Array[]): string[] {
  const collector = new NeedleCollector();
  for (const form of forms) collector.add(form);
  return needlesOf(collector.list());
}

/** Few letters and lengths on both sides of the limits. */
const form = fc.uint8Array({ min: 0x60, max: 0x63, minLength: 4, maxLength: 200 });

Deno.test("NeedleCollector list() has short forms in order, each once", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ min: 0, max: 3, minLength: 4, maxLength: 9 })), (forms) => {
    assert.deepEqual(listOf(forms), [...new Set(forms.map(binary))].sort());
  }));
  assert.deepEqual(listOf([]), []);
});

Deno.test("NeedleCollector list() cuts long forms into pieces that cover them", () => {
  fc.assert(fc.property(form, (form) => {
    const text = binary(form);
    const covered = new Set<number>();
    for (const needle of listOf([form])) {
      assert.ok(needle.length <= LONGEST_NEEDLE_BYTES);
      assert.ok(needle.length === text.length || needle.length === LONGEST_NEEDLE_BYTES);
      for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
        for (let i = at; i < at + needle.length; i++) covered.add(i);
      }
    }
    assert.equal(covered.size, text.length);
  }));
});

Deno.test("NeedleCollector list() leaves rows out of long forms, unless there is nothing else", () => {
  const key = "0123456789abcdef".repeat(4);
  assert.deepEqual(listOf([encoder.encode(" ".repeat(64) + key + "=-".repeat(32))]), [key]);
  assert.deepEqual(listOf([encoder.encode("a".repeat(100))]), ["a".repeat(64)]);
  assert.deepEqual(listOf([encoder.encode("a".repeat(64) + "b".repeat(64))]), ["a".repeat(64), "b".repeat(64)]);
});

Deno.test("NeedleCollector takes parts of the form before as well as forms of their own", () => {
  fc.assert(fc.property(fc.array(fc.tuple(form, fc.nat(), fc.nat()), { maxLength: 5 }), (forms) => {
    const collector = new NeedleCollector();
    const expected = new Set<string>();
    for (const [whole, a, b] of forms) {
      const from = a % (whole.length - 3);
      const part = whole.subarray(from, from + 4 + b % (whole.length - from - 3));
      collector.add(whole);
      collector.add(part);
      for (const needle of listOf([whole.slice()])) expected.add(needle);
      for (const needle of listOf([part.slice()])) expected.add(needle);
    }
    assert.deepEqual(needlesOf(collector.list()), [...expected].sort());
  }));
});

Deno.test("NeedleCollector keeps no more than twice what it is given", () => {
  const collector = new NeedleCollector();
  const form = crypto.getRandomValues(new Uint8Array(60_000));
  for (let i = 0; i < 100; i++) {
    form[0] = i;
    collector.add(form.slice());
  }
  const { bytes, from } = collector.list();
  assert.ok(bytes.length <= 2 * 100 * form.length);
  assert.ok(from.length < 100 + Math.ceil(form.length / LONGEST_NEEDLE_BYTES), "equal pieces are there once");
});

Deno.test("isRow() knows up to three bytes over and over", () => {
  for (const row of ["-", "----", "- - -", "%20%20%2", "", "ab", "abc"]) assert.ok(isRow(encoder.encode(row)), row);
  for (const text of ["abcd", "abcdabcd", "    }", "---->", "aaab"]) assert.ok(!isRow(encoder.encode(text)), text);
});
