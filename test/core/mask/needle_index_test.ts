import assert from "node:assert/strict";
import fc from "fast-check";
import { NeedleIndex, OPEN, viewOf } from "../../../core/mask/needle_index.ts";
import { LONGEST_NEEDLE_BYTES, NeedleCollector } from "../../../core/mask/needle_list.ts";

const encoder = new TextEncoder();

function indexOf(needles: readonly string[]): NeedleIndex {
  const collector = new NeedleCollector();
  for (const needle of needles) collector.add(encoder.encode(needle));
  return new NeedleIndex(collector.list());
}

/** The longest needle that stands there, found by trying them all. */
function longestAt(needles: readonly string[], output: string, at: number): number {
  return Math.max(0, ...needles.filter((needle) => output.startsWith(needle, at)).map((needle) => needle.length));
}

/** Whether more output could make a needle there. */
function isOpenAt(needles: readonly string[], output: string, at: number): boolean {
  return needles.some((needle) => needle.length > output.length - at && needle.startsWith(output.slice(at)));
}

const needle = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 4, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 11, maxLength: 40 }), // all long: positions are skipped
);
const needles = fc.oneof(
  fc.array(needle, { maxLength: 6 }),
  fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 11, maxLength: 40 }), { maxLength: 6 }),
);
const output = fc.string({ unit: fc.constantFrom("a", "b", "a", "b", "c"), maxLength: 60 });

Deno.test("NeedleIndex match() finds the longest needle, and tells what more output could make", () => {
  fc.assert(
    fc.property(needles, output, fc.boolean(), (needles, output, isLast) => {
      const index = indexOf(needles);
      const view = viewOf(encoder.encode(output));
      for (let at = 0; at < output.length; at++) {
        const open = !isLast && isOpenAt(needles, output, at);
        assert.equal(index.match(view, at, isLast), open ? OPEN : longestAt(needles, output, at));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("NeedleIndex next() passes over no position at which a needle stands or could", () => {
  fc.assert(
    fc.property(needles, output, (needles, output) => {
      const index = indexOf(needles);
      const view = viewOf(encoder.encode(output));
      for (let at = 0; at <= output.length; at++) {
        const next = index.next(view, at);
        assert.ok(next >= at && next <= output.length);
        for (let passed = at; passed < next; passed++) {
          assert.equal(longestAt(needles, output, passed), 0);
          assert.ok(!isOpenAt(needles, output, passed));
        }
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("NeedleIndex next() stops at few positions of ordinary output, with one needle or a thousand", () => {
  const output = viewOf(crypto.getRandomValues(new Uint8Array(60_000)));
  for (const count of [1, 1000]) {
    for (const length of [4, 24]) {
      const letters = () => String.fromCharCode(97 + Math.random() * 26);
      const index = indexOf(Array.from({ length: count }, () => Array.from({ length }, letters).join("")));
      let stops = 0;
      for (let at = 0; (at = index.next(output, at)) < output.byteLength - LONGEST_NEEDLE_BYTES; at++) stops++;
      assert.ok(stops < output.byteLength / 5, `${stops} of ${output.byteLength} with ${count} of ${length}`);
    }
  }
});

/** Counts how often the output is read. */
function counting(bytes: Uint8Array): { readonly view: DataView; readonly reads: number } {
  const view = viewOf(bytes);
  const original = viewOf(bytes);
  let reads = 0;
  view.getUint8 = (at) => (reads++, original.getUint8(at));
  view.getInt32 = (at, littleEndian) => (reads++, original.getInt32(at, littleEndian));
  return {
    view,
    get reads() {
      return reads;
    },
  };
}

Deno.test("NeedleIndex reads each position a bounded number of times, whatever the values and the output are", () => {
  const shared = Array.from({ length: 1000 }, (_, i) => `sk_live_${i.toString().padStart(20, "0")}`);
  const nested = Array.from({ length: 60 }, (_, i) => `${"a".repeat(i + 4)}b`);
  const worst: [needles: readonly string[], output: string][] = [
    [["a".repeat(100_000)], "a".repeat(20_000)],
    [[`${"ab".repeat(2000)}c`], "ab".repeat(10_000)],
    [nested, "a".repeat(20_000)],
    [nested, "aaab".repeat(5000)],
    [shared, "sk_live_".repeat(2500)],
    [shared, shared.map((secret) => secret.slice(0, -1)).join("")],
  ];
  for (const [needles, output] of worst) {
    const index = indexOf(needles);
    const bytes = encoder.encode(output);
    const counted = counting(bytes);
    for (let at = 0; (at = index.next(counted.view, at)) < bytes.length; at++) index.match(counted.view, at, true);
    assert.ok(counted.reads >= bytes.length / 8 && counted.reads <= bytes.length * (LONGEST_NEEDLE_BYTES + 2));
  }
});
