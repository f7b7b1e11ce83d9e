/** A stack that has not been unlocked: what can be known of it without its passphrase, which is all but the values. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Secret } from "../secret.ts";
import { Keyring } from "../seal/keyring.ts";
import { openSlot, slotKeyOf } from "../seal/passphrase_slot.ts";
import { parseSecretFile, type SealedVersion } from "../seal/secret_file.ts";
import {
  authenticateHeader,
  parseStackFile,
  type ReadHeader,
  slotContextOf,
  type StackHeader,
} from "../seal/stack_file.ts";
import { secretDocument, STACK_DOCUMENT, type Store } from "../store/store.ts";
import { missingSecrets } from "./missing.ts";
import { Stack } from "./stack.ts";

/** A version without its value. */
export type VersionInfo = Omit<SealedVersion, "sealed">;

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

  /** Names of all secrets, in code-unit order. */
  list(): Promise<SecretName[]> {
    return this.#store.list();
  }

  /**
   * A secret's versions, newest first, as its file says; authenticated only by opening.
   * @throws {Fault} NOT_FOUND when there is no such secret
   */
  async history(name: SecretName): Promise<VersionInfo[]> {
    const stored = await this.#store.read(secretDocument(name));
    if (!stored) throw missingSecrets([name]);
    const { file } = parseSecretFile(stored.bytes, { stack: this.header.id, name }, stored.where);
    return file.versions.map(({ version, created, type }) => ({ version, created, type }));
  }

  /**
   * Unlocks the stack.
   * @param onProgress called with 0…1 while the key is derived
   * @throws {Fault} LOCKED when the passphrase is wrong; TAMPERED when the header does not authenticate
   */
  async unlock(passphrase: Secret, onProgress?: (done: number) => void): Promise<Stack> {
    const { slot } = this.header;
    const context = slotContextOf(this.header);
    const slotKey = await slotKeyOf(slot, passphrase, onProgress);
    let keyring: Keyring | undefined;
    try {
      keyring = new Keyring(context.id, openSlot(slot, slotKey, context, this.#where));
      authenticateHeader(this.#read, keyring, this.#where);
      return new Stack(this.#store, { header: this.header, keyring, slotKey });
    } catch (error) {
      keyring?.dispose();
      slotKey.kek.fill(0);
      throw error;
    }
  }
}
