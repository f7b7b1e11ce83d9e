import assert from "node:assert/strict";
import fc from "fast-check";
import { editsBetween, nearest } from "../../../core/config/nearest.ts";

const KEYS = ["secret", "default", "type", "enum", "pattern", "required"];
/** Few letters, so that words are near each other. */
const word = fc.stringMatching(/^[abc]{0,6}$/);

/** The definition of the distance, without a table: slow, and hard to get wrong. */
function slowly(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  const [shorterA, shorterB] = [a.slice(1), b.slice(1)];
  const edits = [
    slowly(shorterA, b) + 1,
    slowly(a, shorterB) + 1,
    slowly(shorterA, shorterB) + (a[0] === b[0] ? 0 : 1),
  ];
  if (a.length > 1 && a[0] === b[1] && a[1] === b[0]) edits.push(slowly(a.slice(2), b.slice(2)) + 1);
  return Math.min(...edits);
}

Deno.test("editsBetween() counts as the definition does, for words of about the same length", () => {
  fc.assert(fc.property(word, word, (a, b) => {
    assert.equal(editsBetween(a, b), Math.abs(a.length - b.length) > 2 ? Infinity : slowly(a, b));
  }));
});

Deno.test("nearest() finds what a slip of the fingers was meant to be, and no more than that", () => {
  const slips = {
    requred: "required",
    tpye: "type",
    patern: "pattern",
    enums: "enum",
    Secret: "secret",
    defualt: "default",
  };
  for (const [slip, meant] of Object.entries(slips)) assert.equal(nearest(slip, KEYS), meant);
  for (const other of ["", "description", "x", "s".repeat(1_000_000)]) assert.equal(nearest(other, KEYS), undefined);
  assert.equal(nearest("b", ["a", "b", "bb"]), "b");
  assert.equal(nearest("c", ["a", "b"]), "a", "the first of equals");
  assert.equal(nearest("a", []), undefined);
});
