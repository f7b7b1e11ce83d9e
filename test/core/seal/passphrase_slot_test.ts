import fc from "fast-check";
import assert from "node:assert/strict";
import { Keyring } from "../../../core/seal/keyring.ts";
import {
  LOG_N,
  newSlotKey,
  openSlot,
  parseSlot,
  type PassphraseSlot,
  type SlotKey,
  slotKeyOf,
  wrapKeys,
} from "../../../core/seal/passphrase_slot.ts";
import { slotContextOf } from "../../../core/seal/stack_file.ts";
import { Secret } from "../../../core/secret.ts";
import { fromHex, toBase64, toHex } from "../../reference/format/layout.ts";
import { acceptVectors } from "../../reference/format/vectors.ts";
import { assertFault, assertFaultAsync } from "./assert_fault.ts";

const CANARY = "canary-passphrase";
const ID = "00112233445566778899aabbccddeeff";
const CONTEXT = slotContextOf({ id: ID, keys: [2, 1] });
const secret = (text: string) => Secret.fromText(text);

function twoKeys(): Keyring {
  return new Keyring(CONTEXT.id, new Map([[1, new Uint8Array(32).fill(1)], [2, new Uint8Array(32).fill(2)]]));
}

async function sound(): Promise<{ slot: PassphraseSlot; slotKey: SlotKey }> {
  using keyring = twoKeys();
  const slotKey = await newSlotKey(secret(CANARY), 10);
  return { slot: wrapKeys(slotKey, keyring, CONTEXT), slotKey };
}

Deno.test("openSlot() returns the stack keys by number when the passphrase is right", async () => {
  const { slot } = await sound();
  const keys = openSlot(slot, await slotKeyOf(slot, secret(CANARY)), CONTEXT, "file");
  assert.deepEqual([...keys].sort(), [[1, new Uint8Array(32).fill(1)], [2, new Uint8Array(32).fill(2)]]);
});

Deno.test("openSlot() is LOCKED when the passphrase is another", async () => {
  const { slot } = await sound();
  for (const other of [`${CANARY} `, CANARY.toUpperCase(), CANARY.slice(1)]) {
    const slotKey = await slotKeyOf(slot, secret(other));
    assertFault("LOCKED", () => openSlot(slot, slotKey, CONTEXT, "file"), [CANARY, other]);
  }
});

Deno.test("openSlot() is LOCKED when the slot is of another stack", async () => {
  const { slot, slotKey } = await sound();
  const elsewhere = slotContextOf({ id: ID.replace("00", "01"), keys: [2, 1] });
  assertFault("LOCKED", () => openSlot(slot, slotKey, elsewhere, "file"));
});

Deno.test("openSlot() is TAMPERED when the slot is for other key numbers", async () => {
  const { slot, slotKey } = await sound();
  for (const keys of [[3, 2], [1], [1, 2]]) {
    assertFault("TAMPERED", () => openSlot(slot, slotKey, slotContextOf({ id: ID, keys }), "file"));
  }
});

Deno.test("openSlot() is TAMPERED when a parameter differs from the one that was wrapped, and the key is the same", async () => {
  const { slot, slotKey } = await sound();
  const other = (change: Partial<PassphraseSlot>) => ({ ...slot, ...change });
  // The key is given, so that the associated data is all that can notice.
  for (
    const changed of [
      other({ logN: 11 }),
      other({ r: 9 }),
      other({ p: 2 }),
      other({ salt: toBase64(new Uint8Array(32)) }),
    ]
  ) {
    assertFault("TAMPERED", () => openSlot(changed, slotKey, CONTEXT, "file"));
  }
});

Deno.test("openSlot() is TAMPERED when any byte of wrapped is changed", async () => {
  const { slot, slotKey } = await sound();
  const wrapped = Uint8Array.from(atob(slot.wrapped), (c) => c.charCodeAt(0));
  for (let at = 0; at < wrapped.length; at++) {
    const changed = wrapped.slice();
    changed[at]! ^= 0x80;
    assertFault("TAMPERED", () => openSlot({ ...slot, wrapped: toBase64(changed) }, slotKey, CONTEXT, "file"));
  }
});

Deno.test("slotKeyOf() derives the key of the vectors", async () => {
  const steps = acceptVectors().find(([name]) => name === "steps")![1].steps!;
  const salt = toBase64(fromHex(steps["salt"]!));
  const slot = { type: "passphrase", kdf: "scrypt", logN: 10, r: 8, p: 1, salt, commitment: "", wrapped: "" } as const;
  const slotKey = await slotKeyOf(slot, new Secret(fromHex(steps["passphrase"]!)));
  assert.equal(toHex(slotKey.kek), steps["kek"]);
  using keyring = new Keyring(fromHex(steps["id"]!), new Map([[1, fromHex(steps["stackKey"]!)]]));
  const context = slotContextOf({ id: steps["id"]!, keys: [1] });
  assert.equal(wrapKeys(slotKey, keyring, context).commitment, toBase64(fromHex(steps["commitment"]!)));
});

