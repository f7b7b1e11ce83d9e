/** The keys of an unlocked stack, which all its views share: kept current, lent, wiped; and the documents that they open. */
import { Fault } from "../fault.ts";
import { KV_CONFIG, type KvFile, type KvName, type KvSealed, openKvFile, parseKvFile } from "../seal/kv_file.ts";
import { Keyring } from "../seal/keyring.ts";
import { openSlot, type SlotKey } from "../seal/passphrase_slot.ts";
import { authenticateSecretFile, parseSecretFile } from "../seal/secret_file.ts";
import { authenticateHeader, parseStackFile, slotContextOf, type StackHeader } from "../seal/stack_file.ts";
import {
  type DocumentId,
  kvDocument,
  secretDocument,
  STACK_DOCUMENT,
  type Store,
  type StoredDocument,
  type StoreWriter,
} from "../store/store.ts";
import type { AccessInProgress } from "./access.ts";
import type { SecretFileAt } from "./secret_record.ts";

/** What an open stack knows: its header and the keys that open it. */
export interface Unlocked {
  readonly header: StackHeader;
  readonly keyring: Keyring;
  readonly slotKey: SlotKey;
}

/** A name's documents, authenticated. */
export interface OpenedDocuments {
  readonly file: SecretFileAt | undefined;
  readonly kv: KvFile | undefined;
  readonly content: KvSealed | undefined;
}

interface Authenticated {
  readonly keyring: Keyring;
  readonly file: SecretFileAt;
}

export class StackSession {
  readonly store: Store;
  #current: Unlocked;
  #disposed = false;
  /**
   * What documents of secrets say, once authenticated, and with which keys. A store that hands out the same object again
   * says that nothing has changed; one that never does has nothing here.
   */
  readonly #authenticated = new WeakMap<StoredDocument, Authenticated>();

  /** Takes the keys over. */
  constructor(store: Store, unlocked: Unlocked) {
    this.store = store;
    this.#current = unlocked;
  }

  /** As of now: a re-key by another process is noticed by the next read or write. After `dispose`, its keys are wiped. */
  get current(): Unlocked {
    return this.#current;
  }

  /** Every writer first makes sure that its keys are still the stack's: a re-key may have come in between. */
  exclusively<T>(change: (writer: StoreWriter) => Promise<T>): Promise<T> {
    return this.store.exclusively(async (writer) => {
      await this.#refresh();
      return await change(writer);
    });
  }

