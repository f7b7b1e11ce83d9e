import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { KV_CONFIG } from "../../../core/seal/kv_file.ts";
import { Secret } from "../../../core/secret.ts";
import { KvEngine } from "../../../core/stack/kv/engine.ts";
import { register } from "../../../core/stack/registration.ts";
import { pathOfSecret } from "../../../core/store/file_name.ts";
import { type Exposure, guardFolder, hostFault, readGuarded, statIfPresent } from "../../../core/store/file_guard.ts";
import {
  type DocumentId,
  kvDocument,
  PROVIDER_DOCUMENT,
  secretDocument,
  STACK_DOCUMENT,
} from "../../../core/store/store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { Program } from "../../fixture/program.ts";
import { named, PASSPHRASE, StackOnDisk, valueOf } from "../../fixture/stack_on_disk.ts";
import { run, temporaryFolder } from "../../fixture/temporary_folder.ts";

const LONG = named("x".repeat(255));
const SECRET_FILE = "secrets/a.json";
const PIECE = `secrets/${pathOfSecret(LONG)[0]}`;
const KV_PIECE = `kv/${pathOfSecret(LONG)[0]}`;
/** What is at these paths, or below them. */
const DOCUMENTS: Readonly<Record<string, DocumentId>> = {
  [SECRET_FILE]: secretDocument(named("a")),
  [PIECE]: secretDocument(LONG),
  "kv": kvDocument(named("a")),
  "kv/a.json": kvDocument(named("a")),
  [KV_PIECE]: kvDocument(LONG),
  "kv/.config.json": kvDocument(KV_CONFIG),
  "provider.json": PROVIDER_DOCUMENT,
};
const IS_ROOT = Deno.uid() === 0;

/** A stack with a short and a long name in it, and more to say of them. */
async function stack(): Promise<StackOnDisk> {
  const disk = await StackOnDisk.create({ a: "1", [LONG]: "2" });
  using unlocked = await disk.unlock();
  const engine = new KvEngine(unlocked);
  for (const name of [named("a"), LONG]) await engine.putMetadata(name, { maxVersions: 5 });
  await engine.putConfig({ maxVersions: 6 });
  using config = Secret.fromText("{}");
  await register(unlocked, "vault", config);
  return disk;
}

/** Every way to a file of the stack, each of which must refuse what is at `path`. */
async function assertRefused(disk: StackOnDisk, path: string): Promise<Fault> {
  const store = disk.store();
  const document = DOCUMENTS[path];
  if (path === "kv" || path === KV_PIECE) await assertFault("DENIED", () => store.list("kv"));
  if (document) return await assertFault("DENIED", () => store.read(document));
  if (path !== "stack.json") {
    await assertFault("DENIED", () => store.read(secretDocument(named("a"))));
    await assertFault("DENIED", () => store.list("secret"));
    await assertFault("DENIED", () => store.exclusively(() => Promise.resolve()));
  }
  return await assertFault("DENIED", () => store.read(STACK_DOCUMENT));
}

for (const path of ["../..", "..", ".", "secrets", "stack.json", ...Object.keys(DOCUMENTS)]) {
  const what = path.replace(pathOfSecret(LONG)[0]!, "<piece>~");

  Deno.test(`FileStore refuses a symbolic link when it is in the place of ${what}`, async () => {
    using disk = await stack();
    using elsewhere = temporaryFolder();
    const original = Deno.realPathSync(disk.path(path));
    Deno.renameSync(original, `${elsewhere.path}/original`);
    Deno.symlinkSync(`${elsewhere.path}/original`, original);
    const { hint } = await assertRefused(disk, path);
    // A link's own mode is 0777 on Linux: `chmod` would change what it points to.
    assert.doesNotMatch(hint!, /chmod/);
    Deno.removeSync(original);
  });

  Deno.test(`FileStore refuses a dangling symbolic link when it is in the place of ${what}`, async () => {
    using disk = await stack();
    const original = Deno.realPathSync(disk.path(path));
    Deno.removeSync(original, { recursive: true });
    Deno.symlinkSync("/nowhere", original);
    await assertRefused(disk, path);
    Deno.removeSync(original);
  });

  Deno.test(`FileStore refuses ${what} when everybody may write there, and its hint helps`, async () => {
    using disk = await stack();
    const original = Deno.realPathSync(disk.path(path));
    Deno.chmodSync(original, Deno.lstatSync(original).mode! | 0o002);
    await assertRefused(disk, path);
    const document = DOCUMENTS[path] ?? secretDocument(named("a"));
    const store = disk.store();
    const { hint } = await assertFault("DENIED", async () => {
      await store.read(STACK_DOCUMENT);
      await store.read(document);
    });
    assert.match(hint!, /^chmod /);
    run("sh", "-c", hint!);
    assert.ok(await store.read(document));
  });

  Deno.test({
    name: `FileStore refuses ${what} when it belongs to somebody else (needs root, to give it away)`,
    ignore: !IS_ROOT,
    async fn() {
      using disk = await stack();
      Deno.chownSync(Deno.realPathSync(disk.path(path)), 12345, 12345);
      await assertRefused(disk, path);
    },
  });
}

