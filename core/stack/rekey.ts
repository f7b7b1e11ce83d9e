/**
 * Re-keying (docs/format.md §5): a fresh stack key, and every version of every secret sealed again under it.
 *
 * Both keys stay in the header until every file has been rewritten and opened again, so a kill at any instant leaves a
 * stack that opens; running it again goes on where it stopped.
 */
import { encodeKvFile, KV_CONFIG, openKvFile, parseKvFile } from "../seal/kv_file.ts";
import { encodeProviderFile, openProviderFile, parseProviderFile } from "../seal/provider_file.ts";
import { wrapKeys } from "../seal/passphrase_slot.ts";
import { authenticateSecretFile, encodeSecretFile, openVersion, parseSecretFile } from "../seal/secret_file.ts";
import { encodeStackFile, slotContextOf } from "../seal/stack_file.ts";
import {
  type DocumentId,
  kvDocument,
  PROVIDER_DOCUMENT,
  secretDocument,
  STACK_DOCUMENT,
  type Store,
  type StoreWriter,
} from "../store/store.ts";
import { resealUnder } from "./secret_writer.ts";
import type { Unlocked } from "./session.ts";
import type { Stack } from "./stack.ts";

/**
 * @param onProgress called with 0…1
 * @returns how many secrets were sealed again
 * @throws {Fault} CONFIG or TAMPERED when a file does not open: then nothing is lost, and both keys stay
 */
export async function rekey(stack: Stack, onProgress?: (done: number) => void): Promise<number> {
  return await stack.recorded("rekey", async (access) => {
    await stack.session.changeKeys(async (writer, unlocked, store) => {
      const [names, described] = [await store.list("secret"), await store.list("kv")];
      for (const name of [...names, ...described]) access.secrets.set(name, undefined);
      const config = kvDocument(KV_CONFIG);
      const documents = [...names.map(secretDocument), ...described.map(kvDocument)];
      for (const document of [config, PROVIDER_DOCUMENT]) if (await store.read(document)) documents.push(document);
      // Damage is reported before anything changes.
      for (const document of documents) await open(store, unlocked, document);
      await access.grant();
      const resumed = unlocked.header.keys.length === 2;
      const both = resumed ? unlocked : await adopt(writer, unlocked, unlocked.keyring.withNewKey());
      using _both = resumed ? undefined : both.keyring; // the caller wipes the one it passed in
      for (const [i, document] of documents.entries()) {
        const { key, reseal } = await open(store, both, document);
        if (key !== both.keyring.newest) {
          await writer.write(document, reseal(both.keyring.newest));
          await open(store, both, document);
        }
        onProgress?.((i + 1) / documents.length);
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

/** A document that opens, whole. */
interface Opened {
  /** Number of the stack key that it is under. */
  readonly key: number;
  /** The document under another key. */
  reseal(key: number): Uint8Array<ArrayBuffer>;
}

async function open(store: Store, { header, keyring }: Unlocked, document: DocumentId): Promise<Opened> {
  const stored = await store.read(document);
  if (!stored || document.kind === "stack") throw new Error("internal error: a document vanished under the lock");
  const { bytes, where } = stored;
  if (document.kind === "provider") {
    const read = parseProviderFile(bytes, header.id, where);
    openProviderFile(read, keyring, where).dispose();
    return {
      key: read.file.key,
      reseal(key) {
        using config = openProviderFile(read, keyring, where);
        return encodeProviderFile({ ...read.file, key }, config, keyring);
      },
    };
  }
  if (document.kind === "kv") {
    const read = parseKvFile(bytes, { stack: header.id, name: document.name }, where);
    const content = openKvFile(read, keyring, where);
    return { key: read.file.key, reseal: (key) => encodeKvFile({ ...read.file, key }, content, keyring) };
  }
  const read = parseSecretFile(bytes, { stack: header.id, name: document.name }, where);
  const file = { ...authenticateSecretFile(read, keyring, where), where };
  for (const entry of file.versions) openVersion(file, entry, keyring, where).dispose();
  const versions = (key: number) => resealUnder(file, key, keyring);
  return { key: file.key, reseal: (key) => encodeSecretFile({ ...file, key, versions: versions(key) }, keyring) };
}
