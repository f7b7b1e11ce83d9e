import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import { verify } from "../../../core/stack/verify.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { killedInTheMiddle } from "../../fixture/program.ts";
import { named, PASSPHRASE, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";
import { CAN_MOUNT, smallDisk, temporaryFolder } from "../../fixture/temporary_folder.ts";

const secretOf = (text: string) => Secret.fromText(text);

Deno.test("changePassphrase() makes the new passphrase open the stack and the old one not", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  await changePassphrase(stack, secretOf("another"));
  await assertFault("LOCKED", () => disk.unlock());
  using again = await disk.unlock("another");
  assert.equal(await textOf(again, "a"), "1");
  assert.equal(await textOf(stack, "a"), "1");
  await stack.set(named("a"), valueOf("2"));
  await rekey(stack);
  assert.equal(await textOf(again, "a"), "2");
});

Deno.test("changePassphrase() takes a new salt, and keeps id, time and work factor unless told", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  const before = (await LockedStack.load(disk.store())).header;
  await changePassphrase(stack, secretOf(PASSPHRASE));
  const same = (await LockedStack.load(disk.store())).header;
  assert.deepEqual(
    [same.id, same.created, same.keys, same.slot.logN],
    [before.id, before.created, before.keys, before.slot.logN],
  );
  assert.notEqual(same.slot.salt, before.slot.salt);
  assert.notEqual(same.slot.commitment, before.slot.commitment);
  await changePassphrase(stack, secretOf(PASSPHRASE), { logN: 11 });
  assert.equal((await LockedStack.load(disk.store())).header.slot.logN, 11);
  (await disk.unlock()).dispose();
});

Deno.test("changePassphrase() refuses an empty passphrase and a work factor that readers refuse", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  const before = disk.digests();
  await assertFault("USAGE", () => changePassphrase(stack, secretOf("")));
  for (const logN of [9, 21, 10.5, NaN]) {
    await assertFault("USAGE", () => changePassphrase(stack, secretOf("x"), { logN }));
  }
  assert.deepEqual(disk.digests(), before);
});

Deno.test("changePassphrase() changes one file when there are 10,000 secrets", async () => {
  using folder = temporaryFolder("memory");
  using disk = await StackOnDisk.create({}, { path: folder.path, [Symbol.dispose]() {} });
  using stack = await disk.unlock();
  await stack.setAll(new Map(Array.from({ length: 10_000 }, (_, i) => [named(`n/${i}`), valueOf(`${i}`)])));
  const before = disk.digests();
  await changePassphrase(stack, secretOf("another"));
  const after = disk.digests();
  assert.equal(Object.keys(after).length, 10_001);
  assert.deepEqual(Object.keys(after).filter((path) => after[path] !== before[path]), ["stack.json"]);
  using again = await disk.unlock("another");
  assert.equal(await textOf(again, "n/9999"), "9999");
});

Deno.test("changePassphrase() gives LOCKED when another process changed the passphrase meanwhile", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using mine = await disk.unlock();
  using theirs = await disk.unlock();
  await changePassphrase(theirs, secretOf("theirs"));
  const before = disk.digests();
  await assertFault("LOCKED", () => changePassphrase(mine, secretOf("mine")));
  assert.deepEqual(disk.digests(), before);
  (await disk.unlock("theirs")).dispose();
});

Deno.test("changePassphrase() keeps both keys when a re-key was interrupted", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  await killedUntilTwoKeys(disk);
  using stack = await disk.unlock();
  await changePassphrase(stack, secretOf("another"));
  assert.equal((await LockedStack.load(disk.store())).header.keys.length, 2);
  using again = await disk.unlock("another");
  assert.deepEqual((await verify(again)).problems, new Map());
  await rekey(again);
  assert.equal((await LockedStack.load(disk.store())).header.keys.length, 1);
  assert.equal(await textOf(stack, "a"), "1");
});

/** Leaves the stack as a re-key that was killed leaves it. */
async function killedUntilTwoKeys(disk: StackOnDisk): Promise<void> {
  for (let i = 0; i < 50; i++) {
    await killedInTheMiddle([disk.folder, PASSPHRASE, "rekey"], 20);
    if ((await LockedStack.load(disk.store())).header.keys.length === 2) return;
  }
  assert.fail("no kill came in the middle");
}

Deno.test("changePassphrase() leaves the old or the new passphrase when its process is killed at any instant", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  let current = PASSPHRASE;
  for (let i = 0; i < 40; i++) {
    const said = await killedInTheMiddle([disk.folder, current, "passphrase", `p${i}`], 60);
    // What it said it had done counts; of what it was about to do nobody knows.
    const done = said.findLast((line) => line.startsWith("done "))?.slice("done ".length) ?? current;
    const allowed = said.at(-1)!.startsWith("intend ") ? [done, said.at(-1)!.slice("intend ".length)] : [done];
    const opening = await Promise.allSettled(allowed.map((passphrase) => disk.unlock(passphrase)));
    const opened = opening.flatMap((outcome, i) => outcome.status === "fulfilled" ? [{ ...outcome, i }] : []);
    assert.equal(opened.length, 1, `of ${allowed} one must open it`);
    using stack = opened[0]!.value;
    current = allowed[opened[0]!.i]!;
    assert.equal(await textOf(stack, "a"), "1");
    await stack.set(named("next"), valueOf(`${i}`));
    assert.ok(!disk.files().has(".new"));
  }
});

Deno.test({
  name: "changePassphrase() leaves the old one when the disk is full (needs root, to mount a small one)",
  ignore: !CAN_MOUNT,
  async fn() {
    using disk = await StackOnDisk.create({ a: "1" }, smallDisk(64 * 1024));
    using stack = await disk.unlock();
    const ballast = `${disk.project}/ballast`;
    try {
      Deno.writeFileSync(ballast, new Uint8Array(64 * 1024));
    } catch {
      // full now
    }
    await assertFault("UNAVAILABLE", () => changePassphrase(stack, secretOf("another")));
    using again = await disk.unlock();
    assert.equal(await textOf(again, "a"), "1");
    Deno.removeSync(ballast);
    await changePassphrase(stack, secretOf("another"));
    (await disk.unlock("another")).dispose();
  },
});
