/**
 * Re-keying (docs/format.md §5): a fresh stack key, and every version of every secret sealed again under it.
 *
 * Both keys stay in the header until every file has been rewritten and opened again, so a kill at any instant leaves a
 * stack that opens; running it again goes on where it stopped.
 */
import type { SecretName } from "../name.ts";
import { wrapKeys } from "../seal/passphrase_slot.ts";
import { authenticateSecretFile, encodeSecretFile, openVersion, parseSecretFile } from "../seal/secret_file.ts";
import { encodeStackFile, slotContextOf } from "../seal/stack_file.ts";
import { secretDocument, STACK_DOCUMENT, type Store, type StoreWriter } from "../store/store.ts";
import { resealUnder, type Stack, type Unlocked } from "./stack.ts";

/**
 * @param onProgress called with 0…1
 * @returns how many secrets were sealed again
 * @throws {Fault} CONFIG or TAMPERED when a file does not open: then nothing is lost, and both keys stay
 */
export async function rekey(stack: Stack, onProgress?: (done: number) => void): Promise<number> {
  return await stack.recorded("rekey", async (access) => {
    await stack.changeKeys(async (writer, unlocked, store) => {
      const names = await store.list();
      for (const name of names) access.secrets.set(name, undefined);
      // Damage is reported before anything changes.
      for (const name of names) await openAll(store, unlocked, name);
      await access.grant();
      const resumed = unlocked.header.keys.length === 2;
      const both = resumed ? unlocked : await adopt(writer, unlocked, unlocked.keyring.withNewKey());
      using _both = resumed ? undefined : both.keyring; // the caller wipes the one it passed in
      for (const [i, name] of names.entries()) {
        const file = await openAll(store, both, name);
        const key = both.keyring.newest;
        if (file.key !== key) {
          const versions = resealUnder(file, key, both.keyring);
          await writer.write(secretDocument(name), encodeSecretFile({ ...file, key, versions }, both.keyring));
          await openAll(store, both, name);
        }
        onProgress?.((i + 1) / names.length);
      }
      return await adopt(writer, both, both.keyring.onlyNewest());
    });
    return access.secrets.size;
  });
}

/** Writes a header that wraps the keys of `keyring`, and makes it the current one; takes ownership of `keyring`. */
async function adopt(writer: StoreWriter, old: Unlocked, keyring: Unlocked["keyring"]): Promise<Unlocked> {
  try {
    const partial = { ...old.header, keys: keyring.numbers };
    const header = { ...partial, slot: wrapKeys(old.slotKey, keyring, slotContextOf(partial)) };
    await writer.write(STACK_DOCUMENT, encodeStackFile(header, keyring));
    return { header, keyring, slotKey: old.slotKey };
  } catch (error) {
    keyring.dispose();
    throw error;
  }
}

async function openAll(store: Store, { header, keyring }: Unlocked, name: SecretName) {
  const stored = await store.read(secretDocument(name));
  if (!stored) throw new Error(`internal error: ${name} vanished under the lock`);
  const read = parseSecretFile(stored.bytes, { stack: header.id, name }, stored.where);
  const file = { ...authenticateSecretFile(read, keyring, stored.where), where: stored.where };
  for (const entry of file.versions) openVersion(file, entry, keyring, stored.where).dispose();
  return file;
}
