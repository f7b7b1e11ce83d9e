import assert from "node:assert/strict";
import { Fault } from "../../../../core/fault.ts";
import { type Failure, RETRY, secondsOf, waitMs } from "../../../../core/providers/vault/retry.ts";

const fault = new Fault("UNAVAILABLE", "no");
const maybe: Failure = { fault, executed: "maybe" };

Deno.test("waitMs() doubles, and is random in its upper half", () => {
  const spread = new Set<number>();
  for (let attempt = 1; attempt < RETRY.attempts; attempt++) {
    const full = RETRY.firstMs * 2 ** (attempt - 1);
    for (let i = 0; i < 100; i++) {
      const wait = waitMs(attempt, maybe, true, RETRY)!;
      assert.ok(wait >= full / 2 && wait <= full, `${attempt}: ${wait}`);
      spread.add(wait);
    }
  }
  assert.ok(spread.size > 100);
  assert.equal(waitMs(RETRY.attempts, maybe, true, RETRY), undefined);
});

Deno.test("waitMs() repeats what was perhaps carried out only where that does no harm", () => {
  assert.equal(waitMs(1, maybe, false, RETRY), undefined);
  assert.notEqual(waitMs(1, { fault, executed: "no" }, false, RETRY), undefined);
  assert.equal(waitMs(1, { fault, executed: "no", isFinal: true }, true, RETRY), undefined);
});

Deno.test("waitMs() gives a server that does not answer at all one more chance", () => {
  assert.notEqual(waitMs(1, { ...maybe, isLate: true }, true, RETRY), undefined);
  assert.equal(waitMs(2, { ...maybe, isLate: true }, true, RETRY), undefined);
});

Deno.test("waitMs() waits as long as the server asks for, or not at all", () => {
  assert.equal(waitMs(1, { ...maybe, retryAfter: 7 }, true, RETRY), 7000);
  assert.equal(waitMs(1, { ...maybe, retryAfter: 3600 }, true, RETRY), undefined);
});

Deno.test("secondsOf() reads both forms of Retry-After", () => {
  assert.deepEqual(["120", "0", "soon", "-1", null].map(secondsOf), [120, 0, 0, 0, 0]);
  const inTen = secondsOf(new Date(Date.now() + 10_000).toUTCString());
  assert.ok(inTen > 5 && inTen <= 10, String(inTen));
  assert.equal(secondsOf(new Date(0).toUTCString()), 0);
});
