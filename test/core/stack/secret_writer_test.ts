import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { NO_SETTINGS } from "../../../core/seal/kv_file.ts";
import { Keyring } from "../../../core/seal/keyring.ts";
import type { SealedVersion } from "../../../core/seal/secret_file.ts";
import type { StackHeader } from "../../../core/seal/stack_file.ts";
import { createStack } from "../../../core/stack/create.ts";
import { KvEngine } from "../../../core/stack/kv/engine.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { SecretRecord } from "../../../core/stack/secret_record.ts";
import { SecretWriter, type Step } from "../../../core/stack/secret_writer.ts";
import type { Unlocked } from "../../../core/stack/session.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { secretDocument, STACK_DOCUMENT } from "../../../core/store/store.ts";
import { acceptVectors, filesOf } from "../../reference/format/vectors.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { named, PASSPHRASE, QUICK, valueOf } from "../../fixture/stack_on_disk.ts";

const A = named("a");
const CREATED = "2026-01-31T23:59:59Z";

/** A stack that was written by somebody else, in memory. */
async function vector(name: string): Promise<MemoryStore> {
  const { files } = acceptVectors().find(([found]) => found === name)![1];
  const store = new MemoryStore();
  const read = filesOf(files);
  await store.exclusively(async (writer) => {
    await writer.write(STACK_DOCUMENT, read.get("stack.json")!);
    await writer.write(secretDocument(A), read.get("secrets/a.json")!);
  });
  return store;
}

Deno.test("Stack.set() writes nothing when there is no number left for a version", async () => {
  const store = await vector("versions"); // its newest has the largest number
  using stack = await (await LockedStack.load(store)).unlock(Secret.fromText("correct horse battery staple"));
  const before = (await store.read(secretDocument(A)))!.bytes;
  await assertFault("UNSUPPORTED", () => stack.set(A, valueOf("x")));
  await assertFault("UNSUPPORTED", () => stack.rollback(A, 2));
  await assertFault("UNSUPPORTED", () => new KvEngine(stack).put(A, Secret.fromText("{}")));
  assert.deepEqual((await store.read(secretDocument(A)))!.bytes, before);
});

Deno.test("SecretWriter writes no file that would be too large to be read", async () => {
  const id = "00112233445566778899aabbccddeeff";
  using keyring = Keyring.generate(new Uint8Array(16));
  const unlocked = { header: { id } as StackHeader, keyring } as Unlocked;
  const write = async (versions: number): Promise<readonly Step[]> => {
    // As long as values of 16 MiB; nobody looks at what is in them.
    const sealed = "A".repeat(22_369_688);
    const older = Array.from({ length: versions }, (_, i): SealedVersion => ({
      ...{ version: versions - i, created: CREATED, type: "bytes", sealed },
    }));
    const record = new SecretRecord(A, { stack: id, name: A, key: 1, versions: older, where: "a" });
    let steps: readonly Step[] = [];
    const settings = { ...NO_SETTINGS, maxVersions: 100 };
    const writer = new SecretWriter(unlocked, record, settings, (all) => {
      steps = all;
      return Promise.resolve();
    });
    await writer.append(valueOf("x"));
    return steps;
  };
  await assertFault("USAGE", () => write(14));
  assert.equal((await write(1)).length, 1);
});

Deno.test("Stack.remove() gives LOCKED and removes nothing when the stack is locked while it looks", async () => {
  let onList: (() => void) | undefined;
  class LookedAt extends MemoryStore {
    override list(kind: "secret" | "kv") {
      onList?.();
      return super.list(kind);
    }
  }
  const store = new LookedAt();
  const stack = await createStack(store, Secret.fromText(PASSPHRASE), QUICK);
  await stack.set(A, valueOf("1"));
  await new KvEngine(stack).delete(A);
  onList = () => stack.dispose();
  await assertFault("LOCKED", () => stack.remove([A]));
  onList = undefined;
  assert.deepEqual([await store.list("secret"), await store.list("kv")], [["a"], ["a"]]);
});

Deno.test("SecretRecord takes an entry for the version of its number and its time, and for no other", () => {
  const versions: SealedVersion[] = [3, 2, 1].map((version) => ({
    version,
    created: CREATED,
    type: "bytes",
    sealed: "",
  }));
  const file = { stack: "", name: A, key: 1, versions, where: "a" };
  const other = "2026-02-01T00:00:00Z";
  const kv = {
    ...{ stack: "", name: A, key: 1, created: CREATED, updated: CREATED, removed: false, latest: 5 },
    versions: [
      { version: 5, created: CREATED, deletion: null, destroyed: true },
      { version: 4, created: CREATED, deletion: CREATED, destroyed: false }, // was never written
      { version: 3, created: other, deletion: CREATED, destroyed: false }, // was another one
      { version: 2, created: CREATED, deletion: CREATED, destroyed: false },
      { version: 1, created: CREATED, deletion: null, destroyed: true }, // was not removed yet
    ],
  };
  const record = new SecretRecord(A, file, kv);
  const states = record.versions.map(({ version, deletion, destroyed }) => [version, deletion, destroyed]);
  assert.deepEqual(states, [[5, undefined, true], [3, undefined, false], [2, CREATED, false], [1, undefined, true]]);
  assert.deepEqual([record.latest, record.holdsDestroyed, record.exists], [5, true, true]);
  assert.deepEqual(record.file!.versions.map(({ version }) => version), [3, 2]);
  assert.equal(record.present(other, 3)?.version, 3);
  for (const gone of [undefined, 1, 2, 4, 5, 6]) assert.equal(record.present(other, gone), undefined);
  const removed = new SecretRecord(A, file, { ...kv, latest: 0, versions: [], removed: true });
  assert.deepEqual([removed.exists, removed.isRemoved, removed.latest, removed.versions], [false, true, 0, []]);
});
