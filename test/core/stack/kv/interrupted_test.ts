/** A writer that ends between two of its writes leaves every secret as before or as after. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../../../../core/secret.ts";
import { createStack } from "../../../../core/stack/create.ts";
import { KvEngine } from "../../../../core/stack/kv/engine.ts";
import { LockedStack } from "../../../../core/stack/locked_stack.ts";
import type { Stack } from "../../../../core/stack/stack.ts";
import { verify } from "../../../../core/stack/verify.ts";
import { MemoryStore } from "../../../../core/store/memory_store.ts";
import { kvDocument, secretDocument, STACK_DOCUMENT, type Store } from "../../../../core/store/store.ts";
import { KV_CONFIG } from "../../../../core/seal/kv_file.ts";
import { ObservedStore } from "../../../fixture/observed_store.ts";
import { killedInTheMiddle } from "../../../fixture/program.ts";
import { named, PASSPHRASE, QUICK, StackOnDisk } from "../../../fixture/stack_on_disk.ts";
import { CofferEngine } from "./coffer_engine.ts";
import { casOf, LOOKS, type Step, step, type Version } from "./kv_steps.ts";

class Interrupted extends Error {}

async function unlock(store: Store): Promise<Stack> {
  return await (await LockedStack.load(store)).unlock(Secret.fromText(PASSPHRASE));
}

async function copyOf(store: Store): Promise<MemoryStore> {
  const copy = new MemoryStore();
  const [secrets, kvs] = [await store.list("secret"), await store.list("kv")];
  const documents = [STACK_DOCUMENT, kvDocument(KV_CONFIG), ...secrets.map(secretDocument), ...kvs.map(kvDocument)];
  await copy.exclusively(async (writer) => {
    for (const document of documents) {
      const stored = await store.read(document);
      if (stored) await writer.write(document, stored.bytes);
    }
  });
  return copy;
}

/** Runs a step in a process of its own, which ends before its `stopAt`th write. Whether it came so far. */
async function run(store: Store, step: Step, stopAt = Infinity): Promise<boolean> {
  const observed = new ObservedStore(store);
  using stack = await unlock(observed);
  let writes = 0;
  observed.beforeWrite = () => writes++ === stopAt ? Promise.reject(new Interrupted()) : Promise.resolve();
  const metadata = "name" in step &&
    await new CofferEngine(stack).run({ kind: "metadata", name: step.name }, undefined);
  const current = (metadata as { current: number } | undefined)?.current ?? 0;
  try {
    await new CofferEngine(stack).run(step, casOf(step, () => current));
    return false;
  } catch (error) {
    if (error instanceof Interrupted) return true;
    throw error;
  }
}

/** All that there is to see. */
async function looks(store: Store): Promise<Map<string, unknown>> {
  using stack = await unlock(store);
  assert.deepEqual((await verify(stack)).problems, new Map());
  const seen = new Map<string, unknown>();
  for (const look of LOOKS) seen.set(JSON.stringify(look), await new CofferEngine(stack).run(look, undefined));
  seen.set("list", await stack.list());
  seen.set("locked list", await (await LockedStack.load(store)).list());
  return seen;
}

/** Without the destroyed versions that go with the step: that there were any may be forgotten before it takes place. */
function withoutForgotten(
  seen: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Map<string, unknown> {
  return new Map([...seen].map(([look, answer]) => {
    const { versions, destroyed, version } = (answer ?? {}) as Partial<Version> & { versions?: Version[] };
    // Also where it was read as the newest, which after the step is another.
    if (destroyed && after.get(JSON.stringify({ ...JSON.parse(look), version })) === undefined) {
      return [look, undefined];
    }
    const kept = (after.get(look) as { versions?: Version[] } | undefined)?.versions;
    if (!versions || !kept) return [look, answer];
    const left = versions.filter((v) => !v.destroyed || kept.some(({ version }) => version === v.version));
    return [look, { ...answer as object, versions: left, oldest: undefined }];
  }));
}

const change = step.filter(({ kind }) => !["read", "subkeys", "metadata", "list", "config"].includes(kind));

Deno.test("KvEngine leaves all as before or as after when it is interrupted at any write, and goes on from there", async () => {
  let interrupted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12, size: "max" }), change, change, async (prior, last, next) => {
      const before = new MemoryStore();
      using stack = await createStack(before, Secret.fromText(PASSPHRASE), QUICK);
      for (const step of prior) await run(before, step);
      const after = await copyOf(before);
      await run(after, last);
      for (let stopAt = 0;; stopAt++) {
        const store = await copyOf(before);
        if (!await run(store, last, stopAt)) break;
        interrupted++;
        const [old, done, seen] = [await looks(before), await looks(after), await looks(store)];
        const [oldest, left] = [withoutForgotten(old, done), withoutForgotten(seen, done)];
        const isAfter = isSame(left, withoutForgotten(done, done));
        if (!isAfter) assert.deepEqual(left, oldest);
        // What comes next does not notice.
        const whole = await copyOf(isAfter ? after : before);
        for (const reached of [store, whole]) await run(reached, next);
        const [then, expected] = [await looks(store), await looks(whole)];
        assert.deepEqual(withoutForgotten(then, done), withoutForgotten(expected, done));
      }
      assert.ok(stack.header);
    }),
    { numRuns: 250 },
  );
  assert.ok(interrupted > 60, `only ${interrupted} interruptions`);
});

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

