import assert from "node:assert/strict";
import { Keyring, type Purpose } from "../../../core/seal/keyring.ts";
import { fromHex, toHex } from "../../reference/format/layout.ts";
import { acceptVectors } from "../../reference/format/vectors.ts";

const ID = fromHex("00112233445566778899aabbccddeeff");
const PURPOSES: readonly Purpose[] = ["coffer/1 seal", "coffer/1 mac secret", "coffer/1 mac stack"];
const key = (fill: number) => new Uint8Array(32).fill(fill);
const keyring = () => new Keyring(ID, new Map([[8, key(8)], [7, key(7)]]));

Deno.test("derive() gives the keys of the vectors", () => {
  const steps = acceptVectors().find(([name]) => name === "steps")![1].steps!;
  using keyring = new Keyring(fromHex(steps["id"]!), new Map([[1, fromHex(steps["stackKey"]!)]]));
  assert.equal(toHex(keyring.derive(1, "coffer/1 seal")), steps["sealKey"]);
  assert.equal(toHex(keyring.derive(1, "coffer/1 mac secret")), steps["macSecretKey"]);
  assert.equal(toHex(keyring.derive(1, "coffer/1 mac stack")), steps["macStackKey"]);
});

Deno.test("derive() gives another key for each purpose, stack key and stack", () => {
  using here = keyring();
  using elsewhere = new Keyring(ID.map((byte) => byte ^ 1), new Map([[8, key(8)]]));
  const all = [
    ...PURPOSES.flatMap((purpose) => [here.derive(7, purpose), here.derive(8, purpose)]),
    ...PURPOSES.map((purpose) => elsewhere.derive(8, purpose)),
  ];
  assert.ok(all.every((derived) => derived.length === 32));
  assert.equal(new Set(all.map(toHex)).size, all.length);
});

Deno.test("derive() throws when the stack has no such key", () => {
  using here = keyring();
  assert.ok(!here.has(9));
  assert.throws(() => here.derive(9, "coffer/1 seal"));
});

Deno.test("numbers are newest first, in whatever order the keys came", () => {
  using here = new Keyring(ID, new Map([[7, key(7)], [8, key(8)]]));
  assert.deepEqual(here.numbers, [8, 7]);
  assert.equal(here.newest, 8);
  assert.ok(here.has(7) && here.has(8));
});

Deno.test("export() gives the keys in the order of numbers", () => {
  using here = new Keyring(ID, new Map([[7, key(7)], [8, key(8)]]));
  assert.deepEqual(here.export(), Uint8Array.from([...key(8), ...key(7)]));
});

Deno.test("generate() makes one key, number 1, another each time", () => {
  using a = Keyring.generate(ID);
  using b = Keyring.generate(ID);
  assert.deepEqual(a.numbers, [1]);
  assert.equal(a.export().length, 32);
  assert.notDeepEqual(a.export(), b.export());
  assert.notDeepEqual(a.export(), new Uint8Array(32));
});

Deno.test("withNewKey() puts a fresh key in front and keeps the others when the old keyring goes", () => {
  const old = new Keyring(ID, new Map([[7, key(7)]]));
  using renewed = old.withNewKey();
  old.dispose();
  assert.deepEqual(renewed.numbers, [8, 7]);
  assert.deepEqual(renewed.export().subarray(32), key(7));
  assert.notDeepEqual(renewed.export().subarray(0, 32), key(7));
  assert.notDeepEqual(renewed.export().subarray(0, 32), new Uint8Array(32));
});

Deno.test("onlyNewest() keeps the newest key when the old keyring goes", () => {
  const old = keyring();
  using only = old.onlyNewest();
  old.dispose();
  assert.deepEqual(only.numbers, [8]);
  assert.deepEqual(only.export(), key(8));
});

Deno.test("dispose() wipes the stack keys and everything derived from them", () => {
  const stackKey = key(1);
  const here = new Keyring(ID, new Map([[1, stackKey]]));
  const derived = PURPOSES.map((purpose) => here.derive(1, purpose));
  assert.ok(derived.every((bytes) => bytes.some((byte) => byte !== 0)));
  here[Symbol.dispose]();
  for (const bytes of [stackKey, ...derived]) assert.deepEqual(bytes, new Uint8Array(32));
  assert.throws(() => here.derive(1, "coffer/1 seal"));
});

Deno.test("a keyring shows no key when it is inspected or turned into JSON", () => {
  using here = new Keyring(ID, new Map([[1, key(0xab)]]));
  here.derive(1, "coffer/1 seal");
  const shown = Deno.inspect(here, { depth: 9, showHidden: true }) + JSON.stringify(here) + String(here);
  assert.ok(!/171|abab/.test(shown));
});
