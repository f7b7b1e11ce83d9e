/** An unlocked stack: reads and writes of its secrets. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Secret } from "../secret.ts";
import { Keyring } from "../seal/keyring.ts";
import { openSlot, type SlotKey } from "../seal/passphrase_slot.ts";
import {
  authenticateSecretFile,
  encodeSecretFile,
  openVersion,
  parseSecretFile,
  type SealedVersion,
  sealVersion,
  type SecretFile,
  type ValueType,
} from "../seal/secret_file.ts";
import { MAX_VALUE_BYTES } from "../seal/padding.ts";
import { authenticateHeader, parseStackFile, slotContextOf, type StackHeader } from "../seal/stack_file.ts";
import { formatTimestamp } from "../seal/timestamp.ts";
import { secretDocument, STACK_DOCUMENT, type Store, type StoreWriter } from "../store/store.ts";
import { missingSecrets } from "./missing.ts";

/** How many versions of a secret a writer keeps. */
const KEPT_VERSIONS = 10;

/** A value as it was opened; the receiver disposes of it. */
export interface OpenedValue {
  readonly value: Secret;
  readonly type: ValueType;
  readonly version: number;
  /** RFC 3339, UTC. */
  readonly created: string;
}

/** A value to write. */
export interface NewValue {
  readonly value: Secret;
  readonly type: ValueType;
}

/** What an open stack knows: its header and the keys that open it. */
export interface Unlocked {
  readonly header: StackHeader;
  readonly keyring: Keyring;
  readonly slotKey: SlotKey;
}

export class Stack {
  readonly #store: Store;
  #unlocked: Unlocked;
  #disposed = false;

  constructor(store: Store, unlocked: Unlocked) {
    this.#store = store;
    this.#unlocked = unlocked;
  }

  get header(): StackHeader {
    return this.#unlocked.header;
  }

  /** Names of all secrets, in code-unit order. */
  list(): Promise<SecretName[]> {
    return this.#store.list();
  }

  /**
   * Opens a secret.
   * @param version a version number; the newest unless given
   * @throws {Fault} NOT_FOUND; CONFIG when its file does not parse; TAMPERED when it does not authenticate
   */
  async get(name: SecretName, version?: number): Promise<OpenedValue> {
    const opened = await this.#open(name, (file) => this.#openEntry(file, version));
    if (!opened) throw missingSecrets([name]);
    return opened;
  }

  /**
   * Opens those of several secrets that exist.
   * @throws {Fault} CONFIG or TAMPERED when one that exists does not open: then none is returned
   */
  async find(names: readonly SecretName[]): Promise<Map<SecretName, OpenedValue>> {
    const opened = new Map<SecretName, OpenedValue>();
    try {
      for (const name of new Set(names)) {
        const found = await this.#open(name, (file) => this.#openEntry(file));
        if (found) opened.set(name, found);
      }
      return opened;
    } catch (error) {
      for (const { value } of opened.values()) value.dispose();
      throw error;
    }
  }

  /**
   * Opens several secrets: all of them, or none.
   * @throws {Fault} NOT_FOUND listing every missing name; otherwise as `find`
   */
  async getAll(names: readonly SecretName[]): Promise<Map<SecretName, OpenedValue>> {
    const opened = await this.find(names);
    const missing = names.filter((name) => !opened.has(name));
    if (missing.length === 0) return opened;
    for (const { value } of opened.values()) value.dispose();
    throw missingSecrets(missing);
  }

  /**
   * Writes a new version and returns its number. Older versions stay, ten in all.
   * @param expected the newest version the caller knows of (0: none); CONFLICT when that is no longer so
   * @throws {Fault} USAGE when the value is larger than 16 MiB; TAMPERED when the old file does not authenticate
   */
  set(name: SecretName, next: NewValue, expected?: number): Promise<number> {
    return this.change(name, (current) => {
      if (expected !== undefined && (current?.version ?? 0) !== expected) {
        throw new Fault("CONFLICT", `${name} was changed meanwhile: it is at version ${current?.version ?? 0}`, {
          hint: `coffer get ${name} to see the new value, then try again`,
        });
      }
      return next;
    });
  }

