/** What Vault's KV v2 says of a secret besides its values: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 */
import type { KvSealed } from "../../seal/kv_file.ts";
import type { RecordedVersion, SecretRecord } from "../secret_record.ts";
import { keptVersions } from "../version_rules.ts";

/** One version without its value. Times are RFC 3339, UTC, whole seconds. */
export interface KvVersionState {
  readonly version: number;
  readonly createdTime: string;
  /** When it was or will be deleted; undefined: not at all. */
  readonly deletionTime: string | undefined;
  /** Its bytes are gone for good. */
  readonly destroyed: boolean;
}

/** A version as reads and writes of data answer it. */
export interface KvVersion extends KvVersionState {
  /** Of the secret, not of the version; empty when there is none. */
  readonly customMetadata: Readonly<Record<string, string>>;
}

/** What a secret is set to; zero and false leave it to the stack's own settings. */
export interface KvSettings {
  readonly casRequired: boolean;
  /** How many versions are kept: 0 (the default) to 100. */
  readonly maxVersions: number;
  /** Seconds from a version's making to its deletion; 0: none. In the stack's settings, -1 turns it off for all. */
  readonly deleteVersionAfter: number;
}

/** All that is known of a secret. */
export interface KvMetadata extends KvSettings {
  readonly createdTime: string;
  readonly updatedTime: string;
  /** 0: nothing was ever written. */
  readonly currentVersion: number;
  /** 0 as long as no version had to go for a newer one. */
  readonly oldestVersion: number;
  readonly customMetadata: Readonly<Record<string, string>>;
  /** Oldest first. */
  readonly versions: readonly KvVersionState[];
}

/** What to set; the rest stays. */
export interface KvMetadataChange extends Partial<KvSettings> {
  /** Takes the place of all there was. */
  readonly customMetadata?: Readonly<Record<string, string>>;
}

/** What to set; the rest stays, also of the custom metadata. */
export interface KvMetadataPatch extends Partial<KvSettings> {
  /** null removes a key, or all of them. */
  readonly customMetadata?: Readonly<Record<string, string | null>> | null;
}

/** A version of a record as KV v2 names things. */
export function versionOf({ settings }: SecretRecord, version: RecordedVersion): KvVersion {
  return { ...stateOf(version), customMetadata: settings.customMetadata };
}

/** A record that there is something in, as KV v2 names things. */
export function metadataOf(record: SecretRecord, stackSettings: KvSealed): KvMetadata {
  const { kv, settings, latest } = record;
  const versions = record.versions.toReversed();
  const times = [kv?.created, versions[0]?.created, kv?.updated, versions.at(-1)?.created].filter((t) =>
    t !== undefined
  );
  const oldest = versions[0]?.version ?? 0;
  return {
    ...settings,
    createdTime: times[0]!,
    // The versions' own, and that of the last change of metadata: they compare as texts.
    updatedTime: times.toSorted().at(-1)!,
    currentVersion: latest,
    oldestVersion: oldest > 1 || latest >= keptVersions(settings, stackSettings) ? oldest : 0,
    versions: versions.map(stateOf),
  };
}

function stateOf({ version, created, deletion, destroyed }: RecordedVersion): KvVersionState {
  return { version, createdTime: created, deletionTime: deletion, destroyed };
}
