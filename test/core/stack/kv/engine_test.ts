import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret } from "../../../../core/secret.ts";
import { createStack } from "../../../../core/stack/create.ts";
import { CasFault } from "../../../../core/stack/kv/cas_fault.ts";
import { kvDataOf, valueOfKvData } from "../../../../core/stack/kv/data.ts";
import { KvEngine } from "../../../../core/stack/kv/engine.ts";
import type { KvMetadataChange } from "../../../../core/stack/kv/metadata.ts";
import { LockedStack } from "../../../../core/stack/locked_stack.ts";
import { NO_SETTINGS } from "../../../../core/seal/kv_file.ts";
import { rekey } from "../../../../core/stack/rekey.ts";
import type { Stack } from "../../../../core/stack/stack.ts";
import { MemoryStore } from "../../../../core/store/memory_store.ts";
import { kvDocument, secretDocument } from "../../../../core/store/store.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { laterBy } from "../../../fixture/later.ts";
import { named, PASSPHRASE, QUICK, textOf, valueOf } from "../../../fixture/stack_on_disk.ts";

const A = named("a");

interface Made extends Disposable {
  readonly store: MemoryStore;
  readonly stack: Stack;
  readonly engine: KvEngine;
}

async function make(): Promise<Made> {
  const store = new MemoryStore();
  const stack = await createStack(store, Secret.fromText(PASSPHRASE), QUICK);
  return { store, stack, engine: new KvEngine(stack), [Symbol.dispose]: () => stack.dispose() };
}

const json = (value: unknown) => Secret.fromText(typeof value === "string" ? value : JSON.stringify(value));

async function dataOf(engine: KvEngine, version?: number): Promise<string | undefined> {
  const found = await engine.read(A, version);
  if (found?.state !== "present") return found?.state;
  using value = found.value;
  using data = kvDataOf({ value, type: found.type });
  return data.revealText();
}

Deno.test("kvDataOf() and valueOfKvData() give any bytes and any object back", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }).map((t) => new TextEncoder().encode(t))),
      (bytes) => {
        const data = kvDataOf({ value: new Secret(bytes.slice()), type: "bytes" });
        const back = valueOfKvData(data, "bytes");
        assert.deepEqual([back.type, back.value.reveal()], ["bytes", new Uint8Array(bytes)]);
      },
    ),
  );
  const objects = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
  fc.assert(
    fc.property(objects, fc.constantFrom("json", undefined), (object, newest) => {
      const { value, type } = valueOfKvData(json(object), newest);
      assert.equal(type, "json");
      assert.deepEqual(JSON.parse(kvDataOf({ value, type }).revealText()), JSON.parse(JSON.stringify(object)));
    }),
    { numRuns: 50 },
  );
});

Deno.test("valueOfKvData() makes bytes on top of bytes, and of what bytes are shown as, only", () => {
  const typeOf = (data: unknown, newest: "bytes" | "json" | undefined) => valueOfKvData(json(data), newest).type;
  assert.equal(typeOf({ value: "x" }, "bytes"), "bytes");
  assert.equal(typeOf({ base64: "/w==" }, "bytes"), "bytes");
  for (const newest of ["json", undefined] as const) {
    for (const data of [{ value: "x" }, { base64: "/w==" }]) assert.equal(typeOf(data, newest), "json");
  }
  const others = [
    {},
    { value: 1 },
    { value: null },
    { value: "x", other: "y" },
    { Value: "x" },
    { value: "\ud800" }, // no UTF-8 has that
    { base64: "eA==" }, // which is text: `value` is how that is shown
    { base64: "/x==" }, // the same bytes in another spelling
    { base64: "?" },
  ];
  for (const data of others) assert.equal(typeOf(data, "bytes"), "json", JSON.stringify(data));
});

Deno.test("KvEngine gives what set wrote, and keeps it byte for byte when it is written back", async () => {
  using made = await make();
  for (const bytes of [new Uint8Array(), Uint8Array.of(0xff, 0), new TextEncoder().encode("\ufeffé 🔑\n")]) {
    await made.stack.set(A, valueOf(bytes));
    await made.engine.put(A, json((await dataOf(made.engine))!));
    using opened = (await made.stack.get(A)).value;
    assert.deepEqual(opened.reveal(), bytes);
    assert.equal((await made.stack.get(A)).type, "bytes");
  }
});

