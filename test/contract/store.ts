/** What every `Store` does. Each implementation's test calls `storeContract` once. */
import assert from "node:assert/strict";
import { Fault } from "../../core/fault.ts";
import type { SecretName } from "../../core/name.ts";
import { KV_CONFIG } from "../../core/seal/kv_file.ts";
import {
  type DocumentId,
  kvDocument,
  largestSizeOf,
  PROVIDER_DOCUMENT,
  secretDocument,
  STACK_DOCUMENT,
  type Store,
  type StoredDocument,
} from "../../core/store/store.ts";
import { assertFault } from "../fixture/assert_fault.ts";
import { AWKWARD_NAMES } from "../fixture/secret_names.ts";

export interface StoreUnderTest extends Disposable {
  /** An empty store. */
  readonly store: Store;
  /** The same documents through another instance, where the implementation can have two. */
  readonly second: Store;
}

export function storeContract(title: string, make: () => StoreUnderTest): void {
  const test = (name: string, check: (under: StoreUnderTest) => Promise<void>) =>
    Deno.test(`${title}: ${name}`, async () => {
      using under = make();
      await check(under);
    });

  test("read() and list() find nothing when nothing was written", async ({ store }) => {
    assert.equal(await store.read(STACK_DOCUMENT), undefined);
    for (const document of [secret("a"), kv("a"), kvDocument(KV_CONFIG), PROVIDER_DOCUMENT]) {
      assert.equal(await store.read(document), undefined);
    }
    for (const kind of ["secret", "kv"] as const) assert.deepEqual(await store.list(kind), []);
  });

  test("read() returns the bytes that were written when they are of any kind and size", async ({ store, second }) => {
    for (const size of [0, 1, 63, 64, 4095, 4096, 4097, 65_535, 65_536, 262_144, 1024 * 1024]) {
      const bytes = anyBytes(size);
      const documents = [secret("a"), kv("a"), kvDocument(KV_CONFIG), PROVIDER_DOCUMENT, STACK_DOCUMENT];
      for (const document of documents.filter((document) => size <= largestSizeOf(document))) {
        await store.exclusively((writer) => writer.write(document, bytes));
        assert.deepEqual(bytesOf(await second.read(document)), bytes, `${size} bytes`);
      }
    }
  });

  test("read() refuses a document when it is larger than the format allows", async ({ store }) => {
    const tooLarge: [DocumentId, number][] = [
      [STACK_DOCUMENT, 65_537],
      [kv("a"), 1_048_577],
      [kvDocument(KV_CONFIG), 1_048_577],
      [PROVIDER_DOCUMENT, 262_145],
    ];
    for (const [document, size] of tooLarge) {
      await assertFault("CONFIG", async () => {
        await store.exclusively((writer) => writer.write(document, new Uint8Array(size)));
        return await store.read(document);
      });
    }
  });

  test("read() names the document", async ({ store }) => {
    await put(store, "db/password", "1");
    await store.exclusively((writer) => writer.write(kv("db/password"), new Uint8Array(1)));
    const [first, other] = [await store.read(secret("db/password")), await store.read(kv("db/password"))];
    for (const { where } of [first!, other!]) assert.match(where, /db.password/);
    assert.notEqual(first!.where, other!.where);
  });

  test("write() and read() share no memory with their callers", async ({ store }) => {
    const written = new TextEncoder().encode("first");
    await store.exclusively((writer) => writer.write(secret("a"), written));
    written.fill(0);
    (await store.read(secret("a")))!.bytes.fill(0);
    assert.equal(await textOf(store, "a"), "first");
  });

  test("write() takes a view into a larger buffer as it is", async ({ store }) => {
    await store.exclusively((writer) => writer.write(secret("a"), anyBytes(100).subarray(10, 20)));
    assert.deepEqual(bytesOf(await store.read(secret("a"))), anyBytes(100).slice(10, 20));
  });

  test("write() replaces the whole document when the new one is shorter", async ({ store }) => {
    await put(store, "a", "a long value");
    await put(store, "a", "short");
    assert.equal(await textOf(store, "a"), "short");
  });

  test("write() keeps documents apart when their names are alike", async ({ store, second }) => {
    await store.exclusively(async (writer) => {
      await writer.write(STACK_DOCUMENT, new TextEncoder().encode("the header"));
      await writer.write(kvDocument(KV_CONFIG), new TextEncoder().encode("the settings"));
      await writer.write(PROVIDER_DOCUMENT, new TextEncoder().encode("the provider"));
      for (const name of AWKWARD_NAMES) await writer.write(secretDocument(name), new TextEncoder().encode(name));
      for (const name of AWKWARD_NAMES) await writer.write(kvDocument(name), new TextEncoder().encode(`kv ${name}`));
    });
    for (const name of AWKWARD_NAMES) {
      assert.equal(await textOf(second, name), name);
      assert.equal(await textOf(second, name, "kv"), `kv ${name}`);
    }
    assert.equal(new TextDecoder().decode(bytesOf(await second.read(STACK_DOCUMENT))), "the header");
    assert.equal(new TextDecoder().decode(bytesOf(await second.read(kvDocument(KV_CONFIG)))), "the settings");
    assert.equal(new TextDecoder().decode(bytesOf(await second.read(PROVIDER_DOCUMENT))), "the provider");
    for (const kind of ["secret", "kv"] as const) {
      assert.deepEqual(await second.list(kind), [...AWKWARD_NAMES].sort());
    }
  });

  test("list() is in code-unit order and leaves out the header", async ({ store }) => {
    for (const name of ["b", "a/b", "B", "a", "_", "a.b", "10", "9", "a-b"]) await put(store, name, "");
    await store.exclusively(async (writer) => {
      await writer.write(STACK_DOCUMENT, new Uint8Array(1));
      await writer.write(kvDocument(KV_CONFIG), new Uint8Array(1));
      await writer.write(PROVIDER_DOCUMENT, new Uint8Array(1));
      for (const name of ["x", "b"]) await writer.write(kv(name), new Uint8Array(1));
    });
    assert.deepEqual(await store.list("kv"), ["b", "x"]);
    assert.deepEqual(await store.list("secret"), ["10", "9", "B", "_", "a", "a-b", "a.b", "a/b", "b"]);
  });

  test("remove() removes one document and nothing else", async ({ store, second }) => {
    for (const name of AWKWARD_NAMES) await put(store, name, name);
    const left = new Set<string>(AWKWARD_NAMES);
    for (const name of AWKWARD_NAMES) {
      await store.exclusively((writer) => writer.remove(secretDocument(name)));
      left.delete(name);
      assert.equal(await second.read(secretDocument(name)), undefined);
      assert.deepEqual(new Set(await second.list("secret")), left);
    }
  });

  test("remove() of one kind leaves the other kind's document of that name", async ({ store, second }) => {
    for (const name of ["a", "x".repeat(255)]) {
      await store.exclusively(async (writer) => {
        for (const document of [secret(name), kv(name)]) await writer.write(document, new TextEncoder().encode("1"));
      });
      await store.exclusively((writer) => writer.remove(kv(name)));
      assert.deepEqual([await textOf(second, name), await textOf(second, name, "kv")], ["1", undefined]);
      await store.exclusively(async (writer) => {
        await writer.write(kv(name), new TextEncoder().encode("2"));
        await writer.remove(secret(name));
      });
      assert.deepEqual([await textOf(second, name), await textOf(second, name, "kv")], [undefined, "2"]);
    }
  });

  test("remove() does nothing when there is no such document", async ({ store }) => {
    await put(store, "a", "1");
    await store.exclusively(async (writer) => {
      await writer.remove(secret("b"));
      await writer.remove(secret("a/b"));
      await writer.remove(kv("a"));
      await writer.remove(kvDocument(KV_CONFIG));
      await writer.remove(secretDocument("x".repeat(255) as SecretName));
      await writer.remove(STACK_DOCUMENT);
      await writer.remove(PROVIDER_DOCUMENT);
    });
    assert.equal(await textOf(store, "a"), "1");
  });

  test("exclusively() returns what its change returns", async ({ store }) => {
    assert.equal(await store.exclusively(() => Promise.resolve(42)), 42);
  });

  test("exclusively() keeps what was written when its change then throws, and goes on working", async ({ store }) => {
    const error = new Error("the caller's own");
    const failing = store.exclusively(async (writer) => {
      await writer.write(secret("a"), new TextEncoder().encode("1"));
      throw error;
    });
    await assert.rejects(failing, (thrown) => thrown === error);
    assert.equal(await textOf(store, "a"), "1");
    await put(store, "a", "2");
    assert.equal(await textOf(store, "a"), "2");
  });

  test("exclusively() passes on a fault as it is", async ({ store }) => {
    await assertFault("CONFLICT", () => store.exclusively(() => Promise.reject(new Fault("CONFLICT", "lost"))));
  });

  test("exclusively() rejects rather than throws when its change throws at once", async ({ store }) => {
    const failing = store.exclusively(() => {
      throw new RangeError("at once");
    });
    await assert.rejects(failing, RangeError);
    await put(store, "a", "1");
  });

  test("exclusively() lets its change and readers outside see each write at once", async ({ store, second }) => {
    await store.exclusively(async (writer) => {
      await writer.write(secret("a"), new TextEncoder().encode("1"));
      assert.equal(await textOf(store, "a"), "1");
      assert.equal(await textOf(second, "a"), "1");
      assert.deepEqual(await second.list("secret"), ["a"]);
      await writer.remove(secret("a"));
      assert.equal(await second.read(secret("a")), undefined);
    });
  });

  test("exclusively() runs one change at a time when many are asked for", async ({ store, second }) => {
    let inside = 0;
    const increment = (through: Store) =>
      through.exclusively(async (writer) => {
        assert.equal(++inside, 1);
        const before = Number(await textOf(through, "count") ?? "0");
        await new Promise((resolve) => setTimeout(resolve, 1)); // what an unlocked writer would lose updates in
        await writer.write(secret("count"), new TextEncoder().encode(String(before + 1)));
        inside--;
      });
    await Promise.all(Array.from({ length: 40 }, (_, i) => increment(i % 2 ? store : second)));
    assert.equal(await textOf(store, "count"), "40");
  });

  test("read() gives a whole document, old or new, while it is being replaced", async ({ store, second }) => {
    const versions = [anyBytes(10), anyBytes(300_000), anyBytes(70_000), anyBytes(0)];
    await store.exclusively((writer) => writer.write(secret("a"), versions[0]!));
    let writing = true;
    const writer = (async () => {
      for (let i = 0; i < 60; i++) {
        await store.exclusively((writer) => writer.write(secret("a"), versions[i % versions.length]!));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      writing = false;
    })();
    const sizes = new Set(versions.map((bytes) => bytes.length));
    while (writing) {
      const bytes = bytesOf(await second.read(secret("a")));
      assert.ok(sizes.has(bytes.length), `${bytes.length} bytes were read`);
      assert.deepEqual(bytes, anyBytes(bytes.length));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writer;
  });
}

function secret(name: string) {
  return secretDocument(name as SecretName);
}

function kv(name: string) {
  return kvDocument(name as SecretName);
}

function put(store: Store, name: string, text: string): Promise<void> {
  return store.exclusively((writer) => writer.write(secret(name), new TextEncoder().encode(text)));
}

async function textOf(store: Store, name: string, kind: "secret" | "kv" = "secret"): Promise<string | undefined> {
  const stored = await store.read({ kind, name: name as SecretName });
  return stored && new TextDecoder().decode(stored.bytes);
}

/** A plain array of its own, so that two of them compare by content whatever buffer they came in. */
function bytesOf(stored: StoredDocument | undefined): Uint8Array {
  assert.ok(stored, "the document is missing");
  return new Uint8Array(stored.bytes);
}

/** The same bytes for the same size, all 256 values, never those of a shorter one followed by zeros. */
function anyBytes(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 167 + size * 31 + (i >> 8)) & 0xff);
}
