import assert from "node:assert/strict";
import { Secret } from "../../core/secret.ts";
import { WrappedAnswers } from "../../server/wrapping.ts";
import { assertFault } from "../fixture/assert_fault.ts";
import { Clock } from "./clock.ts";

const TERMS = { ttl: 60, creationPath: "dev/data/db" };

function fixture() {
  const clock = new Clock();
  return { clock, answers: new WrappedAnswers(clock.now) };
}

function isWiped(secret: Secret): boolean {
  try {
    return secret.size < 0;
  } catch (error) {
    return error instanceof TypeError;
  }
}

Deno.test("a wrapping token opens its answer once", async () => {
  const { clock, answers } = fixture();
  const answer = Secret.fromText("hunter2");
  const { token, info } = answers.wrap(answer, { ...TERMS, wrappedAccessor: "abc" });
  assert.deepEqual(info, { ...TERMS, wrappedAccessor: "abc", creationTime: clock.now(), accessor: info.accessor });
  assert.match(info.accessor, /^[0-9A-Za-z]{24}$/);
  assert.match(token.revealText(), /^cfr\./);
  assert.ok(!Deno.inspect(answers, { depth: 9, showHidden: true }).includes("hunter2"));
  assert.deepEqual(answers.lookup(token), info);
  assert.deepEqual(answers.lookup(token), info, "looking it up does not use it up");
  assert.equal(answers.unwrap(token).revealText(), "hunter2");
  for (const again of ["unwrap", "lookup", "rewrap"] as const) await assertFault("USAGE", () => answers[again](token));
  assert.equal(answers.revoke(token), false);
  assert.equal(isWiped(answer), false, "it is the caller's now");
});

Deno.test("every token opens its own answer, and others open none", async () => {
  const { answers } = fixture();
  const wrapped = ["a", "b", "c"].map((text) => answers.wrap(Secret.fromText(text), TERMS));
  await assertFault("USAGE", () => answers.unwrap(Secret.fromText("cfr.unknown")));
  await assertFault("USAGE", () => answers.unwrap(Secret.fromText(wrapped[0]!.info.accessor)));
  assert.deepEqual(wrapped.reverse().map(({ token }) => answers.unwrap(token).revealText()), ["c", "b", "a"]);
});

Deno.test("an answer is wiped when its time is over", async () => {
  const { clock, answers } = fixture();
  const answer = Secret.fromText("hunter2");
  const { token } = answers.wrap(answer, TERMS);
  clock.pass(59.999);
  assert.ok(answers.lookup(token));
  clock.pass(0.001);
  await assertFault("USAGE", () => answers.unwrap(token));
  assert.ok(isWiped(answer));
});

Deno.test("prune() wipes what has expired and nothing else", () => {
  const { clock, answers } = fixture();
  const [early, late] = [Secret.fromText("a"), Secret.fromText("b")];
  answers.wrap(early, TERMS);
  answers.wrap(late, { ...TERMS, ttl: 61 });
  clock.pass(60);
  answers.prune();
  assert.deepEqual([early, late].map(isWiped), [true, false]);
});

Deno.test("rewrapping starts again under another token, for as long, from the same path", async () => {
  const { clock, answers } = fixture();
  const first = answers.wrap(Secret.fromText("hunter2"), { ...TERMS, wrappedAccessor: "abc" });
  clock.pass(50);
  const second = answers.rewrap(first.token);
  assert.notEqual(second.info.accessor, first.info.accessor);
  assert.deepEqual(second.info, { ...first.info, accessor: second.info.accessor, creationTime: clock.now() });
  await assertFault("USAGE", () => answers.unwrap(first.token));
  clock.pass(50);
  assert.equal(answers.unwrap(second.token).revealText(), "hunter2");
});

Deno.test("a wrapping token that is revoked opens nothing, and its answer is wiped", async () => {
  const { answers } = fixture();
  const answer = Secret.fromText("hunter2");
  const { token } = answers.wrap(answer, TERMS);
  assert.equal(answers.revoke(token), true);
  assert.ok(isWiped(answer));
  await assertFault("USAGE", () => answers.unwrap(token));
});

Deno.test("an answer that cannot be kept is wiped", async () => {
  const { answers } = fixture();
  for (const ttl of [0, -1, 0.5, NaN, 2_764_801]) {
    const answer = Secret.fromText("hunter2");
    await assertFault("USAGE", () => answers.wrap(answer, { ...TERMS, ttl }));
    assert.ok(isWiped(answer));
  }
});

Deno.test("1000 answers are kept at most, and 64 MiB, until some have gone", async () => {
  const { clock, answers } = fixture();
  const large = () => new Secret(new Uint8Array(16_777_216));
  const tokens = Array.from({ length: 4 }, () => answers.wrap(large(), TERMS).token);
  const refused = Secret.fromText("x");
  await assertFault("UNAVAILABLE", () => answers.wrap(refused, TERMS));
  assert.ok(isWiped(refused));
  answers.unwrap(tokens[0]!).dispose();
  for (let i = 0; i < 997; i++) answers.wrap(Secret.fromText("x"), TERMS);
  await assertFault("UNAVAILABLE", () => answers.wrap(Secret.fromText("x"), TERMS));
  assert.equal(answers.unwrap(answers.rewrap(tokens[1]!).token).size, 16_777_216, "rewrapping needs no more room");
  clock.pass(60);
  answers.wrap(large(), TERMS);
});

Deno.test("disposing wipes all answers", () => {
  const { answers } = fixture();
  const all = ["a", "b"].map((text) => Secret.fromText(text));
  for (const answer of all) answers.wrap(answer, TERMS);
  answers[Symbol.dispose]();
  assert.deepEqual(all.map(isWiped), [true, true]);
});
