/**
 * Changes a secret's documents. Where both of them change, the KV file goes first and is durable before the other one
 * is touched; what a kill in between leaves behind reads as follows:
 *
 * - a new version with a time of deletion: as before. Its entry is about a version that there is not. (Of destroyed
 *   versions that would have gone with this write, it is forgotten already that there were any.)
 * - the first version, with a time of deletion: as before. Until it is there, and described, the KV file says that the
 *   secret was removed; otherwise there would be metadata of nothing, or a version that never ends.
 * - versions destroyed: as after. Their bytes go with the next write of the secret's file, or when they are destroyed
 *   again. The other way round, a version's number could be given to another one.
 * - the secret removed: as after. The KV file says so before the secret's own file goes, and goes last. The other way
 *   round, deleted versions would be back, or the metadata would outlive the secret.
 */
import { Fault } from "../fault.ts";
import { encodeKvFile, type KvEntry, type KvFile, type KvSealed, NO_SETTINGS } from "../seal/kv_file.ts";
import type { Keyring } from "../seal/keyring.ts";
import { MAX_VALUE_BYTES } from "../seal/padding.ts";
import {
  encodeSecretFile,
  MAX_SECRET_FILE_BYTES,
  openVersion,
  type SealedVersion,
  sealVersion,
} from "../seal/secret_file.ts";
import { timestampNow } from "../seal/timestamp.ts";
import { type DocumentId, kvDocument, secretDocument, type StoreWriter } from "../store/store.ts";
import type { SecretName } from "../name.ts";
import { isAbout, isGone, type RecordedVersion, type SecretFileAt, type SecretRecord } from "./secret_record.ts";
import type { Unlocked } from "./session.ts";
import type { NewValue } from "./stack.ts";
import { deletionTime, keptVersions } from "./version_rules.ts";

const MOST_VERSIONS_EVER = 999_999_999;
/** What a version's line, or a member's, takes at most beside what is sealed. */
const LINE_BYTES = 300;

/** One document's part in a change; without bytes it is removed. */
export interface Step {
  readonly document: DocumentId;
  readonly bytes?: Uint8Array;
}

export async function take(steps: readonly Step[], writer: StoreWriter): Promise<void> {
  for (const { document, bytes } of steps) await (bytes ? writer.write(document, bytes) : writer.remove(document));
}

/** Called with all that is to be done, and with the version that it is about, where it is one. */
export type Commit = (steps: readonly Step[], version?: number) => Promise<void>;

/**
 * For one change of one secret, under the store's lock. Everything is sealed before the first `await`, after which the
 * keys may be gone; and after the change, the record is out of date.
 */
export class SecretWriter {
  readonly #unlocked: Unlocked;
  readonly #record: SecretRecord;
  /** What holds where the secret says nothing else. */
  readonly stackSettings: KvSealed;
  readonly #commit: Commit;

  constructor(unlocked: Unlocked, record: SecretRecord, stackSettings: KvSealed, commit: Commit) {
    this.#unlocked = unlocked;
    this.#record = record;
    this.stackSettings = stackSettings;
    this.#commit = commit;
  }

  /** Adds a version; those go that are too many then. */
  async append(next: NewValue): Promise<RecordedVersion> {
    const { name, settings, latest, kv } = this.#record;
    requireFitting(name, next);
    if (latest >= MOST_VERSIONS_EVER) {
      throw new Fault("UNSUPPORTED", `${name} has had as many versions as there are numbers`, {
        hint: `coffer rm ${name}, then set it again`,
      });
    }
    const now = timestampNow();
    const entry = { version: latest + 1, created: now, type: next.type };
    const added = { ...entry, deletion: deletionTime(now, settings, this.stackSettings), destroyed: false };
    const oldest = added.version - keptVersions(settings, this.stackSettings) + 1;
    const isKept = ({ version }: { readonly version: number }) => version >= oldest;
    const older = this.#reseal((this.#record.file?.versions ?? []).filter(isKept));
    const sealed = sealVersion(this.#place, entry, next.value, this.#unlocked.keyring);
    // Of a version that goes with this write, and is there until then, the entry stays until the next one.
    const entries = this.#entries.filter((entry) => !entry.destroyed || isKept(entry));
    const isSame = added.deletion === undefined && entries.length === (kv?.versions.length ?? 0);
    const file = this.#fileStep([sealed, ...older]);
    if (isSame) await this.#commit([...this.#leftovers, file], added.version);
    else {
      const describe = this.#kvStep({ versions: [...asEntries([added]), ...entries] });
      const isFirst = !this.#record.exists;
      const steps = isFirst ? [removedStep(this.#unlocked, name), file, describe] : [describe, file];
      await this.#commit(steps, added.version);
    }
    return added;
  }

  /** Deletes versions; what is gone already stays as it is. */
  async delete(numbers: readonly number[]): Promise<void> {
    const now = timestampNow();
    await this.#mark(numbers, (version) => isGone(version, now) ? version.deletion : now);
  }

  /** Takes the deletion of versions back. */
  async undelete(numbers: readonly number[]): Promise<void> {
    const deletion = deletionTime(timestampNow(), this.#record.settings, this.stackSettings);
    await this.#mark(numbers, () => deletion);
  }

  /** Removes the values of versions. */
  async destroy(numbers: readonly number[]): Promise<void> {
    const { file, latest, holdsDestroyed } = this.#record;
    const destroyed = this.#those(numbers);
    if (destroyed.length === 0 && !holdsDestroyed) return;
    const left = (file?.versions ?? []).filter(({ version }) => !numbers.includes(version));
    const entries = asEntries(destroyed.map((version) => ({ ...version, destroyed: true })));
    await this.#commit([
      ...(destroyed.length === 0
        ? []
        : [this.#kvStep({ versions: [...this.#entriesBut(destroyed), ...entries], latest })]),
      this.#fileStep(this.#reseal(left)),
    ], onlyNumber(destroyed));
  }

  /** Sets the metadata; a secret that there is not gets its KV file alone. */
  async describe(content: KvSealed): Promise<void> {
    await this.#commit([
      ...this.#leftovers,
      this.#kvStep({ versions: this.#entries, updated: timestampNow() }, content),
    ]);
  }

  /** Removes the secret with all that is known of it. */
  async remove(): Promise<void> {
    const { name, kv, isRemoved } = this.#record;
    await this.#commit(removal(this.#unlocked, name, isRemoved || kv !== undefined));
  }

  /** What an interrupted removal left behind, and would come back with a new version. */
  get #leftovers(): Step[] {
    return this.#record.isRemoved ? removal(this.#unlocked, this.#record.name, true) : [];
  }

  /** Gives versions the deletion that `to` says; those that were destroyed have theirs for good. */
  async #mark(numbers: readonly number[], to: (version: RecordedVersion) => string | undefined): Promise<void> {
    const changed = this.#those(numbers).filter((version) => to(version) !== version.deletion);
    if (changed.length === 0) return;
    const entries = asEntries(changed.map((version) => ({ ...version, deletion: to(version) })));
    await this.#commit([this.#kvStep({ versions: [...this.#entriesBut(changed), ...entries] })], onlyNumber(changed));
  }

