/** Changing a stack's passphrase: a new slot for the same stack keys. One file changes, whatever the stack's size. */
import type { Secret } from "../secret.ts";
import { newSlotKey, wrapKeys } from "../seal/passphrase_slot.ts";
import { encodeStackFile, slotContextOf } from "../seal/stack_file.ts";
import { STACK_DOCUMENT } from "../store/store.ts";
import { checkWorkFactor, type CreateOptions } from "./create.ts";
import type { Stack } from "./stack.ts";

/**
 * Replaces the passphrase, and the work factor if one is given. Whoever has an old copy of `stack.json` and the old
 * passphrase still has the stack key: after a leak, `rekey` as well.
 */
export async function changePassphrase(stack: Stack, passphrase: Secret, options: CreateOptions = {}): Promise<void> {
  const logN = checkWorkFactor(options.logN ?? stack.header.slot.logN);
  const slotKey = await newSlotKey(passphrase, logN, options.onProgress);
  try {
    await stack.recorded(
      "passphrase",
      (access) =>
        stack.session.changeKeys(async (writer, { header: old, keyring }) => {
          const header = { ...old, slot: wrapKeys(slotKey, keyring, slotContextOf(old)) };
          await access.grant();
          await writer.write(STACK_DOCUMENT, encodeStackFile(header, keyring));
          return { header, keyring, slotKey };
        }),
    );
  } catch (error) {
    slotKey.kek.fill(0);
    throw error;
  }
}
