/** A stack that has not been unlocked: what can be known of it without its passphrase, which is all but the values. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Secret } from "../secret.ts";
import { Keyring } from "../seal/keyring.ts";
import { openSlot, type SlotKey, slotKeyOf } from "../seal/passphrase_slot.ts";
import { parseKvFile } from "../seal/kv_file.ts";
import { parseProviderFile } from "../seal/provider_file.ts";
import { parseSecretFile } from "../seal/secret_file.ts";
import {
  authenticateHeader,
  parseStackFile,
  type ReadHeader,
  slotContextOf,
  type StackHeader,
} from "../seal/stack_file.ts";
import { timestampNow } from "../seal/timestamp.ts";
import { kvDocument, PROVIDER_DOCUMENT, secretDocument, STACK_DOCUMENT, type Store } from "../store/store.ts";
import { missingSecrets } from "./missing.ts";
import { namesWhere } from "./names.ts";
import { SecretRecord, type VersionInfo } from "./secret_record.ts";
import { StackSession } from "./session.ts";
import { Stack } from "./stack.ts";

export class LockedStack {
  readonly #store: Store;
  readonly #read: ReadHeader;
  readonly #where: string;

  private constructor(store: Store, read: ReadHeader, where: string) {
    this.#store = store;
    this.#read = read;
    this.#where = where;
  }

  /**
   * Reads the stack's header.
   * @throws {Fault} NOT_FOUND when the store holds no stack; CONFIG or TAMPERED when its header is damaged
   */
  static async load(store: Store): Promise<LockedStack> {
    const stored = await store.read(STACK_DOCUMENT);
    if (!stored) throw new Fault("NOT_FOUND", "there is no stack here", { hint: "coffer init" });
    return new LockedStack(store, parseStackFile(stored.bytes, stored.where), stored.where);
  }

  /** As the file says; authenticated only once the stack is unlocked. */
  get header(): StackHeader {
    return this.#read.header;
  }

  /**
   * The kind of provider that the secrets are with, as the file says; undefined: they are in the stack itself.
   * @throws {Fault} CONFIG or TAMPERED when the file is damaged
   */
  async provider(): Promise<string | undefined> {
    const stored = await this.#store.read(PROVIDER_DOCUMENT);
    return stored && parseProviderFile(stored.bytes, this.header.id, stored.where).file.provider;
  }

  /** Names of the secrets that have a value, in code-unit order: those whose newest version is deleted have none. */
  list(): Promise<SecretName[]> {
    const now = timestampNow();
    return namesWhere(this.#store, "", async (name) => (await this.#record(name)).present(now) !== undefined);
  }

  /**
   * A secret's versions, newest first, as its files say; authenticated only by opening.
   * @throws {Fault} NOT_FOUND when there is no such secret
   */
  async history(name: SecretName): Promise<VersionInfo[]> {
    const record = await this.#record(name);
    if (!record.exists) throw missingSecrets([name]);
    return record.history;
  }

  async #record(name: SecretName): Promise<SecretRecord> {
    const stack = this.header.id;
    const [secret, kv] = await Promise.all([
      this.#store.read(secretDocument(name)),
      this.#store.read(kvDocument(name)),
    ]);
    const file = secret && parseSecretFile(secret.bytes, { stack, name }, secret.where).file;
    const about = kv && parseKvFile(kv.bytes, { stack, name }, kv.where).file;
    return new SecretRecord(name, file && { ...file, where: secret.where }, about);
  }

  /**
   * Unlocks the stack.
   * @param onProgress called with 0…1 while the key is derived
   * @throws {Fault} LOCKED when the passphrase is wrong; TAMPERED when the header does not authenticate
   */
  async unlock(passphrase: Secret, onProgress?: (done: number) => void): Promise<Stack> {
    return this.unlockWith(await slotKeyOf(this.header.slot, passphrase, onProgress));
  }

  /**
   * Unlocks the stack with a key that was derived before, which the stack takes over.
   * @throws as `unlock`
   */
  unlockWith(slotKey: SlotKey): Stack {
    const { slot } = this.header;
    const context = slotContextOf(this.header);
    let keyring: Keyring | undefined;
    try {
      keyring = new Keyring(context.id, openSlot(slot, slotKey, context, this.#where));
      authenticateHeader(this.#read, keyring, this.#where);
      return new Stack(new StackSession(this.#store, { header: this.header, keyring, slotKey }));
    } catch (error) {
      keyring?.dispose();
      slotKey.kek.fill(0);
      throw error;
    }
  }
}
