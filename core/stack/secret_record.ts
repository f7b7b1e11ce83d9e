/**
 * A secret as its two documents say together: the versions in its own file, and, where there is one, what its KV file
 * says of them. Whatever reads or writes secrets goes by this, so that a deleted version is deleted for all alike.
 */
import type { SecretName } from "../name.ts";
import { type KvEntry, type KvFile, type KvSealed, NO_SETTINGS } from "../seal/kv_file.ts";
import type { SealedVersion, SecretFile, ValueType } from "../seal/secret_file.ts";

export interface SecretFileAt extends SecretFile {
  readonly where: string;
}

/** A version that there is, or of which nothing is left but that there was one. */
export interface RecordedVersion {
  readonly version: number;
  /** RFC 3339, UTC. */
  readonly created: string;
  /** Unknown once it is destroyed. */
  readonly type: ValueType | undefined;
  /** When it was or will be deleted. */
  readonly deletion: string | undefined;
  readonly destroyed: boolean;
}

/** A version as it is shown to people. */
export interface VersionInfo {
  readonly version: number;
  /** RFC 3339, UTC. */
  readonly created: string;
  /** Not known of a version that was destroyed, nor to every provider. */
  readonly type?: ValueType;
  /** When it was, or will be, deleted. */
  readonly deletion?: string;
  /** Its value is gone for good. */
  readonly destroyed?: true;
}

export class SecretRecord {
  readonly name: SecretName;
  /** The secret's file, with those of its versions that are not destroyed; undefined when there are none. */
  readonly file: SecretFileAt | undefined;
  /** What the KV file says in the clear; undefined when there is none. */
  readonly kv: KvFile | undefined;
  /** What the KV file says besides. */
  readonly settings: KvSealed;
  /** The secret's removal was begun: its documents, if there are any, say nothing any more. */
  readonly isRemoved: boolean;
  /** The secret's file has versions that were destroyed already. */
  readonly holdsDestroyed: boolean;
  /** Newest first. */
  readonly versions: readonly RecordedVersion[];
  /** The newest version's number, whatever became of it; 0: there never was one. */
  readonly latest: number;

  /** @param settings unknown as long as the stack is locked */
  constructor(name: SecretName, file?: SecretFileAt, kv?: KvFile, settings: KvSealed = NO_SETTINGS) {
    this.name = name;
    this.isRemoved = kv?.removed === true;
    this.kv = this.isRemoved ? undefined : kv;
    this.settings = this.isRemoved ? NO_SETTINGS : settings;
    const sealed = this.isRemoved ? [] : file?.versions ?? [];
    const destroyed = (this.kv?.versions ?? []).filter((entry) => entry.destroyed);
    const left = destroyed.length === 0
      ? sealed
      : sealed.filter((version) => !destroyed.some((entry) => isAbout(entry, version)));
    this.holdsDestroyed = left.length < sealed.length;
    this.file = file && left.length > 0 ? { ...file, versions: left } : undefined;
    this.versions = [...left.map((version) => this.#recorded(version)), ...destroyed.map(asDestroyed)]
      .sort((a, b) => b.version - a.version);
    this.latest = Math.max(this.versions[0]?.version ?? 0, this.kv?.latest ?? 0);
  }

  /** Whether there is anything: versions, whatever became of them, or metadata. */
  get exists(): boolean {
    return this.versions.length > 0 || this.kv !== undefined;
  }

  /** Its versions, newest first. */
  get history(): VersionInfo[] {
    return this.versions.map(({ version, created, type, deletion, destroyed }) => ({
      version,
      created,
      ...(type && { type }),
      ...(deletion && { deletion }),
      ...(destroyed && { destroyed }),
    }));
  }

  /** A version by its number, or the newest there ever was. */
  version(number: number = this.latest): RecordedVersion | undefined {
    return this.versions.find(({ version }) => version === number);
  }

  /** A version, or the newest, if it is neither destroyed nor deleted by `now`. */
  present(now: string, number?: number): SealedVersion | undefined {
    const found = this.version(number);
    return found && !isGone(found, now) ? this.sealed(found.version) : undefined;
  }

  /** A version that is not destroyed. */
  sealed(number: number): SealedVersion | undefined {
    return this.file?.versions.find(({ version }) => version === number);
  }

  #recorded({ version, created, type }: SealedVersion): RecordedVersion {
    const entry = this.kv?.versions.find((entry) => isAbout(entry, { version, created }));
    return { version, created, type, deletion: entry?.deletion ?? undefined, destroyed: false };
  }
}

/** `now` as files write times, which compare as texts. */
export function isGone({ deletion, destroyed }: RecordedVersion, now: string): boolean {
  return destroyed || (deletion !== undefined && deletion <= now);
}

/**
 * Whether an entry is about this version. By its time too: a writer that was interrupted, or that knows nothing of KV
 * files, may leave an entry for a number that another version then gets.
 */
export function isAbout(entry: KvEntry, { version, created }: Pick<SealedVersion, "version" | "created">): boolean {
  return entry.version === version && entry.created === created;
}

function asDestroyed({ version, created, deletion }: KvEntry): RecordedVersion {
  return { version, created, type: undefined, deletion: deletion ?? undefined, destroyed: true };
}
