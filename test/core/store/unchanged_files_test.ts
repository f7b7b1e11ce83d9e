import assert from "node:assert/strict";
import { pathOfSecret } from "../../../core/store/file_name.ts";
import { FileStore } from "../../../core/store/file_store.ts";
import { kvDocument, secretDocument, type Store, type StoredDocument } from "../../../core/store/store.ts";
import { UnchangedFiles } from "../../../core/store/unchanged_files.ts";
import { storeContract } from "../../contract/store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { named } from "../../fixture/stack_on_disk.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

/** An hour later nothing has changed a moment ago. */
const later = () => Date.now() + 3_600_000;

/** As if all there is had been written long ago: what is written next does not look the same by chance. */
function age(path: string): void {
  Deno.utimeSync(path, 1, 1);
  if (!Deno.lstatSync(path).isDirectory) return;
  for (const { name, isSymlink } of Deno.readDirSync(path)) if (!isSymlink) age(`${path}/${name}`);
}

storeContract("FileStore that keeps what it read", () => {
  const folder = temporaryFolder();
  return {
    store: new FileStore(folder.path, [], new UnchangedFiles()),
    second: new FileStore(folder.path, [], new UnchangedFiles()),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
});

const A = secretDocument(named("a"));

function fileOf(name: string): string {
  return ["secrets", ...pathOfSecret(named(name))].join("/");
}

/** A store that keeps what it read, and one that another process has. */
function two(now: () => number = later) {
  const folder = temporaryFolder();
  return {
    path: folder.path,
    age: () => age(folder.path),
    mine: new FileStore(folder.path, [], new UnchangedFiles(now)),
    theirs: new FileStore(folder.path),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function write(store: Store, document: typeof A | ReturnType<typeof kvDocument>, text: string): Promise<void> {
  return store.exclusively((writer) => writer.write(document, new TextEncoder().encode(text)));
}

function textOf(stored: StoredDocument | undefined): string | undefined {
  return stored && new TextDecoder().decode(stored.bytes);
}

Deno.test("what is unchanged is the same object; what is not settled yet is read each time", async () => {
  for (const [now, same] of [[later, true], [Date.now, false]] as const) {
    using stores = two(now);
    const { mine, theirs } = stores;
    await write(theirs, A, "1");
    assert.equal(await mine.read(A) === await mine.read(A), same);
  }
});

Deno.test("a change by another process is seen at once", async () => {
  using stores = two();
  const { mine, theirs } = stores;
  const sees = async (text: string | undefined) => {
    assert.equal(textOf(await mine.read(A)), text);
    stores.age();
    for (const _ of [1, 2]) assert.equal(textOf(await mine.read(A)), text);
  };
  await sees(undefined);
  await write(theirs, A, "1");
  await sees("1");
  await write(theirs, A, "2");
  await sees("2");
  await write(mine, A, "3");
  await sees("3");
  await theirs.exclusively((writer) => writer.remove(A));
  await sees(undefined);
  await write(theirs, A, "4");
  await sees("4");
});

Deno.test("a change by hand is seen, of the content, the owner's rights or the kind", async () => {
  using stores = two();
  const { mine, theirs } = stores;
  const path = `${stores.path}/${fileOf("a")}`;
  await write(theirs, A, "one");
  assert.equal(textOf(await mine.read(A)), "one");
  Deno.writeTextFileSync(path, "two!");
  assert.equal(textOf(await mine.read(A)), "two!");
  Deno.chmodSync(path, 0o666);
  await assertFault("DENIED", () => mine.read(A));
  Deno.chmodSync(path, 0o600);
  assert.equal(textOf(await mine.read(A)), "two!");
  Deno.renameSync(path, `${path}.elsewhere`);
  Deno.symlinkSync(`${path}.elsewhere`, path);
  await assertFault("DENIED", () => mine.read(A));
});

Deno.test("a document that comes where there was not even a folder is seen", async () => {
  using stores = two();
  const { mine, theirs } = stores;
  const kv = kvDocument(named("a"));
  const sees = async (document: typeof A | typeof kv, text: string | undefined) => {
    assert.equal(textOf(await mine.read(document)), text);
    stores.age();
    for (const _ of [1, 2]) assert.equal(textOf(await mine.read(document)), text);
  };
  await write(theirs, A, "1");
  await sees(kv, undefined);
  await write(theirs, kvDocument(named("b")), "b");
  await sees(kv, undefined);
  await write(theirs, kv, "a");
  await sees(kv, "a");
  const long = secretDocument(named(Array(12).fill("x".repeat(19)).join("/")));
  await sees(long, undefined);
  await write(theirs, long, "c");
  await sees(long, "c");
});

Deno.test("what is large is read each time, and no more is kept than is allowed", async () => {
  using stores = two();
  const { mine, theirs } = stores;
  await theirs.exclusively((writer) => writer.write(A, new Uint8Array(65_537)));
  assert.notEqual(await mine.read(A), await mine.read(A));
  const names = Array.from({ length: 1025 }, (_, i) => `n${i}`);
  for (const name of names) Deno.writeTextFileSync(`${stores.path}/${fileOf(name)}`, name, { mode: 0o600 });
  const read = (name: string) => mine.read(secretDocument(named(name)));
  const first = await read("n0");
  assert.equal(await read("n0"), first);
  for (const name of names) await read(name);
  assert.notEqual(await read("n0"), first);
});
