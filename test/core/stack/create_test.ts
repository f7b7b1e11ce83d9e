import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { checkWorkFactor, createStack } from "../../../core/stack/create.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { secretDocument } from "../../../core/store/store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { named, PASSPHRASE, QUICK, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";

const secretOf = (text: string) => Secret.fromText(text);

Deno.test("createStack() makes a stack that its passphrase opens", async () => {
  using disk = new StackOnDisk();
  using stack = await createStack(disk.store(), secretOf("x"), QUICK);
  await stack.set(named("a"), valueOf("1"));
  using again = await disk.unlock("x");
  assert.equal(await textOf(again, "a"), "1");
  assert.deepEqual(again.header, stack.header);
  assert.deepEqual([stack.header.keys, stack.header.slot.logN], [[1], 10]);
});

Deno.test("createStack() gives every stack an id, a salt and a key of its own", async () => {
  const texts: string[] = [];
  for (let i = 0; i < 5; i++) {
    using stack = await createStack(new MemoryStore(), secretOf("x"), QUICK);
    texts.push(stack.header.id, stack.header.slot.salt, stack.header.slot.wrapped.slice(0, 32));
    assert.match(stack.header.id, /^[0-9a-f]{32}$/);
  }
  assert.equal(new Set(texts).size, 15);
});

Deno.test("createStack() gives CONFLICT and changes nothing when there is a stack, or secrets without one", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  const before = disk.digests();
  await assertFault("CONFLICT", () => createStack(disk.store(), secretOf("x"), QUICK));
  assert.deepEqual(disk.digests(), before);
  Deno.removeSync(disk.path("stack.json"));
  await assertFault("CONFLICT", () => createStack(disk.store(), secretOf("x"), QUICK));
  assert.deepEqual(Object.keys(disk.digests()), ["secrets/a.json"]);
  // What is left of another stack would be refused by the new one for ever.
  for (const path of ["kv/a.json", "kv/.config.json"]) {
    using left = new StackOnDisk();
    Deno.mkdirSync(left.path("kv"), { mode: 0o700 });
    Deno.writeTextFileSync(left.path(path), "", { mode: 0o600 });
    await assertFault("CONFLICT", () => createStack(left.store(), secretOf("x"), QUICK));
    assert.deepEqual(Object.keys(left.digests()), [path]);
  }
});

Deno.test("createStack() lets one of many win when all start at once", async () => {
  using disk = new StackOnDisk();
  const passphrases = Array.from({ length: 6 }, (_, i) => `p${i}`);
  const outcomes = await Promise.allSettled(passphrases.map((p) => createStack(disk.store(), secretOf(p), QUICK)));
  const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected") assert.equal(outcome.reason.code, "CONFLICT");
    else assert.equal(i, winner);
  }
  (await disk.unlock(`p${winner}`)).dispose();
});

Deno.test("createStack() goes on where an interrupted one left a folder without a header", async () => {
  using disk = new StackOnDisk();
  Deno.mkdirSync(disk.path("secrets"), { mode: 0o700 });
  Deno.writeTextFileSync(disk.path(".new"), "half", { mode: 0o600 });
  using _stack = await createStack(disk.store(), secretOf("x"), QUICK);
  assert.deepEqual(Object.keys(disk.digests()), ["stack.json"]);
});

Deno.test("createStack() refuses an empty passphrase, text that is not UTF-8 and a work factor out of range", async () => {
  const store = new MemoryStore();
  await assertFault("USAGE", () => createStack(store, secretOf(""), QUICK));
  await assertFault("USAGE", () => createStack(store, new Secret(Uint8Array.of(0xff)), QUICK));
  for (const logN of [0, 9, 21, 10.5, NaN]) {
    await assertFault("USAGE", () => createStack(store, secretOf("x"), { logN }));
  }
  await assertFault("NOT_FOUND", () => LockedStack.load(store));
});

Deno.test("createStack() refuses what lies in a store that is no stack", async () => {
  const store = new MemoryStore();
  await store.exclusively((writer) => writer.write(secretDocument(named("a")), new Uint8Array()));
  await assertFault("CONFLICT", () => createStack(store, secretOf(PASSPHRASE), QUICK));
});

Deno.test("checkWorkFactor() takes 10 to 20", async () => {
  for (let logN = 10; logN <= 20; logN++) assert.equal(checkWorkFactor(logN), logN);
  for (const logN of [9, 21, 10.5, NaN, -10, Infinity]) await assertFault("USAGE", () => checkWorkFactor(logN));
});
