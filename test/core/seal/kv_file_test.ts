import fc from "fast-check";
import assert from "node:assert/strict";
import { parseSecretName } from "../../../core/name.ts";
import { Keyring } from "../../../core/seal/keyring.ts";
import {
  encodeKvFile,
  KV_CONFIG,
  type KvFile,
  type KvSealed,
  NO_SETTINGS,
  openKvFile,
  parseKvFile,
} from "../../../core/seal/kv_file.ts";
import { slotContextOf } from "../../../core/seal/stack_file.ts";
import { fromBase64 } from "../../reference/format/layout.ts";
import { acceptVectors, filesOf } from "../../reference/format/vectors.ts";
import { kvSealed, kvText, secretName, singleByteChanges } from "./arbitraries.ts";
import { assertFault } from "./assert_fault.ts";
import { kvAtPath, readKvWithCore, unlockWithCore } from "./core_stack.ts";

const STACK = "00112233445566778899aabbccddeeff";
const NAME = parseSecretName("db/password");
const CREATED = "2026-01-31T23:59:59Z";
const FILE: KvFile = {
  ...{ stack: STACK, name: NAME, key: 1, created: CREATED, updated: CREATED, removed: false, latest: 3 },
  versions: [
    { version: 4, created: CREATED, deletion: CREATED, destroyed: false },
    { version: 3, created: CREATED, deletion: null, destroyed: true },
  ],
};
const CONTENT: KvSealed = {
  customMetadata: { owner: "canary-value", team: "a" },
  casRequired: true,
  maxVersions: 4,
  deleteVersionAfter: 60,
};

function keyringOf(...numbers: number[]): Keyring {
  const { id } = slotContextOf({ id: STACK, keys: [] });
  return new Keyring(id, new Map(numbers.map((n) => [n, new Uint8Array(32).fill(n)])));
}

function opened(bytes: Uint8Array, found: Pick<KvFile, "stack" | "name">, keyring: Keyring): [KvFile, KvSealed] {
  const read = parseKvFile(bytes, found, "file");
  return [read.file, openKvFile(read, keyring, "file")];
}

