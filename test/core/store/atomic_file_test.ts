import assert from "node:assert/strict";
import { removeIfPresent, replaceFile, syncFolder } from "../../../core/store/atomic_file.ts";
import { FileStore } from "../../../core/store/file_store.ts";
import { kvDocument, secretDocument, STACK_DOCUMENT } from "../../../core/store/store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { Program } from "../../fixture/program.ts";
import { named } from "../../fixture/stack_on_disk.ts";
import { CAN_LIMIT, CAN_MOUNT, run, smallDisk, temporaryFolder } from "../../fixture/temporary_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const A = secretDocument(named("a"));
const B = secretDocument(named("b"));
const LONG = secretDocument(named("x".repeat(255)));

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("replaceFile() replaces the file, private and whole, and leaves no other", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeTextFileSync(path, "a long old text", { mode: 0o644 });
  const before = Deno.statSync(path).ino;
  replaceFile(path, `${folder.path}/.new`, bytes("new"));
  assert.equal(Deno.readTextFileSync(path), "new");
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  assert.notEqual(Deno.statSync(path).ino, before, "a reader that has the old file open must keep it");
  assert.deepEqual(namesIn(folder.path), ["file"]);
});

Deno.test("replaceFile() writes everything when the system takes it in parts", () => {
  using folder = temporaryFolder();
  const write = Deno.FsFile.prototype.writeSync;
  Deno.FsFile.prototype.writeSync = function (part) {
    return write.call(this, part.subarray(0, 7));
  };
  try {
    replaceFile(`${folder.path}/file`, `${folder.path}/.new`, bytes("0123456789".repeat(10)));
  } finally {
    Deno.FsFile.prototype.writeSync = write;
  }
  assert.equal(Deno.readTextFileSync(`${folder.path}/file`), "0123456789".repeat(10));
});

Deno.test("FileStore removes a temporary file that an interrupted writer left when the next one begins", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  Deno.writeTextFileSync(`${folder.path}/.new`, "half of a fi", { mode: 0o600 });
  await store.exclusively(() => Promise.resolve());
  assert.deepEqual(namesIn(folder.path), []);
  Deno.writeTextFileSync(`${folder.path}/.new`, "half of a fi", { mode: 0o600 });
  await store.exclusively((writer) => writer.write(STACK_DOCUMENT, bytes("new")));
  assert.deepEqual(namesIn(folder.path), ["stack.json"]);
});

Deno.test("replaceFile() does not follow a link or keep a file that was planted as its temporary file", () => {
  using folder = temporaryFolder();
  const [path, temporary, target] = ["file", ".new", "target"].map((name) => `${folder.path}/${name}`) as [
    string,
    string,
    string,
  ];
  Deno.writeTextFileSync(target, "untouched");
  for (
    const plant of [
      () => Deno.symlinkSync(target, temporary),
      () => Deno.symlinkSync("/nowhere", temporary),
      () => Deno.linkSync(target, temporary), // a hard link: truncating it would truncate the target
      () => Deno.mkdirSync(temporary),
    ]
  ) {
    plant();
    replaceFile(path, temporary, bytes("new"));
    assert.equal(Deno.readTextFileSync(target), "untouched");
    assert.ok(Deno.lstatSync(path).isFile);
    assert.deepEqual(namesIn(folder.path), ["file", "target"]);
  }
});

Deno.test("replaceFile() opens its temporary file only when it makes it", async () => {
  using folder = temporaryFolder();
  // Planted between the removal and the opening, which O_EXCL notices.
  const open = Deno.openSync;
  Deno.openSync = (path, options) => {
    Deno.symlinkSync(`${folder.path}/target`, path);
    return open(path, options);
  };
  try {
    await assertFault("UNAVAILABLE", () => replaceFile(`${folder.path}/file`, `${folder.path}/.new`, bytes("new")));
  } finally {
    Deno.openSync = open;
  }
  assert.deepEqual(namesIn(folder.path), []);
});

