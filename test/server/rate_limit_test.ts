import assert from "node:assert/strict";
import fc from "fast-check";
import { FailureLimiter } from "../../server/rate_limit.ts";
import { Clock } from "./clock.ts";

function fixture() {
  const clock = new Clock();
  return { clock, limiter: new FailureLimiter(clock.now) };
}

Deno.test("ten failures of a peer are answered at once, then one each second", () => {
  const { clock, limiter } = fixture();
  const fail = () => limiter.fail("127.0.0.1");
  assert.deepEqual(Array.from({ length: 11 }, fail), [...Array(10).fill(undefined), 1]);
  clock.pass(0.4);
  assert.equal(fail(), 1);
  clock.pass(0.6);
  assert.deepEqual([fail(), fail()], [undefined, 1]);
  clock.pass(3600);
  assert.deepEqual(
    Array.from({ length: 11 }, fail),
    [...Array(10).fill(undefined), 1],
    "no more than ten are saved up",
  );
});

Deno.test("whoever waits as long as it is told is answered", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3), fc.double({ min: 0, max: 3, noNaN: true })), { size: "large" }),
      (tries) => {
        const { clock, limiter } = fixture();
        for (const [peer, seconds] of tries) {
          clock.pass(seconds);
          const wait = limiter.fail(`peer ${peer}`);
          if (wait === undefined) continue;
          assert.ok(Number.isInteger(wait) && wait >= 1);
          clock.pass(wait);
          assert.equal(limiter.fail(`peer ${peer}`), undefined);
        }
      },
    ),
  );
});

Deno.test("one peer that fails all the time changes nothing for the others", () => {
  const { clock, limiter } = fixture();
  for (let second = 0; second < 100; second++) {
    for (let i = 0; i < 100; i++) limiter.fail("bad");
    if (second % 2 === 0) assert.equal(limiter.fail("clumsy"), undefined);
    clock.pass(1);
  }
});

Deno.test("peers that are new each time share a hundred failures, then ten each second", () => {
  const { clock, limiter } = fixture();
  let peers = 0;
  const answered = () => {
    const before = peers;
    while (limiter.fail(`127.0.0.${peers++}`) === undefined);
    return peers - before - 1;
  };
  assert.equal(answered(), 100);
  clock.pass(1);
  assert.equal(answered(), 10);
  clock.pass(3600);
  assert.equal(answered(), 100);
});

Deno.test("peers are forgotten when there are more than 1024, first the one that has not failed for longest", () => {
  const { clock, limiter } = fixture();
  let peers = 0;
  const others = (count: number) => {
    for (let i = 0; i < count; i++) limiter.fail(`peer ${peers++}`);
    clock.pass(0.1); // for what all share; too little for a peer of its own
  };
  for (let i = 0; i < 10; i++) limiter.fail("first");
  for (const count of [1023, 1023]) {
    others(count);
    assert.equal(limiter.fail("first"), 1, "remembered");
  }
  others(1024);
  assert.equal(limiter.fail("first"), undefined, "forgotten");
});

Deno.test("a clock that is set back neither answers more nor for ever less", () => {
  const { clock, limiter } = fixture();
  for (let i = 0; i < 10; i++) limiter.fail("peer");
  clock.pass(-3600);
  assert.equal(limiter.fail("peer"), 1);
  clock.pass(1);
  assert.equal(limiter.fail("peer"), undefined);
});