  /**
   * Runs `change` under the store's lock with the keys that are current then; what it returns takes their place, and
   * the old ones are wiped. For operations on keys; see `rekey.ts` and `passphrase.ts`.
   * @throws {Fault} LOCKED when the passphrase was changed meanwhile: what is kept of the old one opens the slot no more
   */
  async changeKeys(
    change: (writer: StoreWriter, unlocked: Unlocked, store: Store) => Promise<Unlocked>,
  ): Promise<void> {
    await this.exclusively(async (writer) => {
      const { header, slotKey } = this.#current;
      if (header.slot.salt !== slotKey.parameters.salt) {
        // Wrapping new keys for the old passphrase would bring that one back.
        throw new Fault("LOCKED", "the stack's passphrase was changed meanwhile", { hint: "try again" });
      }
      // Copies of our own: reads that go on meanwhile replace and wipe the others, and `dispose` wipes them. A header
      // wrapped under a wiped key would be open to everybody, and closed to its owner.
      const context = slotContextOf(header);
      const keys = openSlot(header.slot, slotKey, context, "stack.json");
      const old: Unlocked = {
        header,
        keyring: new Keyring(context.id, keys),
        slotKey: { ...slotKey, kek: slotKey.kek.slice() },
      };
      try {
        const current = await change(writer, old, this.store);
        if (current.keyring !== old.keyring) old.keyring.dispose();
        if (current.slotKey !== old.slotKey) old.slotKey.kek.fill(0);
        wipe(this.#current);
        this.#current = current;
        if (this.#disposed) wipe(current);
      } catch (error) {
        wipe(old);
        throw error;
      }
    });
  }

  /**
   * Opens a document of the stack's own with the keys that are current; undefined when there is none. For
   * `registration.ts`.
   * @param open throws TAMPERED for a key that the stack does not have
   */
  async openDocument<T>(
    document: DocumentId,
    open: (stored: StoredDocument, unlocked: Unlocked) => T,
  ): Promise<T | undefined> {
    for (let isAgain = false;; isAgain = true) {
      const stored = await this.store.read(document);
      this.requireKeys();
      if (!stored) return undefined;
      try {
        return open(stored, this.#current);
      } catch (error) {
        // It may be under a key that a re-key has brought meanwhile.
        if (isAgain || !(error instanceof Fault) || error.code !== "TAMPERED") throw error;
        await this.#refresh();
      }
    }
  }

  /**
   * Authenticates the documents of a name and hands them to `use` at once, before a change of keys can come in between.
   * @param hasKv false: the caller knows that there is no KV file
   */
  async open<T>(
    name: KvName,
    hasKv: boolean,
    use: (found: OpenedDocuments) => T,
    access?: AccessInProgress,
  ): Promise<Awaited<T>> {
    const unknownKeys = new Set<number>();
    for (;;) {
      // The secret's own first, as writers do it the other way round: what its KV file has to say of a value that was
      // read is there by then. And both at once, so that a removal hardly ever comes in between: what was deleted
      // before it would be back for a moment.
      const [secret, kv] = await Promise.all([
        name === KV_CONFIG ? undefined : this.store.read(secretDocument(name)),
        hasKv ? this.store.read(kvDocument(name)) : undefined,
      ]);
      this.requireKeys();
      if (name !== KV_CONFIG && (secret || kv) && access?.secrets.has(name) === false) {
        access.secrets.set(name, undefined);
      }
      let found: OpenedDocuments | number;
      try {
        found = this.#authenticate(name, secret, kv, unknownKeys);
      } catch (error) {
        // Or it is whole, and another stack's, which has been put in the place of this one.
        if (error instanceof Fault && error.code === "TAMPERED") await this.#refresh();
        throw error;
      }
      if (typeof found !== "number") return await use(found);
      unknownKeys.add(found);
      await this.#refresh();
    }
  }

  /** @returns the number of a key that there is not, unless it is one of `unknownKeys` */
  #authenticate(
    name: KvName,
    secret: StoredDocument | undefined,
    kv: StoredDocument | undefined,
    unknownKeys: ReadonlySet<number>,
  ): OpenedDocuments | number {
    const { header: { id: stack }, keyring } = this.#current;
    const known = secret && this.#authenticated.get(secret);
    const isKnown = known?.keyring === keyring;
    const readFile = secret && name !== KV_CONFIG && !isKnown
      ? parseSecretFile(secret.bytes, { stack, name }, secret.where)
      : undefined;
    const readKv = kv && parseKvFile(kv.bytes, { stack, name }, kv.where);
    // A key that the header, read again, does not have was dropped meanwhile, and the file rewritten before that:
    // only a file that is under it still is damaged.
    const unknown = [readFile?.file.key, readKv?.file.key].find((key) =>
      key !== undefined && !keyring.has(key) && !unknownKeys.has(key)
    );
    if (unknown !== undefined) return unknown;
    const file = isKnown ? known.file : readFile &&
      { ...authenticateSecretFile(readFile, keyring, secret!.where), where: secret!.where };
    if (secret && file) this.#authenticated.set(secret, { keyring, file });
    return { file, kv: readKv?.file, content: readKv && openKvFile(readKv, keyring, kv!.where) };
  }

  /**
   * Lends the keys for as long as `use` runs. For `beside.ts`.
   * @throws {Fault} LOCKED when the stack was disposed of
   */
  lend<T>(use: (unlocked: Unlocked) => T): T {
    this.requireKeys();
    return use(this.#current);
  }

  /** @throws {Fault} LOCKED once they are wiped */
  requireKeys(): void {
    if (this.#disposed) throw new Fault("LOCKED", "the stack has been locked", { hint: "unlock it again" });
  }

  /** Wipes the keys. A change of keys that is under way ends first; all else that is under way fails with LOCKED. */
  dispose(): void {
    this.#disposed = true;
    wipe(this.#current);
  }

  async #refresh(): Promise<void> {
    const before = this.#current;
    const stored = await this.store.read(STACK_DOCUMENT);
    this.requireKeys();
    // Another call was faster: what we read may be older than what it read, and bring a dropped key back.
    if (this.#current !== before) return await this.#refresh();
    if (!stored) throw new Fault("NOT_FOUND", "the stack was removed meanwhile", { hint: AGAIN });
    const read = parseStackFile(stored.bytes, stored.where);
    const { header, keyring, slotKey } = this.#current;
    if (read.header.id !== header.id) {
      throw new Fault("CONFLICT", "the stack was replaced by another meanwhile", { hint: AGAIN });
    }
    const sameKeys = read.header.keys.join() === header.keys.join();
    if (!sameKeys && read.header.slot.salt !== slotKey.parameters.salt) {
      throw new Fault("LOCKED", "the stack's keys and its passphrase were changed meanwhile", { hint: "try again" });
    }
    const context = slotContextOf(read.header);
    const current = sameKeys
      ? keyring
      : new Keyring(context.id, openSlot(read.header.slot, slotKey, context, stored.where));
    authenticateHeader(read, current, stored.where);
    if (current !== keyring) keyring.dispose();
    this.#current = { header: read.header, keyring: current, slotKey };
  }
}

const AGAIN =
  "begin again with the stack that is there now: where a server holds the old one, coffer stop, coffer serve";

function wipe({ keyring, slotKey }: Unlocked): void {
  keyring.dispose();
  slotKey.kek.fill(0);
}
