/** Making a stack. */
import { randomBytes } from "../crypto/bytes.ts";
import { Fault } from "../fault.ts";
import type { Secret } from "../secret.ts";
import { KV_CONFIG } from "../seal/kv_file.ts";
import { Keyring } from "../seal/keyring.ts";
import { LOG_N, newSlotKey, wrapKeys } from "../seal/passphrase_slot.ts";
import { encodeStackFile, slotContextOf } from "../seal/stack_file.ts";
import { formatTimestamp } from "../seal/timestamp.ts";
import { kvDocument, STACK_DOCUMENT, type Store } from "../store/store.ts";
import { everyName } from "./names.ts";
import { StackSession } from "./session.ts";
import { Stack } from "./stack.ts";

export interface CreateOptions {
  /** log2 of scrypt's N: 10…20, 17 unless given. */
  readonly logN?: number;
  /** Called with 0…1 while the key is derived. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Makes a stack with a fresh id and a fresh random key in an empty store, and returns it unlocked.
 * @throws {Fault} CONFLICT when the store holds a stack or secrets; USAGE for an empty passphrase or a work factor out
 * of range
 */
export async function createStack(store: Store, passphrase: Secret, options: CreateOptions = {}): Promise<Stack> {
  const slotKey = await newSlotKey(passphrase, checkWorkFactor(options.logN ?? LOG_N.default), options.onProgress);
  const idBytes = randomBytes(16);
  const id = Array.from(idBytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const keyring = Keyring.generate(idBytes);
  const partial = { id, created: formatTimestamp(new Date()), keys: keyring.numbers };
  const header = { ...partial, slot: wrapKeys(slotKey, keyring, slotContextOf(partial)) };
  try {
    await store.exclusively(async (writer) => {
      if (await store.read(STACK_DOCUMENT)) throw new Fault("CONFLICT", "there is a stack here already");
      // A new key over old ciphertexts would lose them for good.
      if ((await everyName(store)).size > 0 || await store.read(kvDocument(KV_CONFIG))) {
        throw new Fault("CONFLICT", "there are sealed secrets here, but the stack.json that opens them is missing", {
          hint: "restore stack.json from version control or a backup, or move the secrets folder away",
        });
      }
      await writer.write(STACK_DOCUMENT, encodeStackFile(header, keyring));
    });
  } catch (error) {
    keyring.dispose();
    slotKey.kek.fill(0);
    throw error;
  }
  return new Stack(new StackSession(store, { header, keyring, slotKey }));
}

/** @throws {Fault} USAGE unless `logN` is an integer that readers accept */
export function checkWorkFactor(logN: number): number {
  if (Number.isInteger(logN) && logN >= LOG_N.least && logN <= LOG_N.most) return logN;
  throw new Fault("USAGE", `the work factor must be a whole number from ${LOG_N.least} to ${LOG_N.most}`, {
    hint: `${LOG_N.default} is the default; each step more doubles the time and memory of an unlock`,
  });
}
