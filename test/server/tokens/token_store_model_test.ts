/** TokenStore against a model of it: a list of tokens, each asked about all that it descends from, again and again. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "../../../core/fault.ts";
import type { Secret } from "../../../core/secret.ts";
import { TokenStore } from "../../../server/tokens/token_store.ts";
import { Clock } from "../clock.ts";

const LIMITS = { defaultTtl: 30, maxTtl: 60 };

/** Tokens are chosen by number, counted from the newest or round and round. */
type Action =
  | { do: "create"; from: number; sudo: boolean; noParent: boolean; orphan: boolean; renewable: boolean } & Asked
  | { do: "use" | "revoke" | "revokeOrphan"; token: number }
  | { do: "renew"; token: number; increment: number }
  | { do: "pass"; seconds: number }
  | { do: "reload" };

interface Asked {
  ttl: number;
  period: number;
  explicitMaxTtl: number;
  numUses: number;
  only: string[] | undefined;
}

const token = fc.nat(15);
const seldom = <T>(value: fc.Arbitrary<T>, usual: T) => fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, value);
const seconds = fc.constantFrom(1, 5, 20, 40, 60, 100);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("create" as const),
      from: token,
      sudo: fc.boolean(),
      noParent: seldom(fc.boolean(), false),
      orphan: seldom(fc.boolean(), false),
      renewable: seldom(fc.boolean(), true),
      ttl: seldom(seconds, 0),
      period: seldom(seconds, 0),
      explicitMaxTtl: seldom(seconds, 0),
      numUses: seldom(fc.integer({ min: 1, max: 3 }), 0),
      only: seldom(fc.option(fc.uniqueArray(fc.constantFrom("a", "b", "c")), { nil: undefined }), undefined),
    }),
  },
  fc.record({ do: fc.constantFrom("use" as const, "use" as const, "revoke" as const, "revokeOrphan" as const), token }),
  fc.record({ do: fc.constant("renew" as const), token, increment: fc.oneof(seconds, fc.constant(0)) }),
  fc.record({ do: fc.constant("pass" as const), seconds: fc.constantFrom(0.5, 1, 4.75, 10, 25, 60) }),
  fc.record({ do: fc.constant("reload" as const) }),
);

interface ModelToken extends Asked {
  readonly token: Secret;
  readonly accessor: string;
  parent: ModelToken | undefined;
  readonly issued: number;
  readonly renewable: boolean;
  granted: number;
  expires: number;
  isGone: boolean;
}

