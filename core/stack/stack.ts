/** An unlocked stack: reads and writes of its secrets. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Secret } from "../secret.ts";
import {
  encodeKvFile,
  KV_CONFIG,
  type KvFile,
  type KvName,
  type KvSealed,
  NO_SETTINGS,
  openKvFile,
  parseKvFile,
} from "../seal/kv_file.ts";
import { Keyring } from "../seal/keyring.ts";
import { openSlot, type SlotKey } from "../seal/passphrase_slot.ts";
import {
  authenticateSecretFile,
  openVersion,
  parseSecretFile,
  type SealedVersion,
  type ValueType,
} from "../seal/secret_file.ts";
import { authenticateHeader, parseStackFile, slotContextOf, type StackHeader } from "../seal/stack_file.ts";
import { timestampNow } from "../seal/timestamp.ts";
import {
  type DocumentId,
  kvDocument,
  PROVIDER_DOCUMENT,
  secretDocument,
  STACK_DOCUMENT,
  type Store,
  type StoredDocument,
  type StoreWriter,
} from "../store/store.ts";
import { type AccessInProgress, type AccessKind, type RecordAccess, recorded } from "./access.ts";
import { goneVersion, missingSecrets, noSuchVersion } from "./missing.ts";
import { everyName, namesWhere } from "./names.ts";
import { type RecordedVersion, type SecretFileAt, SecretRecord, type VersionInfo } from "./secret_record.ts";
import { removal, requireFitting, SecretWriter, take } from "./secret_writer.ts";

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

/** Opens one version of the record that it came with. */
export type OpenVersion = (version: SealedVersion) => OpenedValue;

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
  /**
   * What documents of secrets say, once authenticated, and with which keys. A store that hands out the same object again
   * says that nothing has changed; one that never does has nothing here.
   */
  readonly authenticated: WeakMap<StoredDocument, Authenticated>;
}

interface Authenticated {
  readonly keyring: Keyring;
  readonly file: SecretFileAt;
}

export class Stack {
  readonly #store: Store;
  #session: Session;
  #record: RecordAccess = () => Promise.resolve();

