import assert from "node:assert/strict";
import { lockFolder } from "../../../core/store/file_lock.ts";
import { FileStore } from "../../../core/store/file_store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { Program } from "../../fixture/program.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

/** Whether `promise` is still open after `ms`. */
async function isOpen(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(true), ms));
  try {
    return await Promise.race([promise.then(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("lockFolder() waits while another holds the lock, in this process too", async () => {
  using folder = temporaryFolder();
  const first = await lockFolder(folder.path);
  const second = lockFolder(folder.path);
  assert.ok(await isOpen(second, 100));
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});

Deno.test("lockFolder() gives the lock to those of one process in the order that they came", async () => {
  using folder = temporaryFolder();
  const order: number[] = [];
  const hold = async (number: number) => {
    using _lock = await lockFolder(folder.path);
    order.push(number);
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const all = Array.from({ length: 50 }, (_, number) => number);
  await Promise.all(all.map(hold));
  assert.deepEqual(order, all);
});

Deno.test("lockFolder() leaves nothing behind in the folder", async () => {
  using folder = temporaryFolder();
  {
    using _lock = await lockFolder(folder.path);
    assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("lockFolder() gets the lock at once when its holder in another process is killed", async () => {
  using folder = temporaryFolder();
  await using holder = new Program([folder.path, "", "hold"]);
  assert.equal(await holder.line(), "held");
  const waiting = lockFolder(folder.path);
  assert.ok(await isOpen(waiting, 150));
  holder.kill();
  const killed = performance.now();
  (await waiting)[Symbol.dispose]();
  assert.ok(performance.now() - killed < 5000);
});

Deno.test("lockFolder() gives up with UNAVAILABLE when the lock is held for a minute", async () => {
  using folder = temporaryFolder();
  using _lock = await lockFolder(folder.path);
  await using waiter = new Program([folder.path, "", "wait"]);
  assert.deepEqual(await waiter.lines(), ["fault UNAVAILABLE"]);
});

Deno.test("lockFolder() locks the folder that is there when it was removed and made anew meanwhile", async () => {
  using root = temporaryFolder();
  const folder = `${root.path}/stack`;
  Deno.mkdirSync(folder, { mode: 0o700 });
  const old = await lockFolder(folder);
  const waiting = lockFolder(folder);
  assert.ok(await isOpen(waiting, 50));
  Deno.renameSync(folder, `${root.path}/gone`);
  Deno.mkdirSync(folder, { mode: 0o700 });
  // The new folder is free, whoever holds the old one.
  const lock = await waiting;
  const third = lockFolder(folder);
  assert.ok(await isOpen(third, 50), "the folder's new inode is what is locked");
  lock[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  old[Symbol.dispose]();
});

Deno.test("lockFolder() does not take the lock of a removed folder when its holder lets go", async () => {
  using root = temporaryFolder();
  const folder = `${root.path}/stack`;
  Deno.mkdirSync(folder, { mode: 0o700 });
  // The folder is replaced between opening and locking it.
  const tryLock = Deno.FsFile.prototype.tryLockSync;
  let calls = 0;
  Deno.FsFile.prototype.tryLockSync = function (exclusive) {
    if (calls++ === 0) {
      Deno.renameSync(folder, `${root.path}/gone`);
      Deno.mkdirSync(folder, { mode: 0o700 });
    }
    return tryLock.call(this, exclusive);
  };
  try {
    const first = await lockFolder(folder);
    assert.equal(calls, 2);
    const second = lockFolder(folder);
    assert.ok(await isOpen(second, 50));
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
  } finally {
    Deno.FsFile.prototype.tryLockSync = tryLock;
  }
});

Deno.test("lockFolder() gives a fault and leaks nothing when the folder is gone or cannot be locked", async () => {
  using root = temporaryFolder();
  await assertFault("NOT_FOUND", () => lockFolder(`${root.path}/none`));
  await assertFault("NOT_FOUND", () => new FileStore(`${root.path}/none`).exclusively(() => Promise.resolve()));
  const tryLock = Deno.FsFile.prototype.tryLockSync;
  Deno.FsFile.prototype.tryLockSync = () => {
    throw Object.assign(new Error("No locks available"), { code: "ENOLCK" });
  };
  try {
    await assertFault("UNAVAILABLE", () => lockFolder(root.path));
  } finally {
    Deno.FsFile.prototype.tryLockSync = tryLock;
  }
});
