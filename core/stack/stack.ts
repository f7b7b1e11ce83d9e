/** An unlocked stack: reads and writes of its secrets. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Secret } from "../secret.ts";
import { encodeKvFile, KV_CONFIG, type KvFile, type KvSealed, NO_SETTINGS } from "../seal/kv_file.ts";
import { openVersion, type SealedVersion, type ValueType } from "../seal/secret_file.ts";
import type { StackHeader } from "../seal/stack_file.ts";
import { timestampNow } from "../seal/timestamp.ts";
import { kvDocument, PROVIDER_DOCUMENT, type StoreWriter } from "../store/store.ts";
import { type AccessInProgress, type AccessKind, type RecordAccess, recorded } from "./access.ts";
import { goneVersion, missingSecrets, noSuchVersion } from "./missing.ts";
import { everyName, namesWhere } from "./names.ts";
import { type RecordedVersion, SecretRecord, type VersionInfo } from "./secret_record.ts";
import { removal, requireFitting, SecretWriter, take } from "./secret_writer.ts";
import type { StackSession } from "./session.ts";

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

export class Stack {
  /** For operations on keys, and on documents of the stack's own. */
  readonly session: StackSession;
  readonly #record: RecordAccess;

  /** Takes the session over. */
  constructor(session: StackSession, record: RecordAccess = () => Promise.resolve()) {
    this.session = session;
    this.#record = record;
  }

  /** The same stack, whose accesses are recorded before they take effect. Disposing of either wipes the keys of both. */
  recordedBy(record: RecordAccess): Stack {
    return new Stack(this.session, record);
  }

  /** Runs the steps of an access that is recorded. For `verify.ts`, `rekey.ts` and `passphrase.ts`. */
  recorded<T>(kind: AccessKind, steps: (access: AccessInProgress) => Promise<T>): Promise<T> {
    return recorded(this.#record, kind, steps);
  }

  get header(): StackHeader {
    return this.session.current.header;
  }

  /** Names of the secrets that have a value, in code-unit order: those whose newest version is deleted have none. */
  list(): Promise<SecretName[]> {
    const now = timestampNow();
    return namesWhere(
      this.session.store,
      "",
      (name) => this.inspect(name, (record) => record.present(now) !== undefined),
    );
  }

  /** Names of all secrets of which anything is known: also deleted ones, and those that have metadata alone. */
  listAll(prefix = ""): Promise<SecretName[]> {
    return namesWhere(this.session.store, prefix, (name) => this.inspect(name, (record) => record.exists));
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
      const [present, described] = [await everyName(this.session.store), new Set(await this.session.store.list("kv"))];
      const missing = names.filter((name) => !present.has(name));
      for (const name of names) if (present.has(name)) access.secrets.set(name, undefined);
      access.missing = missing.length;
      if (missing.length > 0) throw missingSecrets(missing);
      this.session.requireKeys(); // they may have gone while we looked
      const steps = names.flatMap((name) => removal(this.session.current, name, described.has(name)));
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
    return this.session.open(KV_CONFIG, true, ({ content }) => content ?? NO_SETTINGS);
  }

  /** Changes what holds for all secrets that say nothing else, with no other writer in between. */
  async changeSettings(change: (settings: KvSealed) => KvSealed): Promise<void> {
    await this.#changing(
      "write",
      (writer, access) =>
        this.session.open(KV_CONFIG, true, async ({ kv, content = NO_SETTINGS }) => {
          const { header, keyring } = this.session.current;
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

  /** Whether the secrets are with a provider: a look that costs little where they are not. */
  async isRegistered(): Promise<boolean> {
    return await this.session.store.read(PROVIDER_DOCUMENT) !== undefined;
  }

  /** Authenticates all that is known of a secret and opens every version. For `verify.ts`. */
  async check(name: SecretName): Promise<void> {
    await this.inspect(name, (record, open) => {
      for (const version of record.file?.versions ?? []) open(version).value.dispose();
    });
  }

  /** Wipes the keys. A change of keys that is under way ends first; all else that is under way fails with LOCKED. */
  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** As `exclusively`, recorded. */
  #changing<T>(
    kind: AccessKind,
    change: (writer: StoreWriter, access: AccessInProgress) => Promise<T>,
  ): Promise<T> {
    return this.recorded(kind, (access) => this.session.exclusively((writer) => change(writer, access)));
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
        const described = names.length > 1 ? new Set(await this.session.store.list("kv")) : undefined;
        for (const name of new Set(names)) await open(name, described?.has(name) ?? true);
        // What was described since then may have been while its value was read.
        const since = described ? (await this.session.store.list("kv")).filter((name) => !described.has(name)) : [];
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

  /** A change begins at once when its secret is read: nothing comes in between that could take the keys away. */
  async #update<T>(
    writer: StoreWriter,
    access: AccessInProgress,
    name: SecretName,
    change: (record: SecretRecord, write: SecretWriter, open: OpenVersion) => Promise<T>,
  ): Promise<T> {
    const settings = await this.settings();
    return await this.inspect(name, (record, open) => {
      const write = new SecretWriter(this.session.current, record, settings, async (steps, version) => {
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
    return this.session.open(name, hasKv, ({ file, kv, content }) => {
      const open = (entry: SealedVersion): OpenedValue => {
        const { version, created, type } = entry;
        return { value: openVersion(file!, entry, this.session.current.keyring, file!.where), type, version, created };
      };
      return use(new SecretRecord(name, file, kv, content), open);
    }, access);
  }
}

/** Why a version has no value. */
function whyNot(record: SecretRecord, version: number): Fault {
  const found = record.version(version);
  if (found) return goneVersion(record.name, found);
  return record.exists ? noSuchVersion(record.name, version) : missingSecrets([record.name]);
}