  /**
   * Writes what `decide` makes of the newest value, with no other writer in between. Returns the new version's number.
   * The current value is disposed of afterwards.
   */
  async change(name: SecretName, decide: (current: OpenedValue | undefined) => NewValue): Promise<number> {
    return await this.#exclusively((writer) => this.#append(writer, name, decide));
  }

  /**
   * Writes many secrets under one lock. A value that is already the newest is left alone, so that importing twice
   * changes nothing. Returns what became of each name.
   */
  async setAll(
    values: ReadonlyMap<SecretName, NewValue>,
  ): Promise<Map<SecretName, "added" | "updated" | "unchanged">> {
    const outcome = new Map<SecretName, "added" | "updated" | "unchanged">();
    for (const [name, next] of values) requireFitting(name, next); // before anything is written
    await this.#exclusively(async (writer) => {
      for (const [name, next] of values) {
        const found = await this.#open(name, (file) => file);
        if (found) {
          using current = this.#openEntry(found).value;
          if (found.versions[0]!.type === next.type && current.equals(next.value)) {
            outcome.set(name, "unchanged");
            continue;
          }
        }
        await this.#append(writer, name, () => next);
        outcome.set(name, found ? "updated" : "added");
      }
    });
    return outcome;
  }

  /** Makes an older version the newest again, as a new version, and returns that one's number. */
  async rollback(name: SecretName, version: number): Promise<number> {
    return await this.#exclusively(async (writer) => {
      const found = await this.#open(name, (file) => file);
      if (!found) throw missingSecrets([name]);
      const { value, type } = this.#openEntry(found, version);
      using _value = value;
      return await this.#append(writer, name, () => ({ value, type }));
    });
  }

  /**
   * Removes secrets with all their versions: all of them, or none when one does not exist.
   * @throws {Fault} NOT_FOUND, listing every missing name
   */
  async remove(names: readonly SecretName[]): Promise<void> {
    await this.#exclusively(async (writer) => {
      const present = new Set(await this.#store.list());
      const missing = names.filter((name) => !present.has(name));
      if (missing.length > 0) throw missingSecrets(missing);
      for (const name of names) await writer.remove(secretDocument(name));
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
    await this.#exclusively(async (writer) => {
      const { header, slotKey } = this.#unlocked;
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
        const current = await change(writer, old, this.#store);
        if (current.keyring !== old.keyring) old.keyring.dispose();
        if (current.slotKey !== old.slotKey) old.slotKey.kek.fill(0);
        wipe(this.#unlocked);
        this.#unlocked = current;
        if (this.#disposed) wipe(current);
      } catch (error) {
        wipe(old);
        throw error;
      }
    });
  }

  /** Authenticates a secret's file and opens every version. For `verify.ts`. */
  async check(name: SecretName): Promise<void> {
    await this.#open(name, (file) => {
      for (const { version } of file.versions) this.#openEntry(file, version).value.dispose();
    });
  }

  /** Wipes the keys. A change of keys that is under way ends first; all else that is under way fails with LOCKED. */
  dispose(): void {
    this.#disposed = true;
    wipe(this.#unlocked);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Every writer first makes sure that its keys are still the stack's: a re-key may have come in between. */
  #exclusively<T>(change: (writer: StoreWriter) => Promise<T>): Promise<T> {
    return this.#store.exclusively(async (writer) => {
      await this.#refresh();
      return await change(writer);
    });
  }

  #requireKeys(): void {
    if (this.#disposed) throw new Fault("LOCKED", "the stack has been locked", { hint: "unlock it again" });
  }

  async #refresh(): Promise<void> {
    const before = this.#unlocked;
    const stored = await this.#store.read(STACK_DOCUMENT);
    this.#requireKeys();
    // Another call was faster: what we read may be older than what it read, and bring a dropped key back.
    if (this.#unlocked !== before) return await this.#refresh();
    if (!stored) throw new Fault("NOT_FOUND", "the stack was removed meanwhile");
    const read = parseStackFile(stored.bytes, stored.where);
    const { header, keyring, slotKey } = this.#unlocked;
    if (read.header.id !== header.id) throw new Fault("CONFLICT", "the stack was replaced by another meanwhile");
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
    this.#unlocked = { header: read.header, keyring: current, slotKey };
  }

  /** Authenticates a secret's file and hands it to `use` at once, before a change of keys can come in between. */
  async #open<T>(name: SecretName, use: (file: SecretFileAt) => T): Promise<T | undefined> {
    let unknownKey: number | undefined;
    for (;;) {
      const stored = await this.#store.read(secretDocument(name));
      this.#requireKeys();
      if (!stored) return undefined;
      const read = parseSecretFile(stored.bytes, { stack: this.header.id, name }, stored.where);
      const { key } = read.file;
      // A key that the header, read again, does not have was dropped meanwhile, and the file rewritten before that:
      // only a file that is under it still is damaged.
      if (this.#unlocked.keyring.has(key) || key === unknownKey) {
        return use({ ...authenticateSecretFile(read, this.#unlocked.keyring, stored.where), where: stored.where });
      }
      unknownKey = key;
      await this.#refresh();
    }
  }

  #openEntry(file: SecretFileAt, version?: number): OpenedValue {
    const entry = version === undefined ? file.versions[0]! : file.versions.find((v) => v.version === version);
    if (!entry) {
      throw new Fault("NOT_FOUND", `there is no version ${version} of ${file.name}`, {
        hint: `coffer history ${file.name}`,
      });
    }
    const { type, created } = entry;
    return {
      value: openVersion(file, entry, this.#unlocked.keyring, file.where),
      type,
      version: entry.version,
      created,
    };
  }

  async #append(
    writer: StoreWriter,
    name: SecretName,
    decide: (current: OpenedValue | undefined) => NewValue,
  ): Promise<number> {
    const { keyring, header } = this.#unlocked;
    const found = await this.#open(name, (file) => file);
    const current = found && this.#openEntry(found);
    using _current = current?.value;
    const next = decide(current);
    requireFitting(name, next);
    const version = (current?.version ?? 0) + 1;
    const place = { stack: header.id, name, key: keyring.newest };
    const older = found ? resealUnder(found, place.key, keyring) : [];
    const entry = { version, created: formatTimestamp(new Date()), type: next.type };
    const versions = [sealVersion(place, entry, next.value, keyring), ...older].slice(0, KEPT_VERSIONS);
    await writer.write(secretDocument(name), encodeSecretFile({ ...place, versions }, keyring));
    return version;
  }
}

interface SecretFileAt extends SecretFile {
  readonly where: string;
}

/** A file's versions under stack key `key`: as they are when they are under it already, so that their bytes stay. */
export function resealUnder(file: SecretFileAt, key: number, keyring: Keyring): SealedVersion[] {
  if (file.key === key) return [...file.versions];
  return file.versions.map((entry) => {
    using value = openVersion(file, entry, keyring, file.where);
    const { version, created, type } = entry;
    return sealVersion({ ...file, key }, { version, created, type }, value, keyring);
  });
}

function requireFitting(name: SecretName, { value }: NewValue): void {
  if (value.size <= MAX_VALUE_BYTES) return;
  throw new Fault("USAGE", `the value of ${name} is larger than 16 MiB`, {
    hint: "seal a key instead, and encrypt the data with it",
  });
}

function wipe({ keyring, slotKey }: Unlocked): void {
  keyring.dispose();
  slotKey.kek.fill(0);
}
