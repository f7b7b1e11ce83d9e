import assert from "node:assert/strict";
import fc from "fast-check";
import { digestSha256 } from "../../../core/crypto/hkdf.ts";
import { Secret } from "../../../core/secret.ts";
import { hashOfToken } from "../../../server/bearer_token.ts";
import type { TokenRecord } from "../../../server/tokens/token_record.ts";
import type { TokenRequest } from "../../../server/tokens/token_request.ts";
import { type IssuedToken, TokenStore } from "../../../server/tokens/token_store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { Clock } from "../clock.ts";

class Fixture {
  readonly clock = new Clock();
  readonly store = new TokenStore({ now: this.clock.now });
  readonly root = this.store.createRoot();

  create(request: TokenRequest, from = this.root): IssuedToken {
    return this.store.create(request, { accessor: from.info.accessor, sudo: true, path: "auth/token/create" });
  }
}

Deno.test("a root token may do everything, never expires and cannot be renewed", async () => {
  const { store, clock, root } = new Fixture();
  clock.pass(1e9);
  assert.deepEqual(store.use(root.token), root.info);
  assert.deepEqual(root.info.policies, ["root"]);
  assert.deepEqual([root.info.expireTime, root.info.ttl, root.info.renewable, root.info.orphan], [
    null,
    0,
    false,
    true,
  ]);
  await assertFault("USAGE", () => store.renew(root.info.accessor, 60));
});

Deno.test("TokenStore keeps and shows no token, only its hash", () => {
  const { store, root, create } = bound();
  const { token, info } = create({ policies: ["a"], meta: { user: "ann" }, displayName: "x" });
  const kept = JSON.stringify(store.toState());
  const shown = `${Deno.inspect(info, { depth: 9 })}${JSON.stringify(info)}${Deno.inspect(store, { depth: 9 })}`;
  for (const secret of [root.token, token]) {
    const random = secret.revealText().slice(4);
    for (const text of [kept, shown]) assert.ok(!text.includes(random));
    assert.ok(kept.includes(hashOfToken(secret)) && !shown.includes(hashOfToken(secret)));
  }
  assert.equal(hashOfToken(token), btoa(String.fromCharCode(...token.use(digestSha256))));
  assert.equal(store.lookup(Secret.fromText(info.accessor)), undefined, "an accessor is no token");
});

Deno.test("a use counts once, and only the last one's own answer outlives it", () => {
  const { store, create } = bound();
  const { token, info } = create({ numUses: 2 });
  assert.equal(store.lookup(token)?.numUses, 2, "looking up is no use");
  assert.equal(store.use(token)?.numUses, 1);
  assert.equal(store.use(token)?.numUses, -1);
  assert.equal(store.use(token), undefined);
  assert.equal(store.lookupAccessor(info.accessor), undefined);
});

Deno.test("a token with few uses cannot make one with more", async () => {
  const { create } = bound();
  const limited = create({ numUses: 5 });
  await assertFault("USAGE", () => create({}, limited));
});

Deno.test("a token dies with the one that made it, an orphan does not", () => {
  const { store, clock, create } = bound();
  const parent = create({ policies: ["root"], ttl: 10 });
  const child = create({ ttl: 100, policies: ["a"] }, parent);
  const grandchild = create({ ttl: 1000, policies: ["a"] }, child);
  const orphan = create({ ttl: 1000, policies: ["a"], noParent: true }, child);
  clock.pass(9.999);
  assert.ok(store.lookup(grandchild.token));
  clock.pass(0.001);
  for (const { token } of [parent, child, grandchild]) assert.equal(store.lookup(token), undefined);
  assert.ok(store.lookup(orphan.token));
});

Deno.test("what has expired can neither be renewed nor leave orphans", async () => {
  const { store, clock, create } = bound();
  const parent = create({ policies: ["root"], ttl: 10 });
  const child = create({ ttl: 1000 }, parent);
  clock.pass(10);
  assert.equal(store.revokeOrphan(parent.info.accessor), false);
  await assertFault("USAGE", () => store.renew(parent.info.accessor, 100));
  assert.equal(store.lookup(child.token), undefined);
});

Deno.test("renewing may shorten what is left, and cannot leave less than a second", async () => {
  const { store, clock, create } = bound();
  const shortened = create({ ttl: 1000 });
  const short = create({ ttl: 100, explicitMaxTtl: 100 });
  clock.pass(50);
  assert.equal(store.renew(shortened.info.accessor, 20).info.ttl, 20);
  clock.pass(20);
  assert.equal(store.lookup(shortened.token), undefined);
  clock.pass(29.5);
  await assertFault("USAGE", () => store.renew(short.info.accessor, 10));
  assert.ok(store.lookup(short.token));
});

Deno.test("renewing never leads beyond explicit_max_ttl and the longest TTL, not even with a clock that is set back", () => {
  for (
    const request of [{ explicitMaxTtl: 100 }, { period: 40, explicitMaxTtl: 100 }, { ttl: 50, explicitMaxTtl: 100 }]
  ) {
    const { store, clock, create } = bound();
    const { info } = create(request);
    const ttls = [30, 30, 30.5, -200].map((seconds) => {
      clock.pass(seconds);
      return store.renew(info.accessor, 1000).info.ttl;
    });
    assert.deepEqual(ttls, request.period ? [40, 40, 9, 40] : [70, 40, 9, 100]);
  }
});