for (const path of ["secrets", PIECE, "kv", KV_PIECE]) {
  const what = path.replace(pathOfSecret(LONG)[0]!, "<piece>~");
  const kind = path.startsWith("kv") ? "kv" : "secret";
  const [long, short] = [{ kind, name: LONG }, { kind, name: named("a") }] as const;

  Deno.test(`FileStore follows no link when ${what} becomes one under an open store`, async () => {
    using disk = await stack();
    using elsewhere = temporaryFolder();
    const store = disk.store();
    assert.ok(await store.read(long));
    assert.ok(await store.read(short));
    Deno.renameSync(disk.path(path), `${elsewhere.path}/original`);
    Deno.symlinkSync(`${elsewhere.path}/original`, disk.path(path));
    const before = run("ls", `${elsewhere.path}/original`);
    await assertFault("DENIED", () => store.read(long));
    await assertFault("DENIED", () => store.list(kind));
    await assertFault(
      "DENIED",
      () => store.exclusively((writer) => writer.write(long, new Uint8Array())),
    );
    await assertFault("DENIED", () => store.exclusively((writer) => writer.remove(long)));
    // The same when it becomes one while a writer is at work.
    Deno.removeSync(disk.path(path));
    await assertFault("DENIED", () =>
      disk.store().exclusively(async (writer) => {
        Deno.symlinkSync(`${elsewhere.path}/original`, disk.path(path));
        await writer.write(long, new Uint8Array());
      }));
    await assertFault("DENIED", () => {
      Deno.removeSync(disk.path(path));
      return disk.store().exclusively(async (writer) => {
        Deno.symlinkSync(`${elsewhere.path}/original`, disk.path(path));
        await writer.remove(long);
      });
    });
    assert.equal(run("ls", `${elsewhere.path}/original`), before);
  });
}

Deno.test("FileStore replaces a link and not what it points to when a secret is written", async () => {
  using disk = await stack();
  using elsewhere = temporaryFolder();
  Deno.writeTextFileSync(`${elsewhere.path}/target`, "untouched");
  Deno.removeSync(disk.path(SECRET_FILE));
  Deno.symlinkSync(`${elsewhere.path}/target`, disk.path(SECRET_FILE));
  using unlocked = await disk.unlock();
  await assertFault("DENIED", () => unlocked.set(named("a"), valueOf("2")));
  await disk.store().exclusively((writer) => writer.write(secretDocument(named("a")), new Uint8Array(1)));
  assert.equal(Deno.readTextFileSync(`${elsewhere.path}/target`), "untouched");
  assert.ok(Deno.lstatSync(disk.path(SECRET_FILE)).isFile);
});

for (const [path, ...read] of [["stack.json", "read"], [SECRET_FILE, "read", "a"]] as const) {
  Deno.test(`FileStore refuses a FIFO or a folder in the place of ${path} and does not hang`, async () => {
    using disk = await stack();
    for (
      const place of [(p: string) => run("mkfifo", "-m", "600", p), (p: string) => Deno.mkdirSync(p, { mode: 0o700 })]
    ) {
      Deno.removeSync(disk.path(path));
      place(disk.path(path));
      // Opening a FIFO blocks the whole process; a process of its own can be killed.
      await using program = new Program([disk.folder, PASSPHRASE, ...read]);
      const patience = setTimeout(() => program.kill(), 20_000);
      assert.deepEqual(await program.lines(), ["fault DENIED"]);
      clearTimeout(patience);
    }
  });
}

for (const path of ["../..", "secrets", PIECE]) {
  const what = path === PIECE ? "secrets/<piece>~" : path;
  Deno.test(`FileStore refuses a file when it is in the place of the folder ${what}`, async () => {
    using disk = await stack();
    const original = Deno.realPathSync(disk.path(path));
    Deno.removeSync(original, { recursive: true });
    Deno.writeTextFileSync(original, "", { mode: 0o600 });
    await assertFault("DENIED", () => disk.store().read(secretDocument(LONG)));
  });
}

Deno.test("FileStore accepts sealed files as git checks them out", async () => {
  using disk = await stack();
  for (const [fileMode, folderMode] of [[0o644, 0o755], [0o664, 0o775], [0o600, 0o700], [0o444, 0o755]] as const) {
    for (const file of disk.files().keys()) Deno.chmodSync(disk.path(file), fileMode);
    for (const folder of ["../..", "..", ".", "secrets", PIECE]) Deno.chmodSync(disk.path(folder), folderMode);
    using unlocked = await disk.unlock();
    (await unlocked.get(LONG)).value.dispose();
    await unlocked.set(LONG, valueOf("3"));
    assert.equal(Deno.statSync(disk.path(pathTo(LONG))).mode! & 0o777, 0o600, "a rewritten file is private again");
  }
});

function pathTo(name: typeof LONG): string {
  return ["secrets", ...pathOfSecret(name)].join("/");
}