  constructor(store: Store, unlocked: Unlocked) {
    this.#store = store;
    this.#session = { unlocked, disposed: false, authenticated: new WeakMap() };
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

  /** Names of the secrets that have a value, in code-unit order: those whose newest version is deleted have none. */
  list(): Promise<SecretName[]> {
    const now = timestampNow();
    return namesWhere(this.#store, "", (name) => this.inspect(name, (record) => record.present(now) !== undefined));
  }

  /** Names of all secrets of which anything is known: also deleted ones, and those that have metadata alone. */
  listAll(prefix = ""): Promise<SecretName[]> {
    return namesWhere(this.#store, prefix, (name) => this.inspect(name, (record) => record.exists));
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
   * Opens those of several secrets that exist, and are not deleted.
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
   * Writes a new version and returns its number. Older versions stay: ten in all, unless settings say otherwise.
   * @param expected the newest version the caller knows of (0: none); CONFLICT when that is no longer so
   * @throws {Fault} USAGE when the value is larger than 16 MiB; TAMPERED when the old file does not authenticate
   */
  async set(name: SecretName, next: NewValue, expected?: number): Promise<number> {
    const version = await this.change(name, (current) => {
      if (expected !== undefined && (current?.version ?? 0) !== expected) {
        throw new Fault("CONFLICT", `${name} was changed meanwhile: it is at version ${current?.version ?? 0}`, {
          hint: `coffer get ${name} to see the new value, then try again`,
        });
      }
      return next;
    });
    return version!;
  }

  /**
   * Writes what `decide` makes of the newest value, with no other writer in between. Returns the new version's number;
   * undefined when `decide` has left it as it was. The current value, of which there is none when it was deleted, is
   * disposed of afterwards.
   */
  async change(
    name: SecretName,
    decide: (current: OpenedValue | undefined) => NewValue | undefined,
  ): Promise<number | undefined> {
    return await this.update("write", name, async (record, write, open) => {
      const present = record.present(timestampNow());
      const current = present && open(present);
      using _current = current?.value;
      const next = decide(current);
      return next && (await write.append(next)).version;
    });
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
        await this.inspect(name, (record, open) => {
          const present = record.present(timestampNow());
          const current = present && open(present);
          using _current = current?.value;
          const unchanged = current?.type === next.type && current.value.equals(next.value);
          outcome.set(name, unchanged ? "unchanged" : record.file ? "updated" : "added");
          access.secrets.set(name, record.latest + (unchanged ? 0 : 1));
        }, access);
      }
      await access.grant();
      const granted = { ...access, grant: () => Promise.resolve() };
      for (const [name, next] of values) {
        if (outcome.get(name) === "unchanged") continue;
        await this.#update(writer, granted, name, (_record, write) => write.append(next));
      }
    });
    return outcome;
  }

  /**
   * A secret's versions, newest first.
   * @throws {Fault} NOT_FOUND when there is no such secret; otherwise as `get`
   */
  history(name: SecretName): Promise<VersionInfo[]> {
    return this.inspect(name, (record) => {
      if (!record.exists) throw missingSecrets([name]);
      return record.history;
    });
  }

  /** Makes an older version the newest again, as a new version, and returns that one's number; also a deleted one. */
  async rollback(name: SecretName, version: number): Promise<number> {
    return await this.#changing(
      "write",
      (writer, access) =>
        this.#update(writer, access, name, async (record, write, open) => {
          const sealed = record.sealed(version);
          if (!sealed) {
            if (!record.exists) access.missing = 1;
            throw whyNot(record, version);
          }
          const { value, type } = open(sealed);
          using _value = value;
          return (await write.append({ value, type })).version;
        }),
    );
  }

  /**
   * Removes secrets with all their versions and whatever else is known of them: all of them, or none when there is
   * nothing of one.
   * @throws {Fault} NOT_FOUND, listing every missing name
   */
  async remove(names: readonly SecretName[]): Promise<void> {
    await this.#changing("remove", async (writer, access) => {
      const [present, described] = [await everyName(this.#store), new Set(await this.#store.list("kv"))];
      const missing = names.filter((name) => !present.has(name));
      for (const name of names) if (present.has(name)) access.secrets.set(name, undefined);
      access.missing = missing.length;
      if (missing.length > 0) throw missingSecrets(missing);
      this.#requireKeys(); // they may have gone while we looked
      const steps = names.flatMap((name) => removal(this.#unlocked, name, described.has(name)));
      await access.grant();
      await take(steps, writer);
    });
  }

  /**
   * Hands all that is known of a secret to `use`, authenticated.
   * @param access is told that the secret exists; recording it is up to the caller
   * @throws {Fault} CONFIG when a file does not parse; TAMPERED when it does not authenticate
   */
  inspect<T>(
    name: SecretName,
    use: (record: SecretRecord, open: OpenVersion) => T,
    access?: AccessInProgress,
  ): Promise<Awaited<T>> {
    return this.#inspect(name, true, use, access);
  }

  /** As `inspect`, recorded, with no other writer in between, and with the means to change the secret once. */
  update<T>(
    kind: AccessKind,
    name: SecretName,
    change: (record: SecretRecord, write: SecretWriter, open: OpenVersion) => Promise<T>,
  ): Promise<T> {
    return this.#changing(kind, async (writer, access) => {
      let granted = false;
      const grant = async () => {
        granted = true;
        await access.grant();
      };
      const result = await this.#update(writer, { ...access, grant }, name, change);
      if (granted) return result;
      // To find that there is nothing to change is an access, too.
      if (!access.secrets.has(name)) access.missing = 1;
      await access.grant();
      return result;
    });
  }

  /** What holds for all secrets that say nothing else. */
  settings(): Promise<KvSealed> {
    return this.#open(KV_CONFIG, true, ({ content }) => content ?? NO_SETTINGS);
  }

  /** Changes what holds for all secrets that say nothing else, with no other writer in between. */
  async changeSettings(change: (settings: KvSealed) => KvSealed): Promise<void> {
    await this.#changing(
      "write",
      (writer, access) =>
        this.#open(KV_CONFIG, true, async ({ kv, content = NO_SETTINGS }) => {
          const { header, keyring } = this.#unlocked;
          const now = timestampNow();
          const place = { stack: header.id, name: KV_CONFIG, key: keyring.newest } as const;
          const times = { created: kv?.created ?? now, updated: now };
          const file: KvFile = { ...place, ...times, removed: false, latest: 0, versions: [] };
          const bytes = encodeKvFile(file, change(content), keyring);
          await access.grant();
          await writer.write(kvDocument(KV_CONFIG), bytes);
        }),
    );
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
      const stored = await this.#store.read(document);
      this.#requireKeys();
      if (!stored) return undefined;
      try {
        return open(stored, this.#unlocked);
      } catch (error) {
        // It may be under a key that a re-key has brought meanwhile.
        if (isAgain || !(error instanceof Fault) || error.code !== "TAMPERED") throw error;
        await this.#refresh();
      }
    }
  }

  /**
   * Lends the keys for as long as `use` runs. For `beside.ts`.
   * @throws {Fault} LOCKED when the stack was disposed of
   */
  lend<T>(use: (unlocked: Unlocked) => T): T {
    this.#requireKeys();
    return use(this.#unlocked);
  }

  /** Whether the secrets are with a provider: a look that costs little where they are not. */
  async isRegistered(): Promise<boolean> {
    return await this.#store.read(PROVIDER_DOCUMENT) !== undefined;
  }

  /** Changes documents of the stack's own, with no other writer in between. For `registration.ts`. */
  changeDocuments<T>(change: (writer: StoreWriter, unlocked: Unlocked, store: Store) => Promise<T>): Promise<T> {
    return this.#exclusively((writer) => change(writer, this.#unlocked, this.#store));
  }

  /** Authenticates all that is known of a secret and opens every version. For `verify.ts`. */
  async check(name: SecretName): Promise<void> {
    await this.inspect(name, (record, open) => {
      for (const version of record.file?.versions ?? []) open(version).value.dispose();
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
      const gone = new Map<SecretName, RecordedVersion>();
      const open = async (name: SecretName, hasKv: boolean) => {
        opened.get(name)?.value.dispose();
        opened.delete(name);
        await this.#inspect(name, hasKv, (record, open) => {
          const present = record.present(timestampNow(), version);
          const found = record.version(version);
          if (present) opened.set(name, open(present));
          else if (version !== undefined && record.exists) throw whyNot(record, version);
          else if (found) gone.set(name, found);
          if (present) access.secrets.set(name, present.version);
        }, access);
      };
      try {
        // For many, one look at the folder costs less than looking for a file that hardly one of them has.
        const described = names.length > 1 ? new Set(await this.#store.list("kv")) : undefined;
        for (const name of new Set(names)) await open(name, described?.has(name) ?? true);
        // What was described since then may have been while its value was read.
        const since = described ? (await this.#store.list("kv")).filter((name) => !described.has(name)) : [];
        for (const name of since) if (names.includes(name)) await open(name, true);
        const missing = names.filter((name) => !opened.has(name));
        access.missing = missing.filter((name) => !access.secrets.has(name)).length;
        if (all && missing.length > 0) {
          const only = missing.length === 1 ? gone.get(missing[0]!) : undefined;
          throw only ? goneVersion(missing[0]!, only) : missingSecrets(missing);
        }
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

  /** A change begins at once when its secret is read: nothing comes in between that could take the keys away. */
  async #update<T>(
    writer: StoreWriter,
    access: AccessInProgress,
    name: SecretName,
    change: (record: SecretRecord, write: SecretWriter, open: OpenVersion) => Promise<T>,
  ): Promise<T> {
    const settings = await this.settings();
    return await this.inspect(name, (record, open) => {
      const write = new SecretWriter(this.#unlocked, record, settings, async (steps, version) => {
        access.secrets.set(name, version);
        await access.grant();
        await take(steps, writer);
      });
      return change(record, write, open);
    }, access);
  }

  #inspect<T>(
    name: SecretName,
    hasKv: boolean,
    use: (record: SecretRecord, open: OpenVersion) => T,
    access?: AccessInProgress,
  ): Promise<Awaited<T>> {
    return this.#open(name, hasKv, ({ file, kv, content }) => {
      const open = (entry: SealedVersion): OpenedValue => {
        const { version, created, type } = entry;
        return { value: openVersion(file!, entry, this.#unlocked.keyring, file!.where), type, version, created };
      };
      return use(new SecretRecord(name, file, kv, content), open);
    }, access);
  }

  /**
   * Authenticates the documents of a name and hands them to `use` at once, before a change of keys can come in between.
   * @param hasKv false: the caller knows that there is no KV file
   */
  async #open<T>(
    name: KvName,
    hasKv: boolean,
    use: (found: Found) => T,
    access?: AccessInProgress,
  ): Promise<Awaited<T>> {
    const unknownKeys = new Set<number>();
    for (;;) {
      // The secret's own first, as writers do it the other way round: what its KV file has to say of a value that was
      // read is there by then. And both at once, so that a removal hardly ever comes in between: what was deleted
      // before it would be back for a moment.
      const [secret, kv] = await Promise.all([
        name === KV_CONFIG ? undefined : this.#store.read(secretDocument(name)),
        hasKv ? this.#store.read(kvDocument(name)) : undefined,
      ]);
      this.#requireKeys();
      if (name !== KV_CONFIG && (secret || kv) && access?.secrets.has(name) === false) {
        access.secrets.set(name, undefined);
      }
      const { header: { id: stack }, keyring } = this.#unlocked;
      const { authenticated } = this.#session;
      const known = secret && authenticated.get(secret);
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
      if (unknown === undefined) {
        const file = isKnown ? known.file : readFile &&
          { ...authenticateSecretFile(readFile, keyring, secret!.where), where: secret!.where };
        if (secret && file) authenticated.set(secret, { keyring, file });
        return await use({
          file,
          kv: readKv?.file,
          content: readKv && openKvFile(readKv, keyring, kv!.where),
        });
      }
      unknownKeys.add(unknown);
      await this.#refresh();
    }
  }
}

/** A name's documents, authenticated. */
interface Found {
  readonly file: SecretFileAt | undefined;
  readonly kv: KvFile | undefined;
  readonly content: KvSealed | undefined;
}

/** Why a version has no value. */
function whyNot(record: SecretRecord, version: number): Fault {
  const found = record.version(version);
  if (found) return goneVersion(record.name, found);
  return record.exists ? noSuchVersion(record.name, version) : missingSecrets([record.name]);
}

function wipe({ keyring, slotKey }: Unlocked): void {
  keyring.dispose();
  slotKey.kek.fill(0);
}