Deno.test("KvEngine keeps numbers as they were written, through put and patch", async () => {
  using made = await make();
  const text = '{"account":12345678901234567890,"small":1e-7,"exact":1.0,"plain":5,"__proto__":{"x":-0.0}}';
  await made.engine.put(A, json(text));
  assert.equal(await dataOf(made.engine), text);
  await made.engine.patch(A, json('{"account":123456789012345678901,"plain":null,"__proto__":{"y":2.50}}'));
  const patched = '{"account":123456789012345678901,"small":1e-7,"exact":1.0,"__proto__":{"x":-0.0,"y":2.50}}';
  assert.equal(await dataOf(made.engine), patched);
});

Deno.test("KvEngine refuses data that is no JSON object, and shows nothing of it", async () => {
  using made = await make();
  await made.engine.put(A, json({}));
  const deep = `{"a":${"[".repeat(400)}${"]".repeat(400)}}`;
  const veryDeep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  for (const data of ["", "canary", '["canary"]', '"canary"', "null", "1", '{"canary":', deep, veryDeep]) {
    for (const write of [() => made.engine.put(A, json(data)), () => made.engine.patch(A, json(data))]) {
      const { message, hint } = await assertFault("USAGE", write);
      assert.ok(!`${message}${hint}`.includes("canary"));
    }
  }
  assert.equal((await made.engine.metadata(A))!.currentVersion, 1);
  const notText = new Secret(Uint8Array.of(0x7b, 0xff, 0x7d));
  await assertFault("USAGE", () => made.engine.put(A, notText));
});

Deno.test("KvEngine says which check-and-set rule refused a write", async () => {
  using made = await make();
  const refusal = async (code: "CONFLICT" | "USAGE", cas?: number) => {
    const fault = await assertFault(code, () => made.engine.put(A, json({}), cas === undefined ? {} : { cas }));
    assert.ok(fault instanceof CasFault);
    return fault.reason;
  };
  assert.equal(await refusal("CONFLICT", 1), "cas_mismatch");
  await made.engine.put(A, json({}), { cas: 0 });
  assert.equal(await refusal("CONFLICT", 0), "cas_mismatch");
  await made.engine.putConfig({ casRequired: true });
  assert.equal(await refusal("USAGE"), "cas_required");
  await made.engine.putConfig({ casRequired: false });
  await made.engine.putMetadata(A, { casRequired: true });
  assert.equal(await refusal("USAGE"), "cas_required");
  assert.equal((await made.engine.put(A, json({}), { cas: 1 })).version, 2);
  // The owner's own commands need none: they see what they replace.
  assert.equal(await made.stack.set(A, valueOf("x")), 3);
});

Deno.test("KvEngine lets one of many writers win when all write on top of the same version", async () => {
  using made = await make();
  await made.engine.put(A, json({}));
  const writes = Array.from({ length: 8 }, (_, i) => made.engine.put(A, json({ i }), { cas: 1 }));
  const outcomes = await Promise.allSettled(writes);
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
});

Deno.test("KvEngine makes no KV file where there is nothing to say", async () => {
  using made = await make();
  await made.stack.set(A, valueOf("x"));
  await made.engine.put(A, json({}));
  await made.engine.patch(A, json({ a: 1 }));
  await made.engine.undelete(A, [1, 2]);
  await made.engine.delete(named("none"));
  await made.engine.destroy(named("none"), [1]);
  await made.engine.remove(named("none"));
  await made.engine.putMetadata(A, {});
  await made.engine.patchMetadata(named("none"), { maxVersions: 1 });
  assert.deepEqual(await made.store.list("kv"), []);
  assert.deepEqual(await made.store.list("secret"), ["a"]);
});

