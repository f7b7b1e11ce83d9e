import fc from "fast-check";
import assert from "node:assert/strict";
import { parseSecretName } from "../../../core/name.ts";
import { Keyring } from "../../../core/seal/keyring.ts";
import { bucketOf } from "../../../core/seal/padding.ts";
import {
  authenticateSecretFile,
  encodeSecretFile,
  openVersion,
  parseSecretFile,
  type SealedVersion,
  sealVersion,
  type ValueType,
} from "../../../core/seal/secret_file.ts";
import { slotContextOf } from "../../../core/seal/stack_file.ts";
import { Secret } from "../../../core/secret.ts";
import { secretAtPath } from "../../../core/store/file_name.ts";
import { fromBase64, toBase64 } from "../../reference/format/layout.ts";
import { acceptVectors, filesOf, kvsOf, refuseVectors, secretsOf } from "../../reference/format/vectors.ts";
import { count, secretName, singleByteChanges, timestamp } from "./arbitraries.ts";
import { assertFault, assertFaultAsync } from "./assert_fault.ts";
import { readContentsWithCore, readSecretWithCore, readWithCore, unlockWithCore } from "./core_stack.ts";

const STACK = "00112233445566778899aabbccddeeff";
const NAME = parseSecretName("db/password");
const PLACE = { stack: STACK, name: NAME, key: 1 };
const ENTRY = { version: 3, created: "2026-01-31T23:59:59Z", type: "bytes" } as const;
const CANARY = new TextEncoder().encode("canary-value");

const type = fc.constantFrom<ValueType>("bytes", "json");
const bytes = fc.uint8Array({ maxLength: 2500, size: "max" });

function keyringOf(...numbers: number[]): Keyring {
  const { id } = slotContextOf({ id: STACK, keys: [] });
  return new Keyring(id, new Map(numbers.map((n) => [n, new Uint8Array(32).fill(n)])));
}

function sealed(value: Uint8Array, keyring: Keyring, entry: Omit<SealedVersion, "sealed"> = ENTRY): SealedVersion {
  return sealVersion(PLACE, entry, new Secret(value.slice()), keyring);
}

Deno.test("openVersion() returns the value when sealVersion() sealed it, whatever its bytes and type", () => {
  using keyring = keyringOf(1);
  fc.assert(fc.property(bytes, type, timestamp, count, secretName, (value, type, created, version, name) => {
    const place = { ...PLACE, name };
    const entry = { version, created, type };
    const sealed = sealVersion(place, entry, new Secret(value.slice()), keyring);
    assert.deepEqual({ ...sealed, sealed: "" }, { ...entry, sealed: "" });
    using opened = openVersion(place, sealed, keyring, "file");
    assert.deepEqual(opened.reveal(), value);
  }));
});

Deno.test("sealVersion() shows no more of a value's length than its bucket", () => {
  using keyring = keyringOf(1);
  for (const size of [0, 1, 59, 60, 61, 1019, 1020, 1021, 2044, 2045]) {
    const { length } = fromBase64(sealed(new Uint8Array(size), keyring).sealed);
    assert.equal(length, 24 + bucketOf(size) + 16);
  }
});

Deno.test("sealVersion() takes a fresh nonce each time and leaves the value as it is", () => {
  using keyring = keyringOf(1);
  const value = new Secret(CANARY.slice());
  const nonces = Array.from({ length: 20 }, () => sealVersion(PLACE, ENTRY, value, keyring).sealed.slice(0, 32));
  assert.equal(new Set(nonces).size, 20);
  assert.deepEqual(value.reveal(), CANARY);
});

Deno.test("openVersion() is TAMPERED when the value stands in any other place than the one it was sealed for", () => {
  using keyring = keyringOf(1, 2);
  const value = sealed(CANARY, keyring);
  const others: [typeof PLACE, SealedVersion][] = [
    [{ ...PLACE, name: parseSecretName("db/passwor") }, value],
    [{ ...PLACE, name: parseSecretName("DB/password") }, value],
    [{ ...PLACE, stack: STACK.replace("00", "01") }, value],
    [{ ...PLACE, key: 2 }, value],
    [PLACE, { ...value, version: 4 }],
    [PLACE, { ...value, type: "json" }],
    [PLACE, { ...value, created: "2026-01-31T23:59:58Z" }],
  ];
  for (const [place, entry] of others) {
    assertFault("TAMPERED", () => openVersion(place, entry, keyring, "file"), ["canary-value"]);
  }
  using opened = openVersion(PLACE, value, keyring, "file");
  assert.deepEqual(opened.reveal(), CANARY);
});

Deno.test("openVersion() is TAMPERED when any byte of the sealed value is changed", () => {
  using keyring = keyringOf(1);
  const value = sealed(CANARY, keyring);
  const plain = fromBase64(value.sealed);
  for (let at = 0; at < plain.length; at++) {
    const changed = plain.slice();
    changed[at]! ^= 1;
    assertFault("TAMPERED", () => openVersion(PLACE, { ...value, sealed: toBase64(changed) }, keyring, "file"));
  }
});