Deno.test("slotKeyOf() derives one key when a passphrase comes composed or decomposed", async () => {
  const { slot } = await sound();
  const key = async (text: string) => toHex((await slotKeyOf(slot, secret(text))).kek);
  assert.equal(await key("cl\u00e9 \u212b"), await key("cle\u0301 A\u030a"));
  // NFC, not NFKC: a ligature stays one.
  assert.notEqual(await key("\ufb01"), await key("fi"));
});

Deno.test("newSlotKey() is USAGE when the passphrase is empty or not UTF-8", async () => {
  await assertFaultAsync("USAGE", () => newSlotKey(secret(""), 10));
  const bytes = new Uint8Array([...new TextEncoder().encode(CANARY), 0xff]);
  await assertFaultAsync("USAGE", () => newSlotKey(new Secret(bytes), 10), [CANARY]);
});

Deno.test("slotKeyOf() is USAGE when the passphrase holds a NUL, which scrypt cannot tell from a shorter one", async () => {
  const { slot } = await sound();
  for (const other of [`${CANARY}\0`, `\0${CANARY}`]) {
    await assertFaultAsync("USAGE", () => slotKeyOf(slot, secret(other)), [CANARY]);
  }
});

Deno.test("newSlotKey() leaves the passphrase as it is", async () => {
  const passphrase = secret(CANARY);
  await newSlotKey(passphrase, 10);
  assert.equal(passphrase.revealText(), CANARY);
});

Deno.test("newSlotKey() takes a fresh salt, and wrapKeys() a fresh nonce", async () => {
  const [a, b] = [await newSlotKey(secret(CANARY), 10), await newSlotKey(secret(CANARY), 10)];
  assert.notEqual(a.parameters.salt, b.parameters.salt);
  assert.notDeepEqual(a.kek, b.kek);
  using keyring = twoKeys();
  assert.notEqual(
    wrapKeys(a, keyring, CONTEXT).wrapped.slice(0, 32),
    wrapKeys(a, keyring, CONTEXT).wrapped.slice(0, 32),
  );
});

Deno.test("parseSlot() returns the slot when it is sound, at either bound of logN", async () => {
  const { slot } = await sound();
  for (const logN of [LOG_N.least, LOG_N.most]) {
    assert.deepEqual(parseSlot({ ...slot, logN }, 2, "file"), { ...slot, logN });
  }
});

Deno.test("parseSlot() is CONFIG when a cost is not what a file may ask for", async () => {
  const { slot } = await sound();
  const costs = [9, 21, 63, 64, -1, 0, 1e9, 2 ** 31, 2 ** 53, 17.5, NaN, Infinity, -0, "17", "018", null, undefined, [
    17,
  ], {}];
  for (const logN of costs) assertFault("CONFIG", () => parseSlot({ ...slot, logN }, 2, "file"));
  for (const r of [...costs, 1, 2 ** 20]) assertFault("CONFIG", () => parseSlot({ ...slot, r }, 2, "file"));
  for (const p of [...costs, 2, 2 ** 30 - 1]) assertFault("CONFIG", () => parseSlot({ ...slot, p }, 2, "file"));
});

Deno.test("parseSlot() is CONFIG when the slot is of another kind or shape", async () => {
  const { slot } = await sound();
  for (const other of [null, undefined, 1, "x", [], [slot], {}]) {
    assertFault("CONFIG", () => parseSlot(other, 2, "file"));
  }
  for (const change of [{ type: "recipient" }, { kdf: "argon2id" }, { type: undefined }, { kdf: ["scrypt"] }]) {
    assertFault("CONFIG", () => parseSlot({ ...slot, ...change }, 2, "file"));
  }
});

Deno.test("parseSlot() is CONFIG when binary data has another length or another spelling", async () => {
  const { slot } = await sound();
  for (const member of ["salt", "commitment", "wrapped"] as const) {
    const value = slot[member];
    for (
      const other of ["", toBase64(new Uint8Array(31)), value + value, ` ${value}`, value.replace(/=+$/, ""), null, 1]
    ) {
      // 104 bytes need no padding to be removed; the other spellings still differ.
      if (other !== value) assertFault("CONFIG", () => parseSlot({ ...slot, [member]: other }, 2, "file"));
    }
  }
  for (const keyCount of [1, 3]) assertFault("CONFIG", () => parseSlot(slot, keyCount, "file"));
});

Deno.test("parseSlot() never throws anything but CONFIG when the slot is any JSON", async () => {
  const { slot } = await sound();
  fc.assert(fc.property(fc.constantFrom(...Object.keys(slot)), fc.jsonValue({ maxDepth: 2 }), (member, value) => {
    const changed = { ...slot, [member]: value };
    try {
      parseSlot(changed, 2, "file");
    } catch {
      assertFault("CONFIG", () => parseSlot(changed, 2, "file"));
    }
  }));
});
