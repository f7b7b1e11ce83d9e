import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { createStack } from "../../../core/stack/create.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import type { Stack } from "../../../core/stack/stack.ts";
import { verify } from "../../../core/stack/verify.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { ObservedStore } from "../../fixture/observed_store.ts";
import { killedInTheMiddle } from "../../fixture/program.ts";
import { LONG_TEXT, named, PASSPHRASE, QUICK, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";
import { CAN_MOUNT, smallDisk } from "../../fixture/temporary_folder.ts";

const secretOf = (text: string) => Secret.fromText(text);

/** Twelve secrets of several sizes; one has three versions and one is of the other type. */
async function fill(stack: Stack): Promise<void> {
  for (let i = 0; i < 10; i++) await stack.set(named(`n/${i}`), valueOf(LONG_TEXT.slice(0, i * 500)));
  for (let i = 1; i <= 3; i++) await stack.set(named("versions"), valueOf(`version ${i}`));
  await stack.set(named("json"), { value: secretOf(`{"a":1}`), type: "json" });
}

async function assertFilled(stack: Stack): Promise<void> {
  assert.equal((await stack.list()).length, 12);
  for (let i = 0; i < 10; i++) assert.equal(await textOf(stack, `n/${i}`), LONG_TEXT.slice(0, i * 500));
  for (let i = 1; i <= 3; i++) assert.equal(await textOf(stack, "versions", i), `version ${i}`);
  assert.equal((await stack.get(named("json"))).type, "json");
  assert.deepEqual((await verify(stack)).problems, new Map());
}

/** The numbers of the keys that the files below `secrets/` are under. */
function keysOfFiles(disk: StackOnDisk): Set<string> {
  const files = [...disk.files()].filter(([path]) => path.startsWith("secrets/"));
  return new Set(files.map(([, bytes]) => /\n {2}"key": (\d+),\n/.exec(new TextDecoder().decode(bytes))![1]!));
}

async function keysOfHeader(disk: StackOnDisk): Promise<readonly number[]> {
  return (await LockedStack.load(disk.store())).header.keys;
}

Deno.test("rekey() seals every version anew under one new key and keeps values, numbers, times and types", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  await fill(stack);
  const history = () => LockedStack.load(disk.store()).then((locked) => locked.history(named("versions")));
  const [before, historyBefore] = [disk.files(), await history()];
  assert.equal(await rekey(stack), 12);
  await assertFilled(stack);
  using again = await disk.unlock();
  await assertFilled(again);
  assert.deepEqual(await history(), historyBefore);
  assert.deepEqual(await keysOfHeader(disk), [2]);
  assert.deepEqual(keysOfFiles(disk), new Set(["2"]));
  // Nothing sealed, wrapped or authenticated under the old key is left.
  const longTexts = (bytes: Uint8Array) => new TextDecoder().decode(bytes).match(/[A-Za-z0-9+/=]{43,}/g)!;
  const old = new Set([...before.values()].flatMap(longTexts));
  const [salt, commitment] = ["salt", "commitment"].map((member) =>
    new RegExp(`"${member}":"([^"]+)"`).exec(new TextDecoder().decode(before.get("stack.json")))![1]!
  );
  const kept = [...disk.files().values()].flatMap(longTexts).filter((text) => old.has(text));
  assert.deepEqual(kept, [salt, commitment], "the passphrase is the same");
});

Deno.test("rekey() tells its progress", async () => {
  using stack = await createStack(new MemoryStore(), secretOf(PASSPHRASE), QUICK);
  await fill(stack);
  const progress: number[] = [];
  await rekey(stack, (done) => progress.push(done));
  assert.deepEqual(progress, Array.from({ length: 12 }, (_, i) => (i + 1) / 12));
});

Deno.test("rekey() works on an empty stack", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  assert.equal(await rekey(stack), 0);
  await stack.set(named("a"), valueOf("1"));
  using again = await disk.unlock();
  assert.equal(await textOf(again, "a"), "1");
  assert.deepEqual(await keysOfHeader(disk), [2]);
});