Deno.test("KvEngine.remove() and Stack.remove() leave neither document", async () => {
  using made = await make();
  for (const remove of [() => made.engine.remove(A), () => made.stack.remove([A])]) {
    await made.engine.put(A, json({}));
    await made.engine.delete(A);
    assert.deepEqual([await made.store.list("kv"), await made.store.list("secret")], [["a"], ["a"]]);
    await remove();
    assert.deepEqual([await made.store.list("kv"), await made.store.list("secret")], [[], []]);
    assert.equal((await made.engine.put(A, json({}), { cas: 0 })).version, 1);
    await made.engine.remove(A);
  }
});

Deno.test("KvEngine.destroy() takes the bytes away, and the secret's document with the last of them", async () => {
  using made = await make();
  for (let i = 1; i <= 3; i++) await made.engine.put(A, json({ i }));
  const lines = async () => {
    const stored = await made.store.read(secretDocument(A));
    return stored && new TextDecoder().decode(stored.bytes).split("\n").filter((line) => line.startsWith("    "));
  };
  const [newest, middle] = (await lines())!;
  await made.engine.destroy(A, [1]);
  assert.deepEqual(await lines(), [newest, middle!.replace(/,$/, "")], "the others keep their bytes");
  await made.engine.destroy(A, [3]);
  assert.equal((await lines())!.length, 1);
  assert.equal(await dataOf(made.engine), "destroyed");
  assert.equal(await dataOf(made.engine, 2), '{"i":2}');
  await made.engine.destroy(A, [2]);
  assert.equal(await lines(), undefined);
  assert.deepEqual((await made.engine.metadata(A))!.versions.map(({ destroyed }) => destroyed), [true, true, true]);
  assert.equal((await made.engine.put(A, json({}))).version, 4, "numbers go on");
});

Deno.test("KvEngine tells times: of the first and the newest version, and of the last change of metadata", async () => {
  using made = await make();
  await made.engine.put(A, json({}));
  const first = (await made.engine.metadata(A))!;
  assert.equal(first.createdTime, first.versions[0]!.createdTime);
  assert.equal(first.updatedTime, first.createdTime);
  {
    using _ = laterBy(100);
    await made.engine.putMetadata(A, { maxVersions: 2 });
    const { createdTime, updatedTime } = (await made.engine.metadata(A))!;
    assert.deepEqual([createdTime, Date.parse(updatedTime) > Date.parse(createdTime)], [first.createdTime, true]);
  }
  using _ = laterBy(200);
  for (let i = 0; i < 3; i++) await made.engine.put(A, json({}));
  const last = (await made.engine.metadata(A))!;
  assert.equal(last.createdTime, first.createdTime, "also when that version is gone");
  assert.equal(last.updatedTime, last.versions.at(-1)!.createdTime);
  await made.engine.putMetadata(named("b"), { maxVersions: 2 });
  const { createdTime, updatedTime, currentVersion } = (await made.engine.metadata(named("b")))!;
  assert.deepEqual([createdTime, currentVersion], [updatedTime, 0]);
});

Deno.test("KvEngine tells the oldest version once one had to go, or would have to", async () => {
  using made = await make();
  await made.engine.putMetadata(A, { maxVersions: 3 });
  const oldest: number[] = [];
  for (let i = 0; i < 5; i++) {
    await made.engine.put(A, json({}));
    oldest.push((await made.engine.metadata(A))!.oldestVersion);
  }
  assert.deepEqual(oldest, [0, 0, 1, 2, 3]);
});

Deno.test("KvEngine keeps as many versions as its settings say, up to a hundred", async () => {
  using made = await make();
  await made.engine.putMetadata(A, { maxVersions: 100 });
  for (let i = 0; i < 102; i++) await made.stack.set(A, valueOf(`${i}`));
  const { versions } = (await made.engine.metadata(A))!;
  assert.deepEqual([versions.length, versions[0]!.version, versions.at(-1)!.version], [100, 3, 102]);
  assert.equal(await textOf(made.stack, "a", 3), "2");
});