for (const mode of [0o644, 0o640, 0o620, 0o604, 0o601, 0o602, 0o610]) {
  Deno.test(`readGuarded() refuses a private file of mode ${mode.toString(8)} and its hint helps`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/it's a file; $(false) \\`; // a hint must survive a shell
    Deno.writeTextFileSync(path, "token");
    Deno.chmodSync(path, mode);
    const { hint } = await assertFault("DENIED", () => readGuarded(path, "private", 100));
    assert.match(hint!, /^chmod /);
    run("sh", "-c", hint!);
    assert.equal(new TextDecoder().decode(readGuarded(path, "private", 100)), "token");
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  });
}

Deno.test("guardFolder() refuses a private folder when others may look into it and its hint helps", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/state of 'mine'`;
  Deno.mkdirSync(path);
  for (const mode of [0o755, 0o710, 0o701, 0o777]) {
    Deno.chmodSync(path, mode);
    const { hint } = await assertFault("DENIED", () => guardFolder(path, "private"));
    run("sh", "-c", hint!);
    assert.equal(guardFolder(path, "private"), true);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o700);
  }
});

Deno.test("guardFolder() and readGuarded() say so when there is nothing", () => {
  using folder = temporaryFolder();
  for (const exposure of ["sealed", "private"] satisfies Exposure[]) {
    assert.equal(guardFolder(`${folder.path}/none`, exposure), false);
    assert.equal(readGuarded(`${folder.path}/none`, exposure, 10), undefined);
    assert.equal(readGuarded(`${folder.path}/none/deeper`, exposure, 10), undefined);
  }
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  assert.equal(statIfPresent(`${folder.path}/file/below`), undefined);
});

Deno.test("readGuarded() refuses a file only when it is larger than its limit", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  Deno.writeFileSync(path, new Uint8Array(10), { mode: 0o600 });
  assert.equal(readGuarded(path, "private", 10)!.length, 10);
  await assertFault("CONFIG", () => readGuarded(path, "private", 9));
  // A huge one is refused without being read.
  Deno.truncateSync(path, 2 ** 40);
  await assertFault("CONFIG", () => readGuarded(path, "private", 10));
});

/** Runs `step` while `meanwhile` happens between each look at a file and its opening, `times` times. */
async function inBetween(times: number, meanwhile: () => void, step: () => unknown): Promise<void> {
  const lstat = Deno.lstatSync;
  Deno.lstatSync = (path) => {
    const info = lstat(path);
    if (times-- > 0) meanwhile();
    return info;
  };
  try {
    await step();
  } finally {
    Deno.lstatSync = lstat;
  }
}

Deno.test("readGuarded() gives the whole new file when it is replaced meanwhile", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  const write = (size: number) => {
    Deno.writeFileSync(`${path}.new`, new Uint8Array(size), { mode: 0o600 });
    Deno.renameSync(`${path}.new`, path);
  };
  // After two replacements, a freed inode may be used again: the file looks like the one that was looked at.
  for (const sizes of [[20], [500, 20], [500, 20, 500, 20]]) {
    for (const times of [1, 2, 10]) {
      write(10);
      await inBetween(
        times,
        () => sizes.forEach(write),
        () => assert.equal(readGuarded(path, "sealed", 1000)!.length, 20),
      );
    }
  }
  await inBetween(1000, () => write(20), () => assertFault("CONFLICT", () => readGuarded(path, "sealed", 1000)));
});

Deno.test("readGuarded() checks the file that it opened when that changed after it was looked at", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  const write = (size: number) => Deno.writeFileSync(path, new Uint8Array(size), { mode: 0o600 });
  write(10);
  await inBetween(1, () => write(20), () => assert.equal(readGuarded(path, "sealed", 20)!.length, 20));
  write(10);
  await inBetween(1, () => write(20), () => assertFault("CONFIG", () => readGuarded(path, "sealed", 19)));
  await inBetween(
    1,
    () => Deno.chmodSync(path, 0o644),
    () => assertFault("DENIED", () => readGuarded(path, "private", 100)),
  );
  Deno.chmodSync(path, 0o600);
  await inBetween(1, () => Deno.removeSync(path), () => assert.equal(readGuarded(path, "private", 100), undefined));
});

Deno.test("hostFault() gives each kind of host error its code, and keeps a fault as it is", () => {
  const withCode = (code: string) => Object.assign(new Error("foreign text"), { code });
  const codeOf = (error: unknown) => (hostFault(error, "/file") as Fault).code;
  for (const code of ["ENOSPC", "EDQUOT", "EFBIG", "EIO"]) assert.equal(codeOf(withCode(code)), "UNAVAILABLE");
  for (const code of ["EACCES", "EPERM", "EROFS"]) assert.equal(codeOf(withCode(code)), "DENIED");
  assert.equal(codeOf(new Deno.errors.PermissionDenied("foreign text")), "DENIED");
  assert.equal(codeOf(new Deno.errors.NotCapable("foreign text")), "DENIED");
  assert.equal(codeOf(new Deno.errors.NotFound("foreign text")), "NOT_FOUND");
  const fault = new Fault("CONFLICT", "lost");
  assert.equal(hostFault(fault, "/file"), fault);
  assert.ok(!(hostFault(withCode("EIO"), "/file") as Fault).message.includes("foreign text"));
});
