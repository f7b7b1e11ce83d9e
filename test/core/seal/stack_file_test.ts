import fc from "fast-check";
import assert from "node:assert/strict";
import { Keyring } from "../../../core/seal/keyring.ts";
import type { PassphraseSlot } from "../../../core/seal/passphrase_slot.ts";
import {
  authenticateHeader,
  encodeStackFile,
  parseStackFile,
  slotContextOf,
  type StackHeader,
} from "../../../core/seal/stack_file.ts";
import { toBase64, toHex } from "../../reference/format/layout.ts";
import { acceptVectors, filesOf, refuseVectors } from "../../reference/format/vectors.ts";
import { count, singleByteChanges, timestamp } from "./arbitraries.ts";
import { assertFault, assertFaultAsync } from "./assert_fault.ts";
import { readWithCore, unlockWithCore } from "./core_stack.ts";

const utf8 = new TextEncoder();
const bytesOf = (n: number) => fc.uint8Array({ minLength: n, maxLength: n }).map(toBase64);

const slotFor = (keyCount: number): fc.Arbitrary<PassphraseSlot> =>
  fc.record({
    type: fc.constant("passphrase" as const),
    kdf: fc.constant("scrypt" as const),
    logN: fc.integer({ min: 10, max: 20 }),
    r: fc.constant(8),
    p: fc.constant(1),
    salt: bytesOf(32),
    commitment: bytesOf(32),
    wrapped: bytesOf(24 + 32 * keyCount + 16),
  }, { noNullPrototype: true });

/** Any header that can be written, with a keyring for it. */
const written: fc.Arbitrary<{ header: StackHeader; stackKey: number }> = fc.tuple(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex),
  timestamp,
  count,
  fc.boolean(),
  fc.nat(255),
).chain(([id, created, n, rekeying, stackKey]) => {
  const keys = rekeying && n > 1 ? [n, n - 1] : [n];
  return slotFor(keys.length).map((slot) => ({ header: { id, created, keys, slot }, stackKey }));
});

function keyringFor({ id, keys }: StackHeader, fill: number): Keyring {
  return new Keyring(slotContextOf({ id, keys }).id, new Map(keys.map((n) => [n, new Uint8Array(32).fill(fill + n)])));
}

function groupOf(name: string) {
  const group = refuseVectors().find(([group]) => group === name)?.[1];
  assert.ok(group && group.cases.length >= 26, "the group is there");
  return group;
}

Deno.test("parseStackFile() returns the header when encodeStackFile() wrote it", () => {
  fc.assert(fc.property(written, ({ header, stackKey }) => {
    using keyring = keyringFor(header, stackKey);
    const bytes = encodeStackFile(header, keyring);
    const read = parseStackFile(bytes, "stack.json");
    assert.deepEqual(read.header, header);
    authenticateHeader(read, keyring, "stack.json");
  }));
});

Deno.test("encodeStackFile() gives the file back when it was parsed from a vector", async () => {
  for (const [name, { files, passphrase }] of acceptVectors()) {
    const bytes = filesOf(files).get("stack.json")!;
    const { header, keyring } = await unlockWithCore(bytes, passphrase);
    using _keys = keyring;
    assert.deepEqual(encodeStackFile(header, keyring), bytes, name);
  }
});

Deno.test("authenticateHeader() is TAMPERED when the stack key is another", () => {
  fc.assert(
    fc.property(written, ({ header, stackKey }) => {
      using keyring = keyringFor(header, stackKey);
      using other = keyringFor(header, stackKey + 1);
      const read = parseStackFile(encodeStackFile(header, keyring), "stack.json");
      assertFault("TAMPERED", () => authenticateHeader(read, other, "stack.json"));
    }),
    { numRuns: 30 },
  );
});

for (const name of ["stack_layout", "stack_bounds"]) {
  Deno.test(`parseStackFile() refuses every vector of ${name} without a key`, () => {
    const { files, cases } = groupOf(name);
    parseStackFile(filesOf(files).get("stack.json")!, "stack.json");
    for (const refused of cases) {
      const bytes = filesOf(files, refused.files).get("stack.json")!;
      try {
        assertFault(refused.code, () => parseStackFile(bytes, "stack.json"));
      } catch (error) {
        throw new Error(refused.name, { cause: error });
      }
    }
  });
}

Deno.test("core/seal refuses every vector of stack_authenticity, for its reason", async () => {
  const { files, passphrase, cases } = groupOf("stack_authenticity");
  assert.ok((await readWithCore(filesOf(files), passphrase)).size > 0);
  for (const refused of cases) {
    const changed = filesOf(files, refused.files);
    const used = refused.passphrase ?? passphrase;
    try {
      // A passphrase of one letter is in every message.
      await assertFaultAsync(refused.code, () => readWithCore(changed, used), used.length > 1 ? [used] : []);
    } catch (error) {
      throw new Error(refused.name, { cause: error });
    }
  }
});

Deno.test("parseStackFile() is CONFIG or TAMPERED, never LOCKED, when any single byte is changed", () => {
  const [, { files }] = acceptVectors().find(([name]) => name === "rekeying")!;
  let changes = 0;
  for (const changed of singleByteChanges(filesOf(files).get("stack.json")!)) {
    changes++;
    assertFault(["CONFIG", "TAMPERED"], () => parseStackFile(changed, "stack.json"));
  }
  assert.ok(changes > 4000);
});

Deno.test("parseStackFile() refuses at once and allocates nothing when the costs are out of bounds", () => {
  const [, { files }] = acceptVectors().find(([name]) => name === "minimal")!;
  const text = files["stack.json"] as string;
  const asked = [
    ...["63", "21", "-1", '"018"', "1000000000", "1e9"].map((logN) => text.replace('"logN":10', `"logN":${logN}`)),
    text.replace('"r":8', `"r":${2 ** 20}`),
    text.replace('"p":1', `"p":${2 ** 30}`),
  ];
  for (const file of asked) {
    assert.notEqual(file, text);
    const bytes = utf8.encode(file);
    const memory = Deno.memoryUsage().rss;
    const start = performance.now();
    // It throws before it returns: nothing that is asynchronous, as the KDF is, has been waited for.
    assertFault("CONFIG", () => parseStackFile(bytes, "stack.json"));
    assert.ok(performance.now() - start < 100);
    assert.ok(Deno.memoryUsage().rss - memory < 8 * 1024 * 1024);
  }
});

Deno.test("parseStackFile() does not show what is in the file when it refuses", () => {
  const [, { files }] = acceptVectors().find(([name]) => name === "minimal")!;
  const text = files["stack.json"] as string;
  for (
    const [from, to] of [['"id"', '"canary-42"'], ["scrypt", "canary-42"], ["2026-", "canary-42"], [
      "{\n",
      "canary-42",
    ]] as const
  ) {
    assertFault("CONFIG", () => parseStackFile(utf8.encode(text.replace(from, to)), "stack.json"), ["canary-42"]);
  }
});

Deno.test("slotContextOf() gives the id as bytes and as hex", () => {
  const context = slotContextOf({ id: "00ff10".padEnd(32, "a"), keys: [3] });
  assert.deepEqual([...context.id.subarray(0, 4)], [0, 0xff, 0x10, 0xaa]);
  assert.equal(context.id.length, 16);
  assert.deepEqual([context.idHex, context.keys], ["00ff10".padEnd(32, "a"), [3]]);
});