Deno.test("a token for one run hands on no more than it has been given, with sudo or without", async () => {
  const { store, create } = bound();
  const run = create({ policies: ["root"], only: ["dev/a", "dev/b", "dev/a"], ttl: 60 });
  assert.deepEqual(run.info.only, ["dev/a", "dev/b"]);
  assert.deepEqual(create({ ttl: 5, noParent: true }, run).info.only, ["dev/a", "dev/b"]);
  assert.deepEqual(create({ ttl: 5, only: ["dev/b"] }, run).info.only, ["dev/b"]);
  assert.deepEqual(create({ ttl: 5, only: [] }, run).info.only, []);
  const { message } = await assertFault("USAGE", () => create({ ttl: 5, only: ["dev/b", "dev/c", "x\u001b[2J"] }, run));
  assert.match(message, /dev\/c/);
  assert.ok(!message.includes("dev/b") && !message.includes("\u001b"));
  assert.equal(store.accessors().length, 5);
});

Deno.test("what is kept with a token is bounded", async () => {
  const { create } = bound();
  const long = "x".repeat(17_000);
  const requests = [{ meta: { a: long } }, { meta: { [long]: "" } }, { policies: [long] }, { displayName: long }, {
    only: [long],
  }];
  for (const request of requests) await assertFault("USAGE", () => create(request));
  await assertFault("USAGE", () => create({ policies: ["a\nb"] }));
  for (const wrong of [-1, 0.5, NaN, Infinity]) {
    for (const field of ["numUses", "ttl", "period", "explicitMaxTtl"]) {
      await assertFault("USAGE", () => create({ [field]: wrong }));
    }
  }
});

Deno.test("there are 10,000 tokens at most, until some have expired", async () => {
  const { store, clock, create } = bound();
  for (let i = 1; i < 10_000; i++) create({ ttl: i });
  await assertFault("UNAVAILABLE", () => create({}));
  await assertFault("UNAVAILABLE", () => store.createRoot());
  clock.pass(5);
  for (let i = 0; i < 5; i++) create({});
  await assertFault("UNAVAILABLE", () => create({}));
});

Deno.test("the longest line of descendants there can be is revoked with its first", () => {
  const { store, root, create } = bound();
  let last = create({ policies: ["root"] });
  const first = last;
  while (store.accessors().length < 10_000) last = create({}, last);
  assert.equal(store.revoke(first.info.accessor), true);
  assert.deepEqual(store.accessors(), [root.info.accessor]);
});

Deno.test("a state brings everything back", () => {
  const { store, clock, create } = bound();
  const request = {
    policies: ["root"],
    displayName: "x",
    meta: JSON.parse('{"user":"ann","__proto__":"b"}'),
    only: ["a"],
    numUses: 0,
  };
  const parent = create({ ...request, ttl: 100, explicitMaxTtl: 200 });
  const child = create({ ttl: 50, numUses: 3, renewable: false }, parent);
  const gone = create({ ttl: 1 });
  clock.pass(2);
  store.renew(parent.info.accessor, 70);
  const state = store.toState();
  const again = TokenStore.fromState(JSON.parse(JSON.stringify(state)), { now: clock.now });
  assert.deepEqual(again.toState(), state);
  assert.deepEqual(again.lookup(parent.token), store.lookup(parent.token));
  assert.deepEqual(again.lookup(child.token), store.lookup(child.token));
  assert.equal(again.lookup(gone.token), undefined);
  again.use(child.token);
  assert.equal(again.lookup(child.token)!.numUses + 1, store.lookup(child.token)!.numUses, "they share nothing");
  again.revoke(parent.info.accessor);
  assert.equal(again.lookup(child.token), undefined);
});

Deno.test("TokenStore.fromState() refuses what is no state", async () => {
  const { store, clock, create } = bound();
  const parent = create({ policies: ["root"], meta: { a: "b" }, only: ["a"] });
  create({ ttl: 5 }, parent);
  const state = store.toState();
  const [first, second, third] = state.tokens as [TokenRecord, TokenRecord, TokenRecord];
  const tokens = (...tokens: unknown[]) => ({ version: 1, tokens });
  const wrong: unknown[] = [
    ...[undefined, null, 1, "x", [], {}, { tokens: [] }, { version: 2, tokens: [] }, { version: 1, tokens: {} }],
    ...[tokens(null), tokens({}), tokens(first, first), tokens(first, third, second), tokens(third)],
    tokens(first, { ...second, accessor: first.accessor }),
    tokens(first, { ...second, hash: first.hash }),
    tokens({ ...second, parent: second.accessor }),
    tokens({ ...first, extra: 1 }),
    ...["meta", "only", "policies"].flatMap((field) =>
      [[1], { a: 1 }, "x"].map((value) => tokens({ ...first, [field]: value }))
    ),
  ];
  for (const field of Object.keys(first) as (keyof TokenRecord)[]) {
    const { [field]: _, ...rest } = first;
    wrong.push(tokens(rest), ...[undefined, {}, -1, 0.5, NaN].map((value) => tokens({ ...first, [field]: value })));
  }
  // An empty meta is one.
  for (
    const given of wrong.filter((given) => JSON.stringify(given) !== JSON.stringify(tokens({ ...first, meta: {} })))
  ) {
    const fault = await assertFault("CONFIG", () => TokenStore.fromState(given, { now: clock.now }));
    assert.ok(fault.hint);
  }
  await fc.assert(fc.asyncProperty(fc.jsonValue(), async (given) => {
    await assertFault("CONFIG", () => TokenStore.fromState(given, { now: clock.now }));
  }));
});

/** A fixture whose `create` can be taken out of it. */
function bound() {
  const fixture = new Fixture();
  return { ...fixture, create: fixture.create.bind(fixture) };
}