class Model {
  readonly clock = new Clock();
  readonly #options = { ...LIMITS, now: this.clock.now };
  store = new TokenStore(this.#options);
  readonly tokens: ModelToken[] = [];
  refusals = 0;

  constructor() {
    const { token, info } = this.store.createRoot();
    const asked = { ttl: 0, period: 0, explicitMaxTtl: 0, numUses: 0, only: undefined };
    const issued = this.clock.now();
    this.tokens.push({
      ...{ ...asked, token, accessor: info.accessor, parent: undefined, issued },
      ...{ renewable: false, granted: 0, expires: Infinity, isGone: false },
    });
  }

  lives({ isGone, expires, parent }: ModelToken): boolean {
    return !isGone && this.clock.now() < expires && (!parent || this.lives(parent));
  }

  perform(action: Action): void {
    switch (action.do) {
      case "create":
        return this.#create(action);
      case "use": {
        const token = this.#choose(action.token);
        const lived = this.lives(token);
        if (lived && token.numUses > 0 && --token.numUses === 0) {
          token.isGone = true;
          token.numUses = -1; // OpenBao's word for it
        }
        assert.equal(this.store.use(token.token)?.numUses, lived ? token.numUses : undefined);
        return;
      }
      case "revoke": {
        const token = this.#choose(action.token);
        assert.equal(this.store.revoke(token.accessor), this.lives(token));
        token.isGone = true;
        return;
      }
      case "revokeOrphan": {
        const token = this.#choose(action.token);
        const lived = this.lives(token);
        assert.equal(this.store.revokeOrphan(token.accessor), lived);
        if (lived) { for (const child of this.tokens) if (child.parent === token) child.parent = undefined; }
        token.isGone = true;
        return;
      }
      case "renew": {
        const token = this.#choose(action.token);
        const max = token.explicitMaxTtl || Infinity;
        const wanted = token.period > 0
          ? Math.min(token.period, LIMITS.maxTtl, max)
          : action.increment || token.granted;
        const end = token.issued + (token.period > 0 ? max : Math.min(max, LIMITS.maxTtl)) * 1000;
        const granted = Math.min(wanted, Math.floor((end - this.clock.now()) / 1000));
        const renew = () => this.store.renew(token.accessor, action.increment);
        if (!this.lives(token) || !token.renewable || granted < 1) return this.#refused(renew);
        assert.equal(renew().info.ttl, granted);
        token.granted = granted;
        token.expires = this.clock.now() + granted * 1000;
        return;
      }
      case "pass":
        return this.clock.pass(action.seconds);
      case "reload":
        this.store = TokenStore.fromState(JSON.parse(JSON.stringify(this.store.toState())), this.#options);
    }
  }

  #create(
    { from, sudo, noParent, orphan, renewable, ttl, period, explicitMaxTtl, numUses, only }: Action & { do: "create" },
  ) {
    const maker = this.#choose(from);
    const create = () =>
      this.store.create(
        { policies: ["a"], noParent, renewable, ttl, period, explicitMaxTtl, numUses, ...only && { only } },
        { accessor: maker.accessor, sudo, orphan, path: "auth/token/create" },
      );
    const isRoot = maker === this.tokens[0];
    const takesSudo = noParent || period > 0 || isRoot; // root has no policy `a` to give on
    const isBeyond = maker.only && only?.some((name) => !maker.only!.includes(name));
    if (!this.lives(maker) || maker.numUses > 0 || (takesSudo && !sudo) || isBeyond) return this.#refused(create);
    const granted = Math.min(period || ttl || LIMITS.defaultTtl, explicitMaxTtl || Infinity, LIMITS.maxTtl);
    const { token, info } = create();
    const now = this.clock.now();
    this.tokens.push({
      ...{ ttl, period, explicitMaxTtl, numUses, only: only ?? maker.only, token, accessor: info.accessor, renewable },
      ...{
        parent: noParent || orphan ? undefined : maker,
        issued: now,
        granted,
        expires: now + granted * 1000,
        isGone: false,
      },
    });
  }

  #refused(step: () => unknown): void {
    assert.throws(step, (error) => error instanceof Fault && error.code === "USAGE");
    this.refusals++;
  }

  /** The newest more often than others, or little would descend from anything. */
  #choose(number: number): ModelToken {
    return this.tokens.at(number < 8 ? -1 - number % this.tokens.length : number % this.tokens.length)!;
  }

  /** Everything that can be seen of the store is as here. */
  check(): void {
    assert.deepEqual(
      this.store.accessors(),
      this.tokens.filter((token) => this.lives(token)).map(({ accessor }) => accessor),
    );
    for (const model of this.tokens) {
      const info = this.store.lookup(model.token);
      assert.deepEqual(this.store.lookupAccessor(model.accessor), info);
      assert.equal(info !== undefined, this.lives(model));
      if (!info) continue;
      const ttl = model.expires === Infinity ? 0 : Math.floor((model.expires - this.clock.now()) / 1000);
      assert.deepEqual([info.accessor, info.ttl, info.numUses, info.orphan, info.only], [
        ...[model.accessor, ttl, model.numUses, model.parent === undefined, model.only ?? null],
      ]);
      if (model.explicitMaxTtl > 0) assert.ok(info.expireTime! <= model.issued + model.explicitMaxTtl * 1000);
    }
  }
}

Deno.test("TokenStore does what its model does, whatever is asked of it", () => {
  let [tokens, refusals, descendants, died] = [0, 0, 0, 0];
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 60, size: "max" }), (actions) => {
      const model = new Model();
      for (const action of actions) {
        model.perform(action);
        model.check();
      }
      tokens += model.tokens.length;
      refusals += model.refusals;
      descendants += model.tokens.filter(({ parent }) => parent?.parent).length;
      died += model.tokens.filter((token) => !model.lives(token)).length;
    }),
    { numRuns: 200 },
  );
  // The actions reach what they are meant to reach.
  assert.ok(Math.min(tokens, refusals, descendants, died) > 200, `${[tokens, refusals, descendants, died]}`);
});