Deno.test("FileStore gives a fault when the place of its temporary file cannot be cleared", async () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/.new/full`, { recursive: true });
  await assertFault("UNAVAILABLE", () => new FileStore(folder.path).exclusively(() => Promise.resolve()));
});

/** Names of the host's calls that make writes durable, in order, each with the path's end. */
async function traced(folder: string, step: () => Promise<void>): Promise<string[]> {
  const calls: string[] = [];
  const { openSync, renameSync, removeSync } = Deno;
  const sync = Deno.FsFile.prototype.syncSync;
  const paths = new Map<Deno.FsFile, string>();
  const short = (path: string | URL) => String(path).slice(folder.length) || "/";
  Deno.openSync = (path, options) => {
    const file = openSync(path, options);
    paths.set(file, short(path));
    return file;
  };
  Deno.renameSync = (from, to) => {
    renameSync(from, to);
    calls.push(`rename ${short(from)} ${short(to)}`);
  };
  Deno.removeSync = (path, options) => {
    removeSync(path, options);
    calls.push(`remove ${short(path)}`);
  };
  Deno.FsFile.prototype.syncSync = function () {
    calls.push(`sync ${paths.get(this)}`);
    return sync.call(this);
  };
  try {
    await step();
    return calls;
  } finally {
    Object.assign(Deno, { openSync, renameSync, removeSync });
    Deno.FsFile.prototype.syncSync = sync;
  }
}

Deno.test("FileStore flushes each file before its rename, and the folders before it says so", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  const first = await traced(folder.path, () =>
    store.exclusively(async (writer) => {
      await writer.write(A, bytes("1"));
      await writer.write(B, bytes("2"));
    }));
  assert.deepEqual(first, [
    "sync /.new",
    "rename /.new /secrets/a.json",
    "sync /.new",
    "rename /.new /secrets/b.json",
    "sync /", // secrets/ was made in it
    "sync /secrets",
  ]);
  assert.deepEqual(await traced(folder.path, () => store.exclusively((writer) => writer.remove(B))), [
    "remove /secrets/b.json",
    "sync /secrets",
  ]);
});

Deno.test("FileStore makes secrets durable before a header, and the header before what follows", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  await store.exclusively((writer) => writer.write(A, bytes("0")));
  const calls = await traced(folder.path, () =>
    store.exclusively(async (writer) => {
      await writer.write(A, bytes("1"));
      await writer.write(STACK_DOCUMENT, bytes("header"));
      await writer.write(A, bytes("2"));
    }));
  assert.deepEqual(calls, [
    "sync /.new",
    "rename /.new /secrets/a.json",
    "sync /secrets",
    "sync /.new",
    "rename /.new /stack.json",
    "sync /",
    "sync /.new",
    "rename /.new /secrets/a.json",
    "sync /secrets",
  ]);
});

Deno.test("FileStore makes KV files durable, and their removal, before what follows and after what came before", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  const kv = kvDocument(named("a"));
  await store.exclusively(async (writer) => {
    for (const document of [A, kv]) await writer.write(document, bytes("0"));
  });
  const calls = await traced(folder.path, () =>
    store.exclusively(async (writer) => {
      await writer.write(kv, bytes("1"));
      await writer.write(A, bytes("2"));
      await writer.write(kv, bytes("3"));
      await writer.remove(A);
      await writer.remove(kv);
    }));
  assert.deepEqual(calls, [
    ...["sync /.new", "rename /.new /kv/a.json", "sync /kv"],
    ...["sync /.new", "rename /.new /secrets/a.json", "sync /secrets"],
    ...["sync /.new", "rename /.new /kv/a.json", "sync /kv"],
    ...["remove /secrets/a.json", "sync /secrets"],
    ...["remove /kv/a.json", "sync /kv"],
  ]);
});

Deno.test("FileStore flushes what was written when its change then throws, and reports the change's error", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  const calls = await traced(folder.path, () =>
    assert.rejects(
      store.exclusively(async (writer) => {
        await writer.write(STACK_DOCUMENT, bytes("header"));
        await writer.write(A, bytes("1"));
        throw new RangeError("the caller's own");
      }),
      RangeError,
    ));
  assert.deepEqual(calls.slice(-2), ["sync /", "sync /secrets"]);
});

Deno.test("syncFolder() gives a fault when the disk fails", async () => {
  using folder = temporaryFolder();
  const sync = Deno.FsFile.prototype.syncSync;
  Deno.FsFile.prototype.syncSync = () => {
    throw Object.assign(new Error("Input/output error"), { code: "EIO" });
  };
  try {
    await assertFault("UNAVAILABLE", () => syncFolder(folder.path));
    await assertFault("UNAVAILABLE", () => replaceFile(`${folder.path}/a`, `${folder.path}/.new`, bytes("1")));
    assert.deepEqual(namesIn(folder.path), [], "a file that may not be on the disk takes no other's place");
  } finally {
    Deno.FsFile.prototype.syncSync = sync;
  }
});

Deno.test("removeIfPresent() says whether there was something", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  assert.equal(removeIfPresent(`${folder.path}/file`), true);
  assert.equal(removeIfPresent(`${folder.path}/file`), false);
});

Deno.test({
  name: "FileStore keeps the old file when the disk is full (needs root, to mount a small one)",
  ignore: !CAN_MOUNT,
  async fn() {
    using disk = smallDisk(64 * 1024);
    const store = new FileStore(disk.path);
    const old = new Uint8Array(20_000).fill(1);
    await store.exclusively((writer) => writer.write(A, old));
    await assertFault(
      "UNAVAILABLE",
      () => store.exclusively((writer) => writer.write(A, new Uint8Array(60_000).fill(2))),
    );
    assert.deepEqual(new Uint8Array((await store.read(A))!.bytes), old);
    assert.deepEqual(namesIn(disk.path), ["secrets"]);
    await store.exclusively((writer) => writer.write(A, new Uint8Array(30_000).fill(3)));
    assert.equal((await store.read(A))!.bytes.length, 30_000);
  },
});

Deno.test({
  name: "FileStore gives a fault when the disk has no room for a folder (needs root, to mount a small one)",
  ignore: !CAN_MOUNT,
  async fn() {
    // Inodes for the root folder, secrets/, a file and one more.
    using disk = smallDisk(64 * 1024, ",nr_inodes=4");
    const store = new FileStore(disk.path);
    await store.exclusively((writer) => writer.write(A, bytes("1")));
    Deno.writeTextFileSync(`${disk.path}/ballast`, "");
    await assertFault("UNAVAILABLE", () => store.exclusively((writer) => writer.write(LONG, bytes("2"))));
    Deno.removeSync(`${disk.path}/ballast`);
    await store.exclusively((writer) => writer.write(B, bytes("2")));
    assert.deepEqual(await store.list("secret"), ["a"].concat("b"));
  },
});

Deno.test({
  name: "FileStore reads, and gives DENIED to a writer, when the disk is read-only (needs root, to mount one)",
  ignore: !CAN_MOUNT,
  async fn() {
    using disk = smallDisk(64 * 1024);
    const store = new FileStore(disk.path);
    await store.exclusively((writer) => writer.write(A, bytes("1")));
    run("mount", "-o", "remount,ro", disk.path);
    assert.equal((await store.read(A))!.bytes.length, 1);
    await assertFault("DENIED", () => store.exclusively((writer) => writer.write(A, bytes("2"))));
    await assertFault("DENIED", () => store.exclusively((writer) => writer.remove(A)));
  },
});

Deno.test({
  name: "FileStore keeps the old file when a limit on file sizes stops the new one (needs prlimit)",
  ignore: !CAN_LIMIT,
  async fn() {
    using folder = temporaryFolder();
    const store = new FileStore(folder.path);
    await store.exclusively((writer) => writer.write(A, bytes("old")));
    // Ignored, the signal gives way to EFBIG.
    await using program = new Program([folder.path, "", "write", "100000", "30000"], "trap '' XFSZ");
    assert.deepEqual(await program.lines(), ["fault UNAVAILABLE"]);
    assert.deepEqual(namesIn(folder.path), ["secrets"]);
    assert.equal((await store.read(A))!.bytes.length, 3);
  },
});

Deno.test({
  name: "FileStore keeps the old file when the system kills its writer in the middle of a write (needs prlimit)",
  ignore: !CAN_LIMIT,
  async fn() {
    using folder = temporaryFolder();
    const store = new FileStore(folder.path);
    await store.exclusively((writer) => writer.write(A, bytes("old")));
    await using program = new Program([folder.path, "", "write", "100000", "30000"], "ulimit -c 0");
    assert.deepEqual(await program.lines(), []);
    assert.equal((await program.status).signal, "SIGXFSZ");
    assert.deepEqual(namesIn(folder.path), [".new", "secrets"], "the writer was in the middle of it");
    assert.equal(Deno.statSync(`${folder.path}/.new`).size, 30_000);
    assert.equal((await store.read(A))!.bytes.length, 3);
    await store.exclusively((writer) => writer.write(B, bytes("2")));
    assert.deepEqual(namesIn(folder.path), ["secrets"]);
  },
});