Deno.test("KvEngine and Stack let versions end when their time has come", async () => {
  using made = await make();
  await made.engine.putConfig({ deleteVersionAfter: 60 });
  await made.engine.putMetadata(A, { deleteVersionAfter: 30 });
  const { createdTime, deletionTime } = await made.engine.put(A, json({ a: 1 }));
  assert.equal(Date.parse(deletionTime!) - Date.parse(createdTime), 30_000);
  await made.stack.set(named("b"), valueOf("x"));
  assert.deepEqual(await made.stack.list(), ["a", "b"]);
  const names = async () => (await LockedStack.load(made.store)).list();
  {
    using _ = laterBy(31);
    assert.equal(await dataOf(made.engine), "deleted");
    await assertFault("NOT_FOUND", () => made.stack.get(A));
    assert.deepEqual([await made.stack.list(), await names()], [["b"], ["b"]]);
    await made.engine.undelete(A, [1]);
    assert.equal(await dataOf(made.engine), '{"a":1}');
  }
  {
    using _ = laterBy(59);
    assert.equal(await dataOf(made.engine), '{"a":1}', "undeleted, its time began anew");
    assert.equal(await textOf(made.stack, "b"), "x");
  }
  using _ = laterBy(62);
  assert.deepEqual([await made.stack.list(), await names(), await made.engine.list("")], [[], [], ["a", "b"]]);
  await made.engine.putConfig({ deleteVersionAfter: -1 });
  assert.equal((await made.engine.put(A, json({}))).deletionTime, undefined);
});

Deno.test("KvEngine reads on when the stack key was changed by another process", async () => {
  using made = await make();
  await made.engine.put(A, json({}));
  await made.engine.delete(A);
  using other = await (await LockedStack.load(made.store)).unlock(Secret.fromText(PASSPHRASE));
  await rekey(other);
  assert.equal(await dataOf(made.engine), "deleted");
  await rekey(other);
  await made.engine.undelete(A, [1]);
  assert.equal(await dataOf(made.engine), "{}");
  await rekey(other);
  assert.deepEqual(await made.engine.config(), { casRequired: false, maxVersions: 0, deleteVersionAfter: 0 });
});

Deno.test("KvEngine lists all that is not allowed, and shows none of it", async () => {
  using made = await make();
  const allowed: KvMetadataChange[] = [
    { maxVersions: 100, deleteVersionAfter: 9_999_999_999 },
    { customMetadata: { "é 🔑": "ünï—cödé ½ $ ^" } },
    { customMetadata: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${i}`, "x".repeat(512)])) },
  ];
  for (const change of allowed) await made.engine.putMetadata(A, change);
  const refused: KvMetadataChange[] = [
    { maxVersions: 101 },
    { maxVersions: -1 },
    { maxVersions: 1.5 },
    { deleteVersionAfter: -1 },
    { deleteVersionAfter: 10_000_000_000 },
    { deleteVersionAfter: Number.NaN },
    { customMetadata: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`${i}`, "canary"])) },
    { customMetadata: { "": "canary" } },
    { customMetadata: { canary: "" } },
    { customMetadata: { ["canary".repeat(22)]: "x" } },
    { customMetadata: { canary: "x".repeat(513) } },
    { customMetadata: { canary: "a\nb" } },
    { customMetadata: { "canary\u200b": "x" } },
    { customMetadata: { canary: 1 as unknown as string } },
  ];
  const before = await made.engine.metadata(A);
  for (const change of refused) {
    for (const set of [() => made.engine.putMetadata(A, change), () => made.engine.patchMetadata(A, change)]) {
      const { message, hint } = await assertFault("USAGE", set);
      assert.ok(!`${message}${hint}`.includes("canary"));
    }
  }
  assert.deepEqual(await made.engine.metadata(A), before);
  const both = { maxVersions: 101, deleteVersionAfter: -1 };
  const { message } = await assertFault("USAGE", () => made.engine.putMetadata(A, both));
  assert.ok(["max_versions", "delete_version_after"].every((name) => message.includes(name)));
  await assertFault("USAGE", () => made.engine.putConfig({ deleteVersionAfter: -2 }));
});

Deno.test("KvEngine.patchMetadata() refuses what would be too many pairs together", async () => {
  using made = await make();
  const pairs = (mark: string) => Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${mark}${i}`, "x"]));
  await made.engine.putMetadata(A, { customMetadata: pairs("a") });
  await assertFault("USAGE", () => made.engine.patchMetadata(A, { customMetadata: pairs("b") }));
  assert.equal(Object.keys((await made.engine.metadata(A))!.customMetadata).length, 40);
});