Deno.test("rekey() changes nothing when a file does not open", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2", c: "3" });
  using stack = await disk.unlock();
  const path = disk.path("secrets/b.json");
  const good = Deno.readFileSync(path);
  for (const damage of [(t: string) => t.replace(/"created":"2/, '"created":"1'), (t: string) => t.slice(0, -2)]) {
    Deno.writeTextFileSync(path, damage(new TextDecoder().decode(good)));
    const before = disk.digests();
    await assertFault(["TAMPERED", "CONFIG"], () => rekey(stack));
    assert.deepEqual(disk.digests(), before);
  }
  Deno.writeFileSync(path, good);
  await rekey(stack);
  assert.deepEqual((await verify(stack)).problems, new Map());
});

Deno.test("rekey() leaves a stack that opens, and goes on from there, when it stops at any write", async () => {
  // Two headers and twelve secrets; each run stops one write later.
  for (let stopAt = 0; stopAt < 14; stopAt++) {
    const store = new MemoryStore();
    const observed = new ObservedStore(store);
    using stack = await createStack(observed, secretOf(PASSPHRASE), QUICK);
    await fill(stack);
    let writes = 0;
    observed.beforeWrite = () => writes++ === stopAt ? Promise.reject(new RangeError("stopped")) : Promise.resolve();
    await assert.rejects(rekey(stack), RangeError);
    observed.beforeWrite = undefined;
    const unlock = async () => await (await LockedStack.load(store)).unlock(secretOf(PASSPHRASE));
    using other = await unlock();
    await assertFilled(other);
    await assertFilled(stack);
    // Writing goes on in between, under the newest key.
    await other.set(named("n/0"), valueOf(""));
    await rekey(stopAt % 2 ? stack : other);
    using again = await unlock();
    assert.deepEqual(again.header.keys, [2]);
    await assertFilled(again);
    await assertFilled(stack);
  }
});

Deno.test("rekey() gives LOCKED and changes nothing when the passphrase was changed meanwhile", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using mine = await disk.unlock();
  using theirs = await disk.unlock();
  await changePassphrase(theirs, secretOf("another"));
  const before = disk.digests();
  const { hint } = await assertFault("LOCKED", () => rekey(mine));
  assert.deepEqual(disk.digests(), before);
  assert.notEqual(hint, (await assertFault("LOCKED", () => disk.unlock())).hint, "no passphrase was wrong");
  using again = await disk.unlock("another");
  assert.equal(await textOf(again, "a"), "1");
});

Deno.test("rekey() ends as it should when the stack is disposed of meanwhile", async () => {
  // At any write, and at any read in between: a wiped key must never wrap or seal anything.
  for (let disposeAt = 0; disposeAt < 9; disposeAt++) {
    const store = new MemoryStore();
    const observed = new ObservedStore(store);
    const stack = await createStack(observed, secretOf(PASSPHRASE), QUICK);
    await stack.set(named("a"), valueOf("1"));
    let calls = 0;
    const hook = () => {
      if (calls++ === disposeAt) stack.dispose();
      return Promise.resolve();
    };
    observed.afterRead = observed.beforeWrite = hook;
    // Before it has read the header it does nothing, and after that all it set out to do.
    if (disposeAt === 0) await assertFault("LOCKED", () => rekey(stack));
    else await rekey(stack);
    assert.equal(calls, disposeAt === 0 ? 1 : 9);
    observed.afterRead = observed.beforeWrite = undefined;
    await assertFault("LOCKED", () => stack.get(named("a")));
    using again = await (await LockedStack.load(store)).unlock(secretOf(PASSPHRASE));
    assert.equal(await textOf(again, "a"), "1");
    assert.deepEqual(again.header.keys, [disposeAt === 0 ? 1 : 2]);
  }
});

Deno.test("rekey() runs after rekey() when two are started at once", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2" });
  using mine = await disk.unlock();
  using theirs = await disk.unlock();
  await Promise.all([rekey(mine), rekey(theirs), rekey(mine)]);
  assert.deepEqual(await keysOfHeader(disk), [4]);
  assert.deepEqual(keysOfFiles(disk), new Set(["4"]));
  assert.equal(await textOf(mine, "a") + await textOf(theirs, "b"), "12");
});

Deno.test("rekey() loses nothing when its process is killed at any instant", async () => {
  using disk = await StackOnDisk.create();
  {
    using stack = await disk.unlock();
    await fill(stack);
  }
  let interrupted = 0;
  for (let i = 0; i < 50; i++) {
    await killedInTheMiddle([disk.folder, PASSPHRASE, "rekey"], 100);
    using stack = await disk.unlock();
    await assertFilled(stack);
    const keys = await keysOfHeader(disk);
    assert.ok(keys.length <= 2);
    if (keys.length === 2) interrupted++;
    // Every other time the next process finds what this one left.
    if (i % 2 === 0) continue;
    assert.equal(await rekey(stack), 12);
    assert.equal((await keysOfHeader(disk)).length, 1);
    assert.equal(keysOfFiles(disk).size, 1);
    assert.ok(!disk.files().has(".new"));
  }
  assert.ok(interrupted > 5, `only ${interrupted} of 50 kills came in the middle of a re-key`);
});

Deno.test({
  name: "rekey() keeps all values when the disk fills up in the middle (needs root, to mount a small one)",
  ignore: !CAN_MOUNT,
  async fn() {
    // Names sort: the small one is sealed anew, then there is no room for the large one beside itself.
    using disk = await StackOnDisk.create({ a: "1" }, smallDisk(256 * 1024));
    using stack = await disk.unlock();
    await stack.set(named("b"), valueOf(new Uint8Array(60_000)));
    Deno.writeFileSync(`${disk.project}/ballast`, new Uint8Array(100 * 1024));
    await assertFault("UNAVAILABLE", () => rekey(stack));
    assert.deepEqual(await keysOfHeader(disk), [2, 1], "it was in the middle");
    assert.deepEqual(keysOfFiles(disk), new Set(["2", "1"]));
    using again = await disk.unlock();
    assert.equal(await textOf(again, "a"), "1");
    assert.deepEqual((await verify(again)).problems, new Map());
    Deno.removeSync(`${disk.project}/ballast`);
    await rekey(again);
    assert.deepEqual(await keysOfHeader(disk), [2]);
    assert.equal(await textOf(stack, "a"), "1");
    assert.deepEqual((await verify(stack)).problems, new Map());
  },
});