Deno.test("parseSecretFile() returns the file when encodeSecretFile() wrote it", () => {
  using keyring = keyringOf(1, 2);
  const versions = fc.uniqueArray(count, { minLength: 1, maxLength: 12 }).chain((numbers) =>
    fc.tuple(
      ...numbers.sort((a, b) => b - a).map((version) =>
        fc.record({
          version: fc.constant(version),
          created: timestamp,
          type,
          sealed: fc.uint8Array({ minLength: 104, maxLength: 300 }).map(toBase64),
        }, { noNullPrototype: true })
      ),
    )
  );
  fc.assert(fc.property(secretName, fc.constantFrom(1, 2), versions, (name, key, versions) => {
    const file = { stack: STACK, name, key, versions };
    const read = parseSecretFile(encodeSecretFile(file, keyring), { stack: STACK, name }, "file");
    assert.deepEqual(authenticateSecretFile(read, keyring, "file"), file);
  }));
});

Deno.test("authenticateSecretFile() is TAMPERED when the stack key is another, or is not there", () => {
  using keyring = keyringOf(1);
  using without = keyringOf(2);
  using another = new Keyring(slotContextOf({ id: STACK, keys: [] }).id, new Map([[1, new Uint8Array(32)]]));
  const bytes = encodeSecretFile({ ...PLACE, versions: [sealed(CANARY, keyring)] }, keyring);
  const read = parseSecretFile(bytes, PLACE, "file");
  for (const other of [without, another]) assertFault("TAMPERED", () => authenticateSecretFile(read, other, "file"));
});

Deno.test("core/seal opens every vector to accept", async () => {
  for (const [name, vector] of acceptVectors()) {
    const { secrets, kvs, provider } = await readContentsWithCore(filesOf(vector.files), vector.passphrase);
    assert.deepEqual(secrets, secretsOf(vector), name);
    assert.deepEqual(kvs, kvsOf(vector), name);
    assert.deepEqual(provider, vector.provider, name);
  }
});

Deno.test("encodeSecretFile() gives the file back when it was parsed from a vector", async () => {
  let compared = 0;
  for (const [name, vector] of acceptVectors()) {
    const files = filesOf(vector.files);
    const { header, keyring } = await unlockWithCore(files.get("stack.json")!, vector.passphrase);
    using _keys = keyring;
    for (const [path, bytes] of files) {
      const found = path.startsWith("secrets/") && secretAtPath(path.split("/").slice(1));
      if (!found) continue;
      const { file } = parseSecretFile(bytes, { stack: header.id, name: found }, path);
      assert.deepEqual(encodeSecretFile(file, keyring), bytes, name);
      compared++;
    }
  }
  assert.ok(compared > 60);
});

for (const name of ["secret_layout", "secret_authenticity", "kv_layout", "kv_content", "kv_authenticity"]) {
  Deno.test(`core/seal refuses every vector of ${name}, for its reason`, async () => {
    const { files, passphrase, cases } = refuseVectors().find(([group]) => group === name)![1];
    const values = ["hunter1", "hunter2", "hunter3", "swordfish", "owner", passphrase];
    assert.equal((await readWithCore(filesOf(files), passphrase)).size, 2);
    for (const refused of cases) {
      const changed = filesOf(files, refused.files);
      try {
        await assertFaultAsync(refused.code, () => readWithCore(changed, refused.passphrase ?? passphrase), values);
      } catch (error) {
        throw new Error(refused.name, { cause: error });
      }
    }
  });
}

Deno.test("core/seal is CONFIG or TAMPERED when any single byte of a secret's file is changed", () => {
  using keyring = keyringOf(1);
  const versions = [sealed(CANARY, keyring), sealed(CANARY, keyring, { ...ENTRY, version: 1, type: "json" })];
  const file = encodeSecretFile({ ...PLACE, versions }, keyring);
  assert.equal(readSecretWithCore(file, STACK, NAME, keyring).length, 2);
  let changes = 0;
  for (const changed of singleByteChanges(file)) {
    changes++;
    const read = () => authenticateSecretFile(parseSecretFile(changed, PLACE, "file"), keyring, "file");
    assertFault(["CONFIG", "TAMPERED"], read);
  }
  assert.ok(changes > 4000);
});

Deno.test("parseSecretFile() does not show what is in the file when it refuses", () => {
  using keyring = keyringOf(1);
  const text = new TextDecoder().decode(encodeSecretFile({ ...PLACE, versions: [sealed(CANARY, keyring)] }, keyring));
  for (
    const [from, to] of [['"key"', '"canary-42"'], ["bytes", "canary-42"], ["2026-", "canary-42"], [
      "{\n",
      "canary-42",
    ]] as const
  ) {
    const changed = new TextEncoder().encode(text.replace(from, to));
    assertFault("CONFIG", () => parseSecretFile(changed, PLACE, "file"), ["canary-42"]);
  }
});