  /** Versions that are not destroyed. */
  #those(numbers: readonly number[]): RecordedVersion[] {
    return this.#record.versions.filter(({ version, destroyed }) => !destroyed && numbers.includes(version));
  }

  /** The entries that say something of a version. */
  get #entries(): KvEntry[] {
    const { kv, file } = this.#record;
    return (kv?.versions ?? []).filter((entry) =>
      entry.destroyed || file?.versions.some((version) => isAbout(entry, version))
    );
  }

  #entriesBut(versions: readonly RecordedVersion[]): KvEntry[] {
    return this.#entries.filter((entry) => !versions.some((version) => isAbout(entry, version)));
  }

  get #place() {
    const { header, keyring } = this.#unlocked;
    return { stack: header.id, name: this.#record.name, key: keyring.newest };
  }

  #kvStep(
    change: Pick<KvFile, "versions"> & Partial<Pick<KvFile, "updated" | "latest">>,
    content: KvSealed = this.#record.settings,
  ): Step {
    const { name, kv, versions } = this.#record;
    const now = timestampNow();
    const file: KvFile = {
      ...this.#place,
      created: kv?.created ?? versions.at(-1)?.created ?? now,
      updated: kv?.updated ?? versions[0]?.created ?? now,
      removed: false,
      latest: kv?.latest ?? 0,
      ...change,
      versions: change.versions.toSorted((a, b) => b.version - a.version),
    };
    return { document: kvDocument(name), bytes: encodeKvFile(file, content, this.#unlocked.keyring) };
  }

  #fileStep(versions: readonly SealedVersion[]): Step {
    const { name } = this.#record;
    const document = secretDocument(name);
    if (versions.length === 0) return { document };
    const size = versions.reduce((sum, { sealed }) => sum + sealed.length + LINE_BYTES, LINE_BYTES * 8);
    if (size > MAX_SECRET_FILE_BYTES) {
      // Nobody could read it again.
      throw new Fault("USAGE", `the versions of ${name} would be larger than 288 MiB together`, {
        hint: "keep fewer of them, or destroy some",
      });
    }
    return { document, bytes: encodeSecretFile({ ...this.#place, versions }, this.#unlocked.keyring) };
  }

  #reseal(versions: readonly SealedVersion[]): SealedVersion[] {
    const { file } = this.#record;
    return file ? resealUnder({ ...file, versions }, this.#place.key, this.#unlocked.keyring) : [];
  }
}

/** Removes a secret's documents, whatever is in them: also what does not open any more has to go. */
export function removal(unlocked: Unlocked, name: SecretName, hasKv: boolean): Step[] {
  const file = { document: secretDocument(name) };
  return hasKv ? [removedStep(unlocked, name), file, { document: kvDocument(name) }] : [file];
}

/** A KV file that says that there is no such secret, whatever there is. */
function removedStep({ header, keyring }: Unlocked, name: SecretName): Step {
  const now = timestampNow();
  const place = { stack: header.id, name, key: keyring.newest };
  const removed: KvFile = { ...place, created: now, updated: now, removed: true, latest: 0, versions: [] };
  return { document: kvDocument(name), bytes: encodeKvFile(removed, NO_SETTINGS, keyring) };
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

/** @throws {Fault} USAGE when the value is larger than 16 MiB */
export function requireFitting(name: SecretName, { value }: NewValue): void {
  if (value.size <= MAX_VALUE_BYTES) return;
  throw new Fault("USAGE", `the value of ${name} is larger than 16 MiB`, {
    hint: "seal a key instead, and encrypt the data with it",
  });
}

/** What there is to say of versions. */
function asEntries(versions: readonly RecordedVersion[]): KvEntry[] {
  const marked = versions.filter(({ deletion, destroyed }) => destroyed || deletion !== undefined);
  return marked.map(({ version, created, deletion = null, destroyed }) => ({ version, created, deletion, destroyed }));
}

/** The number of the version, where it is one. */
function onlyNumber(versions: readonly RecordedVersion[]): number | undefined {
  return versions.length === 1 ? versions[0]!.version : undefined;
}