Deno.test("KvEngine leaves nothing of a removal that was interrupted when the name is used again", async () => {
  const put = (value: string): Step => ({ kind: "put", name: named("a"), data: { value }, cas: undefined });
  for (const stopAt of [1, 2]) {
    const store = new MemoryStore();
    (await createStack(store, Secret.fromText(PASSPHRASE), QUICK)).dispose();
    for (const value of ["deleted", "newest"]) await run(store, put(value));
    await run(store, { kind: "delete", name: named("a"), versions: [1] });
    await run(store, { kind: "putMetadata", name: named("a"), change: { customMetadata: { owner: "x" } } });
    assert.ok(await run(store, { kind: "remove", name: named("a") }, stopAt));
    assert.deepEqual(await store.list("kv"), ["a"], "there is something left");
    await run(store, put("anew"));
    assert.deepEqual(await store.list("kv"), []);
    using stack = await unlock(store);
    const read = await new CofferEngine(stack).run({ kind: "read", name: named("a"), version: undefined }, undefined);
    const expected = { version: 1, deletion: "none", destroyed: false, custom: {}, data: { value: "anew" } };
    assert.deepEqual(read, expected);
  }
});

Deno.test("KvEngine takes bytes away that an interrupted writer left, when they are destroyed again", async () => {
  const store = new MemoryStore();
  (await createStack(store, Secret.fromText(PASSPHRASE), QUICK)).dispose();
  const name = named("a");
  for (const value of [1, 2]) await run(store, { kind: "put", name, data: { value }, cas: undefined });
  assert.ok(await run(store, { kind: "destroy", name, versions: [2] }, 1));
  const lines = async () =>
    new TextDecoder().decode((await store.read(secretDocument(name)))!.bytes).match(/"version":/g)!.length;
  assert.equal(await lines(), 2);
  await run(store, { kind: "destroy", name, versions: [2] });
  assert.equal(await lines(), 1);
});

Deno.test("KvEngine loses nothing, and brings nothing back, when its process is killed at any instant", async () => {
  using disk = await StackOnDisk.create();
  /** What each step of the program leaves. */
  const left: Record<string, string> = {
    remove: "nothing",
    put: "present",
    delete: "deleted",
    undelete: "present",
    destroy: "destroyed",
  };
  let interrupted = 0;
  for (let i = 0; i < 60; i++) {
    const said = (await killedInTheMiddle([disk.folder, PASSPHRASE, "kv", "a"], 60)).map((line) => line.split(" "));
    const done = said.findLast(([what]) => what === "done")?.[1];
    const [what, begun] = said.at(-1)!;
    using stack = await disk.unlock();
    assert.deepEqual((await verify(stack)).problems, new Map());
    const found = await new KvEngine(stack).read(named("a"));
    if (done === undefined) continue; // nobody knows what it began with
    const allowed = [left[done], ...(what === "intend" ? [left[begun!]] : [])];
    assert.ok(allowed.includes(found?.state ?? "nothing"), `${found?.state} after ${said.at(-1)!.join(" ")}`);
    if (what === "intend") interrupted++;
  }
  assert.ok(interrupted > 5, `only ${interrupted} of 60 kills came in the middle of a step`);
});