Deno.test("openKvFile() returns what encodeKvFile() wrote, whatever it is", () => {
  using keyring = keyringOf(1, 2);
  fc.assert(
    fc.property(secretName, fc.constantFrom(1, 2), kvText, kvSealed, (name, key, text, content) => {
      const file = { stack: STACK, name, key, ...text };
      assert.deepEqual(opened(encodeKvFile(file, content, keyring), file, keyring), [file, content]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("openKvFile() returns the stack's settings", () => {
  using keyring = keyringOf(1);
  const file = { ...FILE, name: KV_CONFIG, latest: 0, versions: [] } as const;
  const content = { ...NO_SETTINGS, casRequired: true, deleteVersionAfter: -1 };
  assert.deepEqual(opened(encodeKvFile(file, content, keyring), file, keyring), [file, content]);
});

Deno.test("encodeKvFile() shows nothing of what it seals but its bucket, and takes a fresh nonce each time", () => {
  using keyring = keyringOf(1);
  const sealed = (customMetadata: Record<string, string>) => {
    const text = new TextDecoder().decode(encodeKvFile(FILE, { ...CONTENT, customMetadata }, keyring));
    assert.ok(!text.includes("canary") && !text.includes("owner"));
    return fromBase64(/"sealed": "([^"]+)"/.exec(text)![1]!);
  };
  const nonces = Array.from({ length: 20 }, () => sealed({ owner: "canary" }).subarray(0, 24).join());
  assert.equal(new Set(nonces).size, 20);
  assert.equal(sealed({}).length, sealed({ owner: "canary" }).length);
  assert.ok(sealed({ owner: "canary".repeat(20) }).length > sealed({}).length);
});

Deno.test("encodeKvFile() gives a file back that differs only in what is sealed when it was read from a vector", async () => {
  let compared = 0;
  for (const [name, vector] of acceptVectors()) {
    const files = filesOf(vector.files);
    const { header, keyring } = await unlockWithCore(files.get("stack.json")!, vector.passphrase);
    using _keys = keyring;
    for (const [path, bytes] of files) {
      const found = kvAtPath(path);
      if (found === undefined) continue;
      const read = parseKvFile(bytes, { stack: header.id, name: found }, path);
      const again = encodeKvFile(read.file, openKvFile(read, keyring, path), keyring);
      const clear = (file: Uint8Array) => new TextDecoder().decode(file).replace(/"sealed": "[^"]+"/, "");
      assert.deepEqual([clear(again), again.length], [clear(bytes), bytes.length], name);
      compared++;
    }
  }
  assert.ok(compared > 15);
});

Deno.test("openKvFile() is TAMPERED in any other place than the one it was sealed for", () => {
  using keyring = keyringOf(1, 2);
  const bytes = encodeKvFile(FILE, CONTENT, keyring);
  const others: Pick<KvFile, "stack" | "name">[] = [
    { stack: STACK, name: parseSecretName("db/passwor") },
    { stack: STACK, name: parseSecretName("DB/password") },
    { stack: STACK, name: KV_CONFIG },
    { stack: STACK.replace("00", "01"), name: NAME },
  ];
  for (const found of others) assertFault("TAMPERED", () => opened(bytes, found, keyring), ["canary-value"]);
  // And when what it says of itself is made to fit.
  const text = new TextDecoder().decode(bytes);
  for (
    const [from, to] of [['"name": "db/p', '"name": "xy/p'], [STACK, STACK.replace("00", "01")], [
      '"key": 1',
      '"key": 2',
    ]]
  ) {
    const changed = text.replace(from!, to!);
    const found = JSON.parse(changed) as KvFile;
    assertFault("TAMPERED", () => opened(new TextEncoder().encode(changed), found, keyring));
  }
});

Deno.test("openKvFile() is TAMPERED when the stack key is another, or is not there", () => {
  using keyring = keyringOf(1);
  using without = keyringOf(2);
  using another = new Keyring(slotContextOf({ id: STACK, keys: [] }).id, new Map([[1, new Uint8Array(32)]]));
  const bytes = encodeKvFile(FILE, CONTENT, keyring);
  for (const other of [without, another]) assertFault("TAMPERED", () => opened(bytes, FILE, other));
});

Deno.test("core/seal is CONFIG or TAMPERED when any single byte of a KV file is changed", () => {
  using keyring = keyringOf(1);
  const bytes = encodeKvFile(FILE, CONTENT, keyring);
  assert.equal(readKvWithCore(bytes, STACK, NAME, keyring).maxVersions, 4);
  let changes = 0;
  for (const changed of singleByteChanges(bytes)) {
    changes++;
    assertFault(["CONFIG", "TAMPERED"], () => opened(changed, FILE, keyring), ["canary-value"]);
  }
  assert.ok(changes > 4000);
});

Deno.test("openKvFile() is CONFIG when its writer sealed what no file may hold", () => {
  using keyring = keyringOf(1);
  const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, "x"]));
  const wrong: Partial<KvSealed>[] = [
    { maxVersions: 101 },
    { maxVersions: -1 },
    { maxVersions: 1.5 },
    { deleteVersionAfter: -1 },
    { deleteVersionAfter: 10_000_000_000 },
    { customMetadata: pairs(65) },
    { customMetadata: { "": "x" } },
    { customMetadata: { a: "" } },
    { customMetadata: { a: "é".repeat(257) } },
    { customMetadata: { ["é".repeat(65)]: "x" } },
    { customMetadata: { a: "\ud800" } },
  ];
  for (const change of wrong) {
    const bytes = encodeKvFile(FILE, { ...CONTENT, ...change }, keyring);
    assertFault("CONFIG", () => opened(bytes, FILE, keyring));
  }
  const most = { ...CONTENT, maxVersions: 100, deleteVersionAfter: 9_999_999_999, customMetadata: pairs(64) };
  assert.deepEqual(opened(encodeKvFile(FILE, most, keyring), FILE, keyring)[1], most);
});

Deno.test("parseKvFile() does not show what is in the file when it refuses", () => {
  using keyring = keyringOf(1);
  const text = new TextDecoder().decode(encodeKvFile(FILE, CONTENT, keyring));
  for (const from of ['"key"', "null", "2026-", "{\n", "true"]) {
    const changed = new TextEncoder().encode(text.replace(from, "canary-42"));
    assertFault("CONFIG", () => parseKvFile(changed, FILE, "file"), ["canary-42"]);
  }
});
