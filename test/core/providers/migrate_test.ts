import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import type { SecretName } from "../../../core/name.ts";
import { MemoryProvider } from "../../../core/providers/memory.ts";
import { migrate } from "../../../core/providers/migrate.ts";
import type { ProvidedValue } from "../../../core/providers/provider.ts";
import { Secret } from "../../../core/secret.ts";
import type { NewValue } from "../../../core/stack/stack.ts";
import { persist, secret, textOf } from "../../contract/provider.ts";
import { assertFault } from "../../fixture/assert_fault.ts";

/** Fails at the nth write, before or after it has taken effect; or keeps something else than it is given. */
class Failing extends MemoryProvider {
  writes = 0;
  failAt = Infinity;
  afterwards = false;
  mangles = false;

  override async change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<undefined> {
    const isFailing = ++this.writes === this.failAt;
    const away = new Fault("UNAVAILABLE", "it is away");
    if (isFailing && !this.afterwards) throw away;
    using other = Secret.fromText("something else");
    await super.change(name, (current) => {
      const next = decide(current);
      return this.mangles && next ? { ...next, value: other } : next;
    });
    if (isFailing) throw away;
  }
}

const stateOf = async (provider: MemoryProvider) =>
  Object.fromEntries(
    await Promise.all((await provider.list()).map(async (name) => [name, await textOf(provider, name)])),
  );

async function holding(values: Record<string, string>, provider = new Failing()): Promise<Failing> {
  for (const [name, text] of Object.entries(values)) await persist(provider, name, text);
  return provider;
}

Deno.test("migrate() copies every secret, and leaves those that are there already", async () => {
  const [from, to] = [await holding({ a: "1", "b/c": "", d: "4" }), await holding({ d: "4", other: "o" })];
  using fields = Secret.fromText('{"x":"y"}');
  await from.persist(secret("fields"), { value: fields, type: "json" });
  const progress: number[] = [];
  const result = await migrate(from, to, { replace: false, onProgress: (done) => progress.push(done) });
  assert.deepEqual(result, { copied: ["a", "b/c", "fields"], unchanged: ["d"] });
  assert.deepEqual(await stateOf(to), { a: "1", "b/c": "", d: "4", fields: '{"x":"y"}', other: "o" });
  assert.deepEqual(progress.map((done) => Math.round(done * 3)), [1, 2, 3]);
  assert.deepEqual(await migrate(from, to, { replace: false }), { copied: [], unchanged: ["a", "b/c", "d", "fields"] });
  assert.equal(to.writes, 3);
});

Deno.test("migrate() names every other value that is there, and writes nothing unless told to replace", async () => {
  const [from, to] = [await holding({ a: "1", b: "2", c: "3" }), await holding({ a: "other", c: "other" })];
  const { message } = await assertFault("CONFLICT", () => migrate(from, to, { replace: false }));
  assert.match(message, /a, c/);
  assert.deepEqual([to.writes, await stateOf(to)], [0, { a: "other", c: "other" }]);
  assert.deepEqual(await migrate(from, to, { replace: true }), { copied: ["a", "b", "c"], unchanged: [] });
  assert.deepEqual(await stateOf(to), { a: "1", b: "2", c: "3" });
});

Deno.test("migrate() takes back what it wrote when it fails, wherever that is", async () => {
  const before = { b: "old", other: "o" };
  for (let failAt = 1; failAt <= 3; failAt++) {
    for (const afterwards of [false, true]) {
      const [from, to] = [await holding({ a: "1", b: "2", c: "3" }), await holding(before)];
      Object.assign(to, { failAt, afterwards });
      const { message } = await assertFault("UNAVAILABLE", () => migrate(from, to, { replace: true }));
      assert.equal(message, "it is away", "and nothing is left");
      assert.deepEqual(await stateOf(to), before, `${failAt} ${afterwards}`);
    }
  }
});

Deno.test("migrate() reads everything back, and names what is another value", async () => {
  const [from, to] = [await holding({ a: "1" }), await holding({ other: "o" })];
  to.mangles = true;
  const { message } = await assertFault("INTERNAL", () => migrate(from, to, { replace: false }));
  assert.match(message, /left .*: a$/);
});

Deno.test("migrate() takes fields in another order, and numbers written otherwise, for the same", async () => {
  const [from, to] = [await holding({}), await holding({})];
  using given = Secret.fromText('{"z":1.0,"a":[1e3,{"y":"1.0","b":null}]}');
  await from.persist(secret("fields"), { value: given, type: "json" });
  const change = to.change.bind(to);
  using kept = Secret.fromText('{"a":[1000,{"b":null,"y":"1.0"}],"z":1}'); // by a Vault
  to.change = (name, decide) => change(name, (current) => decide(current) && { value: kept, type: "json" });
  assert.deepEqual(await migrate(from, to, { replace: false }), { copied: ["fields"], unchanged: [] });
  assert.deepEqual(await migrate(from, to, { replace: false }), { copied: [], unchanged: ["fields"] });
  for (const other of ['{"z":1,"a":[1000,{"y":1.0,"b":null}]}', '{"z":1,"a":[{"y":"1.0","b":null},1000]}']) {
    using value = Secret.fromText(other);
    await from.persist(secret("fields"), { value, type: "json" });
    await assertFault("CONFLICT", () => migrate(from, to, { replace: false }));
  }
});

Deno.test("migrate() takes nothing back that would take older versions with it", async () => {
  const [from, to] = [await holding({ a: "1", b: "2", c: "3" }), await holding({})];
  to.failAt = 3;
  const versions = (name: string) => name === "a" ? [2, 1] : [1]; // the first of a's was deleted
  Object.assign(to, { history: (name: string) => Promise.resolve(versions(name).map((version) => ({ version }))) });
  const { message } = await assertFault("UNAVAILABLE", () => migrate(from, to, { replace: false }));
  assert.match(message, /left as they were copied: a$/);
  assert.deepEqual(await stateOf(to), { a: "1" });
});

Deno.test("migrate() overwrites nobody's newer value", async () => {
  const [from, to] = [await holding({ a: "1", b: "2" }), await holding({})];
  const change = to.change.bind(to);
  to.change = async (name, decide) => {
    if (name === "b") await persist(to, "b", "theirs");
    return await change(name, decide);
  };
  await assertFault("CONFLICT", () => migrate(from, to, { replace: false }));
  assert.deepEqual(await stateOf(to), { b: "theirs" });
});

Deno.test("migrate() names what it cannot take back", async () => {
  const [from, to] = [await holding({ a: "1", b: "2" }), await holding({})];
  to.failAt = 2;
  to.remove = () => Promise.reject(new Fault("UNAVAILABLE", "still away"));
  const { message } = await assertFault("UNAVAILABLE", () => migrate(from, to, { replace: false }));
  assert.match(message, /: a$/);
});
