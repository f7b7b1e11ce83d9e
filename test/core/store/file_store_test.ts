import assert from "node:assert/strict";
import fc from "fast-check";
import type { SecretName } from "../../../core/name.ts";
import { FileStore } from "../../../core/store/file_store.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { KV_CONFIG, type KvName } from "../../../core/seal/kv_file.ts";
import { type DocumentId, kvDocument, secretDocument, STACK_DOCUMENT, type Store } from "../../../core/store/store.ts";
import { storeContract } from "../../contract/store.ts";
import { AWKWARD_NAMES, secretNames } from "../../fixture/secret_names.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

storeContract("FileStore", () => {
  const folder = temporaryFolder();
  return {
    store: new FileStore(folder.path),
    second: new FileStore(folder.path),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
});

type Step =
  | { readonly kind: "change"; readonly writes: readonly Write[]; readonly throws: boolean }
  | { readonly kind: "read"; readonly document: DocumentId }
  | { readonly kind: "reopen" };
interface Write {
  readonly document: DocumentId;
  /** undefined: removed */
  readonly bytes: Uint8Array | undefined;
}

const KINDS = ["secret", "kv"] as const;
// Few names, so that steps meet each other's documents.
const documents: fc.Arbitrary<DocumentId> = fc.oneof(
  fc.constant(STACK_DOCUMENT),
  fc.constantFrom(...AWKWARD_NAMES).map(secretDocument),
  secretNames.map(secretDocument),
  fc.constantFrom<KvName>(...AWKWARD_NAMES, KV_CONFIG).map(kvDocument),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("change" as const),
    writes: fc.array(
      fc.record({ document: documents, bytes: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }) }),
      { maxLength: 6 },
    ),
    throws: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("read" as const), document: documents }),
  fc.record({ kind: fc.constant("reopen" as const) }),
);

Deno.test("FileStore behaves as MemoryStore when both go through any steps", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (sequence) => {
      using folder = temporaryFolder("memory");
      const model = new MemoryStore();
      let store = new FileStore(folder.path);
      for (const step of sequence) {
        if (step.kind === "reopen") store = new FileStore(folder.path);
        else if (step.kind === "read") {
          assert.deepEqual(await contentOf(store, step.document), await contentOf(model, step.document));
        } else assert.equal(await outcomeOf(store, step), await outcomeOf(model, step));
        for (const kind of KINDS) assert.deepEqual(await store.list(kind), await model.list(kind));
      }
      const reopened = new FileStore(folder.path);
      const secrets = (await model.list("secret")).map(secretDocument);
      const kvs = (await model.list("kv")).map(kvDocument);
      for (const document of [STACK_DOCUMENT, kvDocument(KV_CONFIG), ...secrets, ...kvs]) {
        assert.deepEqual(await contentOf(reopened, document), await contentOf(model, document));
      }
    }),
    { numRuns: 150 },
  );
});

async function contentOf(store: Store, document: DocumentId): Promise<Uint8Array | undefined> {
  const stored = await store.read(document);
  return stored && new Uint8Array(stored.bytes);
}

async function outcomeOf(store: Store, { writes, throws }: Extract<Step, { kind: "change" }>): Promise<string> {
  try {
    return await store.exclusively(async (writer) => {
      for (const { document, bytes } of writes) {
        await (bytes ? writer.write(document, bytes) : writer.remove(document));
      }
      if (throws) throw new Error("the caller's own");
      return "done";
    });
  } catch (error) {
    return (error as Error).message;
  }
}

Deno.test("FileStore.list() ignores files and folders when no secret's name is encoded so", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  for (const [kind, below] of [["secret", "secrets"], ["kv", "kv"]] as const) {
    await store.exclusively((writer) => writer.write({ kind, name: "a" as SecretName }, new Uint8Array(1)));
    for (const name of ["A.json", "a==b.json", "b.json.new", ".new", "c", "b.JSON", "=.json", "~.json", ".json"]) {
      Deno.writeTextFileSync(`${folder.path}/${below}/${name}`, "");
    }
    Deno.writeTextFileSync(`${folder.path}/${below}/.config.json`, "");
    Deno.mkdirSync(`${folder.path}/${below}/d.json`);
    Deno.mkdirSync(`${folder.path}/${below}/e`);
    Deno.writeTextFileSync(`${folder.path}/${below}/e/f.json`, "");
    Deno.mkdirSync(`${folder.path}/${below}/${"x".repeat(199)}~`);
    Deno.writeTextFileSync(`${folder.path}/${below}/${"x".repeat(199)}~/x.json`, "");
    assert.deepEqual(await store.list(kind), ["a"]);
  }
});

Deno.test("FileStore makes no folder for KV files before there is one, and then a private one", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  const name = "x".repeat(255) as SecretName;
  await store.exclusively(async (writer) => {
    await writer.write(STACK_DOCUMENT, new Uint8Array(1));
    await writer.write(secretDocument(name), new Uint8Array(1));
    await writer.remove(kvDocument(name));
  });
  assert.equal(await store.read(kvDocument(name)), undefined);
  const names = () => [...Deno.readDirSync(folder.path)].map((entry) => entry.name).sort();
  assert.deepEqual(names(), ["secrets", "stack.json"]);
  await store.exclusively((writer) => writer.write(kvDocument(name), new Uint8Array(1)));
  assert.deepEqual(names(), ["kv", "secrets", "stack.json"]);
  const mode = (path: string) => Deno.statSync(`${folder.path}/${path}`).mode! & 0o777;
  assert.deepEqual([mode("kv"), mode(`kv/${"x".repeat(200)}~`)], [0o700, 0o700]);
  assert.equal(mode(`kv/${"x".repeat(200)}~/${"x".repeat(55)}.json`), 0o600);
});

Deno.test("FileStore writes where git checked out no secrets folder", async () => {
  using folder = temporaryFolder();
  const store = new FileStore(folder.path);
  assert.deepEqual(await store.list("secret"), []);
  await store.exclusively((writer) => writer.write(secretDocument("a" as SecretName), new Uint8Array(1)));
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/secrets`)].map((entry) => entry.name), ["a.json"]);
});
