import fc from "fast-check";
import assert from "node:assert/strict";
import { bucketOf, MAX_VALUE_BYTES, pad, unpad } from "../../../core/seal/padding.ts";
import { bucket } from "../../reference/format/derive.ts";

const size = fc.oneof(fc.nat(3000), fc.nat(MAX_VALUE_BYTES));

Deno.test("bucketOf() is the document's when the size is any", () => {
  for (let n = 0; n < 5000; n++) assert.equal(bucketOf(n), bucket(n), String(n));
  // Powers of two are where a logarithm that is off by one bit would show.
  for (let power = 8; power <= MAX_VALUE_BYTES; power *= 2) {
    for (let n = power - 8; n <= Math.min(power + 8, MAX_VALUE_BYTES); n++) {
      assert.equal(bucketOf(n), bucket(n), String(n));
    }
  }
  fc.assert(fc.property(size, (n) => assert.equal(bucketOf(n), bucket(n))));
});

Deno.test("bucketOf() changes one byte after a border, and not before", () => {
  for (
    const [last, padded, next] of [[60, 64, 128], [1020, 1024, 1152], [1148, 1152, 1280], [2044, 2048, 2304]] as const
  ) {
    assert.equal(bucketOf(last - 1), padded);
    assert.equal(bucketOf(last), padded);
    assert.equal(bucketOf(last + 1), next);
  }
  assert.equal(bucketOf(0), 64);
  assert.equal(bucketOf(MAX_VALUE_BYTES), 18 * 1024 * 1024);
});

Deno.test("bucketOf() adds no more than an eighth when the size is above 1 KiB", () => {
  fc.assert(fc.property(fc.integer({ min: 1025, max: MAX_VALUE_BYTES }), (n) => {
    assert.ok(bucketOf(n) >= n + 4);
    assert.ok((bucketOf(n) - n - 4) / (n + 4) <= 0.125);
  }));
});

Deno.test("bucketOf() never falls when the size grows", () => {
  fc.assert(fc.property(size, (n) => assert.ok(bucketOf(n + 1) >= bucketOf(n))));
});

Deno.test("unpad() returns the value when pad() made it", () => {
  const anySize = fc.uint8Array({ maxLength: 3000, size: "max" });
  fc.assert(fc.property(anySize, (value) => {
    const padded = pad(value);
    assert.equal(padded.length, bucketOf(value.length));
    assert.deepEqual(unpad(padded), value);
  }));
  for (const length of [0, 1, 59, 60, 61, 1019, 1020, 1021, 2043, 2044, 2045]) {
    const value = new Uint8Array(length).fill(0xff);
    assert.deepEqual(unpad(pad(value)), value);
  }
});

Deno.test("unpad() reads the right bytes when they are a part of a larger buffer", () => {
  const padded = pad(Uint8Array.of(1, 2, 3));
  const larger = new Uint8Array(200).fill(9);
  larger.set(padded, 77);
  assert.deepEqual(unpad(larger.subarray(77, 77 + padded.length)), Uint8Array.of(1, 2, 3));
});

Deno.test("unpad() returns a copy, so that the padded bytes can be wiped", () => {
  const padded = pad(Uint8Array.of(1, 2, 3));
  const value = unpad(padded);
  padded.fill(0);
  assert.deepEqual(value, Uint8Array.of(1, 2, 3));
});

Deno.test("unpad() returns undefined when any byte after the value is not zero", () => {
  for (let at = 4 + 7; at < 64; at++) {
    const padded = pad(new Uint8Array(7).fill(0x61));
    padded[at] = 1;
    assert.equal(unpad(padded), undefined, String(at));
  }
});

Deno.test("unpad() returns undefined when the plaintext is of another size than its bucket", () => {
  const of = (length: number, size: number) => {
    const padded = new Uint8Array(size);
    if (size >= 4) new DataView(padded.buffer).setUint32(0, length);
    return padded;
  };
  for (
    const [length, size] of [[7, 63], [7, 65], [7, 128], [60, 128], [61, 64], [0, 0], [0, 3], [0, 4], [70, 74]] as const
  ) {
    assert.equal(unpad(of(length, size)), undefined, `${length} in ${size}`);
  }
  for (const length of [0xffffffff, 0x80000007, MAX_VALUE_BYTES + 1]) assert.equal(unpad(of(length, 64)), undefined);
  assert.notEqual(unpad(of(7, 64)), undefined, "the right size is accepted");
});

Deno.test("unpad() returns undefined when the value is larger than a value may be", () => {
  const padded = new Uint8Array(bucketOf(MAX_VALUE_BYTES));
  const view = new DataView(padded.buffer);
  view.setUint32(0, MAX_VALUE_BYTES + 1); // of the same bucket
  assert.equal(bucketOf(MAX_VALUE_BYTES + 1), padded.length);
  assert.ok(unpad(padded) === undefined); // `equal` would print 16 MiB
  view.setUint32(0, MAX_VALUE_BYTES);
  assert.equal(unpad(padded)?.length, MAX_VALUE_BYTES);
});
