import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { named, PASSPHRASE, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";

const secretOf = (text: string) => Secret.fromText(text);

Deno.test("LockedStack.load() gives NOT_FOUND when there is no stack", async () => {
  await assertFault("NOT_FOUND", () => LockedStack.load(new MemoryStore()));
  using disk = new StackOnDisk();
  await assertFault("NOT_FOUND", () => LockedStack.load(disk.store()));
  Deno.removeSync(disk.folder);
  await assertFault("NOT_FOUND", () => LockedStack.load(disk.store()));
});

Deno.test("LockedStack.list() and history() need no passphrase", async () => {
  using disk = await StackOnDisk.create({ b: "1", "a/b": "2" });
  using stack = await disk.unlock();
  await stack.set(named("b"), { value: secretOf("{}"), type: "json" });
  const locked = await LockedStack.load(disk.store());
  assert.deepEqual(await locked.list(), ["a/b", "b"]);
  const history = await locked.history(named("b"));
  assert.deepEqual(history.map(({ version, type }) => [version, type]), [[2, "json"], [1, "bytes"]]);
  assert.deepEqual(Object.keys(history[0]!), ["version", "created", "type"]);
  assert.ok(history.every(({ created }) => Math.abs(Date.parse(created) - Date.now()) < 60_000));
});

Deno.test("LockedStack.history() gives NOT_FOUND for a missing secret and CONFIG or TAMPERED for a damaged one", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2" });
  const locked = await LockedStack.load(disk.store());
  await assertFault("NOT_FOUND", () => locked.history(named("none")));
  Deno.copyFileSync(disk.path("secrets/a.json"), disk.path("secrets/b.json"));
  await assertFault("TAMPERED", () => locked.history(named("b")));
  Deno.truncateSync(disk.path("secrets/a.json"), 50);
  await assertFault("CONFIG", () => locked.history(named("a")));
});

Deno.test("LockedStack.unlock() gives LOCKED when the passphrase is wrong in any way", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  const locked = await LockedStack.load(disk.store());
  for (const wrong of ["x", PASSPHRASE + " ", " " + PASSPHRASE, PASSPHRASE + "\n", PASSPHRASE.toUpperCase()]) {
    await assertFault("LOCKED", () => locked.unlock(secretOf(wrong)));
  }
  await assertFault("USAGE", () => locked.unlock(secretOf("")));
  using stack = await locked.unlock(secretOf(PASSPHRASE)); // a failure leaves it as it was
  assert.equal(await textOf(stack, "a"), "1");
});

Deno.test("LockedStack.unlock() takes a passphrase in any Unicode normalisation form", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  await changePassphrase(stack, secretOf("caf\u00e9"));
  using again = await disk.unlock("cafe\u0301");
  assert.equal(await textOf(again, "a"), "1");
});

Deno.test("LockedStack.unlock() leaves the caller its passphrase, and tells its progress", async () => {
  using disk = await StackOnDisk.create();
  using passphrase = secretOf(PASSPHRASE);
  const locked = await LockedStack.load(disk.store());
  const progress: number[] = [];
  (await locked.unlock(passphrase, (done) => progress.push(done))).dispose();
  assert.equal(passphrase.revealText(), PASSPHRASE);
  assert.ok(progress.length > 0 && progress.every((done, i) => done >= (progress[i - 1] ?? 0) && done <= 1));
});

Deno.test("LockedStack.unlock() opens what was written after the header was read", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  const locked = await LockedStack.load(disk.store());
  {
    using other = await disk.unlock();
    await rekey(other);
    await other.set(named("a"), valueOf("2"));
  }
  using stack = await locked.unlock(secretOf(PASSPHRASE));
  assert.equal(await textOf(stack, "a"), "2");
  await stack.set(named("b"), valueOf("3"));
  using again = await disk.unlock();
  assert.equal(await textOf(again, "b"), "3");
});
