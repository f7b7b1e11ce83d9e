import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../server/duration.ts";
import { assertFault } from "../fixture/assert_fault.ts";
import { durations } from "./openbao/durations.ts";
import { answersTo } from "./openbao/subject.ts";

/** Go's `1h30m0s`; -1 where OpenBao took something negative. */
function secondsOf(duration: string): number {
  const [, minus, h = 0, m = 0, s = 0] = /^(-?)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration)!;
  return minus ? -1 : Number(h) * 3600 + Number(m) * 60 + Number(s);
}

Deno.test("parseDuration() understands what OpenBao understands, but for what is negative", async () => {
  let understood = 0;
  for (const { question, answer } of answersTo(durations, 100)) {
    if (answer === null || secondsOf(answer) < 0) {
      await assertFault("USAGE", () => parseDuration(question, "ttl"));
      continue;
    }
    // OpenBao shows whole seconds, rounded down.
    const isExact = !/[num µμ]s|\./.test(String(question)) || String(question) === "1.5h";
    const parsed = parseDuration(question, "ttl");
    assert.ok(isExact ? parsed === secondsOf(answer) : [0, 1].includes(parsed - secondsOf(answer)), String(question));
    understood++;
  }
  assert.ok(understood > 30, `${understood} durations`);
});

Deno.test("parseDuration() makes no default of a part of a second, and no two seconds of one", () => {
  const cases = { "500ms": 1, "1ns": 1, "1500ms": 2, "0.1s0.2s0.7s": 1, "1.1s0.9s": 2, ".5h": 1800, "0.001s": 1 };
  for (const [text, seconds] of Object.entries(cases)) assert.equal(parseDuration(text, "ttl"), seconds, text);
  for (const nothing of [undefined, null, "", 0, "0", "0s"]) assert.equal(parseDuration(nothing, "ttl"), 0);
});

Deno.test("parseDuration() says what is wrong by its name, not by what was given", async () => {
  const fault = await assertFault("USAGE", () => parseDuration("hunter2", "max_ttl"));
  assert.match(fault.message, /max_ttl/);
  assert.doesNotMatch(`${fault.message}${fault.hint}`, /hunter2/);
});

Deno.test("parseDuration() reads what formatDuration() writes", () => {
  fc.assert(fc.property(fc.nat(9_223_372_036), (seconds) => {
    assert.equal(parseDuration(formatDuration(seconds), "ttl"), seconds);
  }));
});

Deno.test("formatDuration() leaves out what is 0", () => {
  const texts = { 0: "0s", 59: "59s", 60: "1m", 3600: "1h", 3605: "1h5s", 5400: "1h30m", 2_764_800: "768h" };
  for (const [seconds, text] of Object.entries(texts)) assert.equal(formatDuration(Number(seconds)), text);
});
