import fc from "fast-check";
import assert from "node:assert/strict";
import { formatTimestamp, isTimestamp, secondsAfter } from "../../../core/seal/timestamp.ts";
import { Cursor } from "../../reference/format/layout.ts";
import { timestamp } from "./arbitraries.ts";

function isTimeByReference(text: string): boolean {
  const cursor = new Cursor(new TextEncoder().encode(JSON.stringify(text)), 1000);
  try {
    cursor.time();
    cursor.end();
    return true;
  } catch {
    return false;
  }
}

Deno.test("isTimestamp() and the reference agree when the digits are any", () => {
  const two = fc.oneof(
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 20, max: 32 }),
    fc.integer({ min: 55, max: 62 }),
  )
    .map((n) => String(n).padStart(2, "0"));
  const year = fc.oneof(fc.constantFrom("0000", "0004", "1900", "2000", "2023", "2024"), fc.stringMatching(/^\d{4}$/));
  const digits = fc.tuple(year, two, two, two, two, two)
    .map(([y, mo, d, h, mi, s]) => `${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  fc.assert(fc.property(digits, (text) => assert.equal(isTimestamp(text), isTimeByReference(text))), { numRuns: 2000 });
});

Deno.test("isTimestamp() accepts the last day of every month, and not the day after", () => {
  const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  days.forEach((last, i) => {
    const day = (n: number) => `2024-${String(i + 1).padStart(2, "0")}-${String(n).padStart(2, "0")}T00:00:00Z`;
    assert.ok(isTimestamp(day(last)));
    assert.ok(!isTimestamp(day(last + 1)));
  });
  assert.ok(!isTimestamp("2023-02-29T00:00:00Z"));
  assert.ok(!isTimestamp("1900-02-29T00:00:00Z"));
  assert.ok(isTimestamp("2000-02-29T00:00:00Z"));
});

Deno.test("isTimestamp() refuses when the form is another, or it is no text", () => {
  const others = [
    "2026-01-31T23:59:59",
    "2026-01-31T23:59:59.000Z",
    "2026-01-31T23:59:59+00:00",
    "2026-01-31t23:59:59z",
    "2026-01-31T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-01-31T23:59:59Z\n",
    " 2026-01-31T23:59:59Z",
    "+002026-01-31T23:59:59Z",
    "",
    null,
    undefined,
    0,
    new Date(),
    ["2026-01-31T23:59:59Z"],
  ];
  for (const other of others) assert.ok(!isTimestamp(other), String(other));
});

Deno.test("formatTimestamp() gives a timestamp of the same second when the time is any", () => {
  const ms = fc.integer({ min: Date.UTC(1, 0), max: Date.UTC(9999, 11) });
  fc.assert(fc.property(ms, (ms) => {
    const text = formatTimestamp(new Date(ms));
    assert.ok(isTimestamp(text));
    assert.equal(Date.parse(text), Math.floor(ms / 1000) * 1000);
  }));
  fc.assert(fc.property(timestamp, (text) => assert.equal(formatTimestamp(new Date(text)), text)));
});

Deno.test("secondsAfter() counts in seconds, up to the last time that a file can have", () => {
  assert.equal(secondsAfter("2024-02-28T23:59:59Z", 2), "2024-02-29T00:00:01Z");
  assert.equal(secondsAfter("2026-01-31T23:59:59Z", 9_999_999_999), "2342-12-22T17:46:38Z");
  fc.assert(fc.property(timestamp, fc.integer({ min: 0, max: 9_999_999_999 }), (start, seconds) => {
    const end = secondsAfter(start, seconds);
    assert.ok(isTimestamp(end) && end >= start);
  }));
  assert.equal(secondsAfter("9999-12-31T23:59:58Z", 9), "9999-12-31T23:59:59Z");
});
