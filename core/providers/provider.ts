/**
 * The seam between Coffer and whatever keeps secrets (docs/providers.md): a stack, Vault, a plugin, the host itself.
 *
 * Its words are Porter's: a value comes from a *source*, and a provider resolves sources and may persist values
 * (https://porter.sh/docs/operations/credentials/). What a provider can do beyond resolving is an interface of its own,
 * and found by looking at the object: a flag could say what the object does not do.
 */
import type { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { ValueType } from "../seal/secret_file.ts";
import type { Secret } from "../secret.ts";
import type { JsonObject } from "../stack/kv/json.ts";
import type { VersionInfo } from "../stack/secret_record.ts";
import type { NewValue } from "../stack/stack.ts";

/** `secret`: a key of a secret store. The others are of the host: a variable, a file, a command's output, the text itself. */
export const SOURCE_KINDS = ["secret", "env", "path", "command", "value"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** Where a value comes from. The hint is for the provider to understand: never a path of Coffer's, and maybe a value. */
export interface Source {
  readonly kind: SourceKind;
  readonly hint: string;
}

/** A value as it was found; the receiver disposes of it. */
export interface ProvidedValue {
  readonly value: Secret;
  readonly type: ValueType;
  /** Where the provider keeps versions. */
  readonly version?: number;
  /** RFC 3339, UTC; where the provider knows. */
  readonly created?: string;
}

/** Implementations pass the contract suite in `test/contract/provider.ts`. */
export interface Provider extends AsyncDisposable {
  /**
   * Looks up many sources at once.
   * @returns for each, in the same order, its value, or why there is none: NOT_FOUND where there is nothing, DENIED where
   * the backend refuses this one, UNSUPPORTED for a kind that it does not resolve
   * @throws {Fault} when the backend as a whole cannot answer: UNAVAILABLE, LOCKED, DENIED, TAMPERED, CONFIG
   */
  resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]>;
}

/** Porter's Create. */
export interface WritableProvider extends Provider {
  /**
   * Keeps a value, which is borrowed, in the place of one that may be there already.
   * @returns the version that it became, where the provider keeps versions
   * @throws {Fault} UNSUPPORTED for a source that it does not persist, or a value that it cannot hold
   */
  persist(source: Source, next: NewValue): Promise<number | undefined>;
}

/** One that can be read and written without another writer in between. */
export interface ChangeableProvider extends WritableProvider {
  /**
   * Keeps what `decide` makes of the value that is there; undefined leaves that one. `decide` may be called again when
   * another writer was faster.
   * @returns the new version where the provider keeps versions; undefined also when nothing was written
   * @throws {Fault} CONFLICT when other writers are faster all the time; whatever `decide` throws
   */
  change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<number | undefined>;
}

/** One that has a faster or safer way to write many values than one by one. */
export interface BulkProvider extends Provider {
  /** Keeps many values. One that is there already, byte for byte, is left as it is. */
  persistAll(values: ReadonlyMap<SecretName, NewValue>): Promise<Map<SecretName, "added" | "updated" | "unchanged">>;
}

export interface ListableProvider extends Provider {
  /** Names of all secrets that have a value, in code-unit order. Keys that are no names of Coffer's are left out. */
  list(): Promise<SecretName[]>;
}

export interface RemovableProvider extends Provider {
  /**
   * Removes secrets with all their versions: all of them, or none when one does not exist.
   * @throws {Fault} NOT_FOUND, listing every missing name
   */
  remove(names: readonly SecretName[]): Promise<void>;
}

export interface VersionedProvider extends Provider {
  /** Newest first. @throws {Fault} NOT_FOUND */
  history(name: SecretName): Promise<VersionInfo[]>;
  /**
   * @param version the newest unless given
   * @throws {Fault} NOT_FOUND when there is no such version, or it is deleted
   */
  at(name: SecretName, version?: number): Promise<ProvidedValue>;
  /** Makes an older version the newest again, as a new one, and returns that one's number. @throws {Fault} NOT_FOUND */
  rollback(name: SecretName, version: number): Promise<number>;
}

/** One that speaks version 2 of Vault's KV API itself, and can be spoken with through Coffer's server. */
export interface KvProvider extends Provider {
  /**
   * Sends a request on.
   * @returns what was answered, with whatever status
   * @throws {Fault} as `resolve`, when there is no answer to it
   */
  forward(request: KvRequest): Promise<KvAnswer>;
}

export interface KvRequest {
  readonly method: "GET" | "LIST" | "POST" | "PATCH" | "DELETE";
  /** What of the engine's is asked: `data`, `metadata`, `config`. */
  readonly api: string;
  /** A secret's name, or a folder of them; empty where there is none. */
  readonly name: string;
  /** Without `?`. */
  readonly query: string;
  /** The text of a JSON object; borrowed. */
  readonly body?: Secret;
}

export interface KvAnswer {
  readonly status: number;
  /** Empty where there is none. Numbers are as they were written. */
  readonly body: JsonObject;
}
