import fc from "fast-check";
import assert from "node:assert/strict";
import { Keyring } from "../../../core/seal/keyring.ts";
import {
  encodeProviderFile,
  openProviderFile,
  parseProviderFile,
  type ProviderFile,
} from "../../../core/seal/provider_file.ts";
import { slotContextOf } from "../../../core/seal/stack_file.ts";
import { Secret } from "../../../core/secret.ts";
import { fromBase64 } from "../../reference/format/layout.ts";
import { timestamp } from "./arbitraries.ts";
import { assertFault } from "./assert_fault.ts";
import { singleByteChanges } from "./arbitraries.ts";

const STACK = "00112233445566778899aabbccddeeff";
const FILE: ProviderFile = { stack: STACK, key: 1, provider: "vault", created: "2026-01-31T23:59:59Z" };
const CONFIG = { url: "https://canary.example", token: "canary-value", auth: { b: 1, a: [true, null, "é"] } };

function keyringOf(...numbers: number[]): Keyring {
  const { id } = slotContextOf({ id: STACK, keys: [] });
  return new Keyring(id, new Map(numbers.map((n) => [n, new Uint8Array(32).fill(n)])));
}

function encode(config: unknown, keyring: Keyring, file: ProviderFile = FILE): Uint8Array<ArrayBuffer> {
  using text = Secret.fromText(typeof config === "string" ? config : JSON.stringify(config));
  return encodeProviderFile(file, text, keyring);
}

function opened(bytes: Uint8Array, keyring: Keyring): [ProviderFile, unknown] {
  const read = parseProviderFile(bytes, STACK, "file");
  using config = openProviderFile(read, keyring, "file");
  return [read.file, JSON.parse(config.revealText())];
}

const wellFormed = fc.string({ unit: "binary", maxLength: 30 });
const config = fc.dictionary(wellFormed, fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }), {
  noNullPrototype: true,
});

Deno.test("openProviderFile() returns what encodeProviderFile() wrote, whatever it is", () => {
  using keyring = keyringOf(1, 2);
  fc.assert(
    fc.property(config, fc.constantFrom(1, 2), timestamp, (config, key, created) => {
      const file = { ...FILE, key, created };
      const expected = JSON.parse(JSON.stringify(config));
      assert.deepEqual(opened(encode(config, keyring, file), keyring), [file, expected]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("encodeProviderFile() shows nothing but the kind and the time, and takes a fresh nonce each time", () => {
  using keyring = keyringOf(1);
  const nonces = Array.from({ length: 20 }, () => {
    const text = new TextDecoder().decode(encode(CONFIG, keyring));
    assert.ok(!text.includes("canary") && text.includes('"vault"'));
    return fromBase64(/"sealed": "([^"]+)"/.exec(text)![1]!).subarray(0, 24).join();
  });
  assert.equal(new Set(nonces).size, 20);
});

Deno.test("encodeProviderFile() refuses what could not be read back", () => {
  using keyring = keyringOf(1);
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  const long = (bytes: number) => ({ a: "x".repeat(bytes - 8) });
  opened(encode(deep(32), keyring), keyring);
  opened(encode(long(65_536), keyring), keyring);
  for (const config of [deep(33), long(65_537), '{"a":"\\ud83d"}', "[]", "1"]) {
    assertFault("CONFIG", () => encode(config, keyring));
  }
});

Deno.test("no byte of the file can be changed", () => {
  using keyring = keyringOf(1);
  const bytes = encode(CONFIG, keyring);
  let tried = 0;
  for (const changed of singleByteChanges(bytes)) {
    assertFault(["CONFIG", "TAMPERED"], () => opened(changed, keyring));
    tried++;
  }
  assert.ok(tried > 2000);
});

Deno.test("a file of another stack, or under another key, is TAMPERED", () => {
  using keyring = keyringOf(1);
  using without = keyringOf(2);
  using another = new Keyring(slotContextOf({ id: STACK, keys: [] }).id, new Map([[1, new Uint8Array(32)]]));
  const bytes = encode(CONFIG, keyring);
  for (const other of [without, another]) assertFault("TAMPERED", () => opened(bytes, other));
  assertFault("TAMPERED", () => parseProviderFile(bytes, STACK.replace("0", "1"), "file"));
});
