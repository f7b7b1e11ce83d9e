/** A stack whose store keeps what it read says what any other says, also after others have changed it. */
import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { KvEngine } from "../../../core/stack/kv/engine.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import type { Stack } from "../../../core/stack/stack.ts";
import { FileStore } from "../../../core/store/file_store.ts";
import { UnchangedFiles } from "../../../core/store/unchanged_files.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { named, PASSPHRASE, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";

/** As if all there is had been written long ago: what is written next does not look the same by chance. */
function age(path: string): void {
  Deno.utimeSync(path, 1, 1);
  if (Deno.statSync(path).isDirectory) { for (const { name } of Deno.readDirSync(path)) age(`${path}/${name}`); }
}

async function opened(values: Readonly<Record<string, string>>) {
  const disk = await StackOnDisk.create(values);
  const unchanged = new UnchangedFiles(() => Date.now() + 3_600_000);
  const store = new FileStore(disk.folder, [disk.project, `${disk.project}/stacks`], unchanged);
  const mine: Stack = await (await LockedStack.load(store)).unlock(Secret.fromText(PASSPHRASE));
  const theirs = await disk.unlock();
  return {
    disk,
    mine,
    theirs,
    [Symbol.dispose]() {
      mine.dispose();
      theirs.dispose();
      disk[Symbol.dispose]();
    },
  };
}

Deno.test("values are read again and again, and anew when another process has written", async () => {
  using stacks = await opened({ a: "1" });
  const { disk, mine, theirs } = stacks;
  const sees = async (text: string) => {
    assert.equal(await textOf(mine, "a"), text);
    age(disk.folder);
    for (const _ of [1, 2]) assert.equal(await textOf(mine, "a"), text);
  };
  await sees("1");
  await theirs.set(named("a"), valueOf("2"));
  await sees("2");
  assert.equal(await textOf(mine, "a", 1), "1");
  await new KvEngine(theirs).delete(named("a"));
  for (const _ of [1, 2]) await assertFault("NOT_FOUND", () => mine.get(named("a")));
  await theirs.remove([named("a")]);
  assert.equal(await new KvEngine(mine).metadata(named("a")), undefined);
});

Deno.test("values are read after another process has changed the keys, and after this one has", async () => {
  using stacks = await opened({ a: "1" });
  const { disk, mine, theirs } = stacks;
  const steps = [
    () => Promise.resolve(),
    () => rekey(theirs),
    () => rekey(mine),
    () => changePassphrase(theirs, Secret.fromText("another")),
  ];
  for (const step of steps) {
    age(disk.folder);
    assert.equal(await textOf(mine, "a"), "1");
    await step();
    assert.equal(await textOf(mine, "a"), "1");
  }
});

Deno.test("a file that was damaged meanwhile does not open, and one that was authenticated is so for its keys only", async () => {
  using stacks = await opened({ a: "1", b: "2" });
  const { disk, mine } = stacks;
  age(disk.folder);
  assert.equal(await textOf(mine, "a"), "1");
  const [a, b] = [...disk.files().keys()].filter((path) => path.startsWith("secrets/")).sort();
  Deno.copyFileSync(disk.path(b!), disk.path(a!));
  await assertFault("TAMPERED", () => mine.get(named("a")));
  mine.dispose();
  await assertFault("LOCKED", () => mine.get(named("b")));
});
