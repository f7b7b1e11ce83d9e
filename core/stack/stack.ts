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
import { type AccessInProgress, type AccessKind, type RecordAccess, recorded } from "./access.ts";
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

/** What the views of one unlocked stack have in common. */
interface Session {
  unlocked: Unlocked;
  disposed: boolean;
}

export class Stack {
  readonly #store: Store;
  #session: Session;
  #record: RecordAccess = () => Promise.resolve();

  constructor(store: Store, unlocked: Unlocked) {
    this.#store = store;
    this.#session = { unlocked, disposed: false };
  }

  /** The same stack, whose accesses are recorded before they take effect. Disposing of either wipes the keys of both. */
  recordedBy(record: RecordAccess): Stack {
    const view = new Stack(this.#store, this.#unlocked);
    view.#session = this.#session;
    view.#record = record;
    return view;
  }

  /** Runs the steps of an access that is recorded. For `verify.ts`, `rekey.ts` and `passphrase.ts`. */
  recorded<T>(kind: AccessKind, steps: (access: AccessInProgress) => Promise<T>): Promise<T> {
    return recorded(this.#record, kind, steps);
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
    return (await this.#read([name], true, version)).get(name)!;
  }

  /**
   * Opens those of several secrets that exist.
   * @throws {Fault} CONFIG or TAMPERED when one that exists does not open: then none is returned
   */
  find(names: readonly SecretName[]): Promise<Map<SecretName, OpenedValue>> {
    return this.#read(names, false);
  }

  /**
   * Opens several secrets: all of them, or none.
   * @throws {Fault} NOT_FOUND listing every missing name; otherwise as `find`
   */
  getAll(names: readonly SecretName[]): Promise<Map<SecretName, OpenedValue>> {
    return this.#read(names, true);
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
    return await this.#changing("write", (writer, access) => this.#append(writer, access, name, decide));
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
    await this.#changing("write", async (writer, access) => {
      for (const [name, next] of values) {
        const found = await this.#open(name, (file) => file, access);
        const current = found && this.#openEntry(found);
        using _current = current?.value;
        const unchanged = current?.type === next.type && current.value.equals(next.value);
        outcome.set(name, unchanged ? "unchanged" : found ? "updated" : "added");
        access.secrets.set(name, (current?.version ?? 0) + (unchanged ? 0 : 1));
      }
      await access.grant();
      const granted = { ...access, grant: () => Promise.resolve() };
      for (const [name, next] of values) {
        if (outcome.get(name) !== "unchanged") await this.#append(writer, granted, name, () => next);
      }
    });
    return outcome;
  }

  /** Makes an older version the newest again, as a new version, and returns that one's number. */
  async rollback(name: SecretName, version: number): Promise<number> {
    return await this.#changing("write", async (writer, access) => {
      const found = await this.#open(name, (file) => file, access);
      if (!found) {
        access.missing = 1;
        throw missingSecrets([name]);
      }
      const { value, type } = this.#openEntry(found, version);
      using _value = value;
      return await this.#append(writer, access, name, () => ({ value, type }));
    });
  }

  /**
   * Removes secrets with all their versions: all of them, or none when one does not exist.
   * @throws {Fault} NOT_FOUND, listing every missing name
   */
  async remove(names: readonly SecretName[]): Promise<void> {
    await this.#changing("remove", async (writer, access) => {
      const present = new Set(await this.#store.list());
      const missing = names.filter((name) => !present.has(name));
      for (const name of names) if (present.has(name)) access.secrets.set(name, undefined);
      access.missing = missing.length;
      if (missing.length > 0) throw missingSecrets(missing);
      await access.grant();
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
        if (this.#session.disposed) wipe(current);
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
    this.#session.disposed = true;
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

  /** As `#exclusively`, recorded. */
  #changing<T>(
    kind: AccessKind,
    change: (writer: StoreWriter, access: AccessInProgress) => Promise<T>,
  ): Promise<T> {
    return this.recorded(kind, (access) => this.#exclusively((writer) => change(writer, access)));
  }

  get #unlocked(): Unlocked {
    return this.#session.unlocked;
  }

  set #unlocked(unlocked: Unlocked) {
    this.#session.unlocked = unlocked;
  }

  /** Opens secrets, and hands them out once that is recorded. `all`: all of them, or none. */
  #read(names: readonly SecretName[], all: boolean, version?: number): Promise<Map<SecretName, OpenedValue>> {
    return this.recorded("read", async (access) => {
      const opened = new Map<SecretName, OpenedValue>();
      try {
        for (const name of new Set(names)) {
          const found = await this.#open(name, (file) => this.#openEntry(file, version), access);
          if (!found) continue;
          opened.set(name, found);
          access.secrets.set(name, found.version);
        }
        const missing = names.filter((name) => !opened.has(name));
        access.missing = missing.length;
        if (all && missing.length > 0) throw missingSecrets(missing);
        await access.grant();
        return opened;
      } catch (error) {
        for (const { value } of opened.values()) value.dispose();
        throw error;
      }
    });
  }

  #requireKeys(): void {
    if (this.#session.disposed) throw new Fault("LOCKED", "the stack has been locked", { hint: "unlock it again" });
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
  async #open<T>(
    name: SecretName,
    use: (file: SecretFileAt) => T,
    access?: AccessInProgress,
  ): Promise<T | undefined> {
    let unknownKey: number | undefined;
    for (;;) {
      const stored = await this.#store.read(secretDocument(name));
      this.#requireKeys();
      if (!stored) return undefined;
      if (access?.secrets.has(name) === false) access.secrets.set(name, undefined);
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
    access: AccessInProgress,
    name: SecretName,
    decide: (current: OpenedValue | undefined) => NewValue,
  ): Promise<number> {
    const { keyring, header } = this.#unlocked;
    const found = await this.#open(name, (file) => file, access);
    const current = found && this.#openEntry(found);
    using _current = current?.value;
    const next = decide(current);
    requireFitting(name, next);
    const version = (current?.version ?? 0) + 1;
    const place = { stack: header.id, name, key: keyring.newest };
    const older = found ? resealUnder(found, place.key, keyring) : [];
    const entry = { version, created: formatTimestamp(new Date()), type: next.type };
    const versions = [sealVersion(place, entry, next.value, keyring), ...older].slice(0, KEPT_VERSIONS);
    const bytes = encodeSecretFile({ ...place, versions }, keyring); // now: the keys may be wiped while we wait
    access.secrets.set(name, version);
    await access.grant();
    await writer.write(secretDocument(name), bytes);
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