Deno.test("KvEngine.subkeys() goes as deep as it is told", async () => {
  using made = await make();
  await made.engine.put(A, json({ a: { b: { c: 1, d: {} } }, e: [{ f: 1 }], g: 12345678901234567890 }));
  const subkeys = async (depth?: number) => {
    const found = await made.engine.subkeys(A, depth === undefined ? {} : { depth });
    return found?.state === "present" ? found.subkeys : found;
  };
  const all = { a: { b: { c: null, d: null } }, e: null, g: null };
  assert.deepEqual(await subkeys(), all);
  assert.deepEqual(await subkeys(0), all);
  assert.deepEqual(await subkeys(1), { a: null, e: null, g: null });
  assert.deepEqual(await subkeys(2), { a: { b: null }, e: null, g: null });
  assert.deepEqual(await subkeys(3), all);
  await made.stack.set(A, valueOf("plain"));
  assert.deepEqual(await subkeys(), { value: null });
  await made.engine.delete(A);
  assert.equal((await made.engine.subkeys(A))?.state, "deleted");
});

Deno.test("KvEngine hands out nothing, and changes nothing, that cannot be recorded first", async () => {
  using made = await make();
  await made.engine.put(A, json({}));
  const records: string[] = [];
  let refuse = false;
  const engine = new KvEngine(made.stack.recordedBy(({ kind, secrets, missing, outcome }) => {
    records.push(`${kind} ${[...secrets].map(([name, version]) => `${name}@${version}`)} ${missing} ${outcome}`);
    return refuse ? Promise.reject(new RangeError("no record")) : Promise.resolve();
  }));
  const none = named("none");
  const steps: [() => Promise<unknown>, string][] = [
    [() => engine.read(A), "read a@1 0 ok"],
    [() => engine.read(A, 7), "read a@undefined 0 ok"],
    [() => engine.read(none), "read  1 ok"],
    [() => engine.subkeys(A), "read a@1 0 ok"],
    [() => engine.put(A, json({})), "write a@2 0 ok"],
    [() => engine.patch(A, json({})), "write a@3 0 ok"],
    [() => engine.patch(none, json({})), "write  1 ok"],
    [() => engine.delete(A), "remove a@3 0 ok"],
    [() => engine.delete(none), "remove  1 ok"],
    [() => engine.undelete(A, [3]), "write a@3 0 ok"],
    [() => engine.destroy(A, [1, 2]), "remove a@undefined 0 ok"],
    [() => engine.putMetadata(A, { maxVersions: 3 }), "write a@undefined 0 ok"],
    [() => engine.patchMetadata(A, { maxVersions: 4 }), "write a@undefined 0 ok"],
    [() => engine.putConfig({ maxVersions: 3 }), "write  0 ok"],
    [() => engine.remove(A), "remove a@undefined 0 ok"],
  ];
  for (const [step, record] of steps) {
    refuse = true;
    const before = await made.engine.metadata(A);
    await assert.rejects(step, RangeError);
    assert.deepEqual([await made.engine.metadata(A), records.splice(0)], [before, [record]]);
    refuse = false;
    await step();
    assert.deepEqual(records.splice(0), [record]);
  }
  await assertFault("CONFLICT", () => engine.put(A, json({}), { cas: 7 }));
  assert.deepEqual(records, ["write  0 CONFLICT"]);
});

Deno.test("KvEngine writes no custom metadata in the clear", async () => {
  using made = await make();
  await made.engine.putMetadata(A, { customMetadata: { owner: "c4n4ry-metadata" } });
  const text = new TextDecoder().decode((await made.store.read(kvDocument(A)))!.bytes);
  assert.ok(!text.includes("c4n4ry") && !text.includes("owner"));
  assert.deepEqual((await made.engine.metadata(A))!.customMetadata, { owner: "c4n4ry-metadata" });
  assert.deepEqual(await made.stack.settings(), NO_SETTINGS);
});
