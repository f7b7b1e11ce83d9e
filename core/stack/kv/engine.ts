/**
 * A stack as a KV v2 secrets engine: Vault's rules for versions, deletion, check-and-set and metadata, on top of the
 * stack's own documents. What it does is what OpenBao 2 does, except where a docstring here says otherwise.
 *
 * Data is the UTF-8 text of a JSON object in a `Secret`, in and out. All methods throw what `Stack` throws: CONFIG or
 * TAMPERED for a document that is damaged, LOCKED once the stack is.
 */
import { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import type { Secret } from "../../secret.ts";
import type { Stack } from "../stack.ts";
import type { ValueType } from "../../seal/secret_file.ts";
import type { KvMetadata, KvMetadataChange, KvMetadataPatch, KvSettings, KvVersion } from "./metadata.ts";

/** A version that there was, and that has no value (any more). Vault answers 404 with the metadata. */
export interface KvGone {
  readonly state: "deleted" | "destroyed";
  readonly metadata: KvVersion;
}

/** An opened version; the receiver disposes of the value, which `kvDataOf` (data.ts) turns into the API's JSON. */
export interface KvPresent {
  readonly state: "present";
  readonly value: Secret;
  readonly type: ValueType;
  readonly metadata: KvVersion;
}

/** A version's keys without their values. */
export interface KvSubkeys {
  readonly state: "present";
  /** Each key of the data with null, or with the same of the object that it holds. */
  readonly subkeys: Readonly<Record<string, unknown>>;
  readonly metadata: KvVersion;
}

export interface KvWritten {
  readonly state: "written";
  readonly metadata: KvVersion;
}

export interface KvWriteOptions {
  /** The version that must be the newest, deleted or not; 0: nothing was ever written. */
  readonly cas?: number;
}

export class KvEngine {
  readonly #stack: Stack;

  /** @param stack borrowed: the caller disposes of it */
  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** Opens a version, the newest unless a number is given; undefined when there is no such version. */
  read(_name: SecretName, _version?: number): Promise<KvPresent | KvGone | undefined> {
    return this.#missing();
  }

  /**
   * Writes a new version.
   * @param data a JSON object's text; borrowed
   * @throws {CasFault} CONFLICT (`cas_mismatch`) or USAGE (`cas_required`)
   * @throws {Fault} USAGE when the data is not a JSON object or is larger than 16 MiB
   */
  put(_name: SecretName, _data: Secret, _options: KvWriteOptions = {}): Promise<KvVersion> {
    return this.#missing();
  }

  /**
   * Writes a new version: the newest with a JSON merge patch (RFC 7396) applied to it. Undefined when the secret was
   * never written; nothing is written either when its newest version is gone.
   * @param patch a JSON object's text; borrowed
   * @throws as `put`
   */
  patch(_name: SecretName, _patch: Secret, _options: KvWriteOptions = {}): Promise<KvWritten | KvGone | undefined> {
    return this.#missing();
  }

  /** Deletes versions, the newest unless numbers are given, so that they can be undeleted. What is gone stays so. */
  delete(_name: SecretName, _versions?: readonly number[]): Promise<void> {
    return this.#missing();
  }

  /** Takes the deletion of versions back; the time that `deleteVersionAfter` gives them starts anew. */
  undelete(_name: SecretName, _versions: readonly number[]): Promise<void> {
    return this.#missing();
  }

  /** Removes the bytes of versions for good. Their numbers are not used again. */
  destroy(_name: SecretName, _versions: readonly number[]): Promise<void> {
    return this.#missing();
  }

  /** The keys of a version's data without their values; objects nested deeper than `depth` (0: any) are null. */
  subkeys(
    _name: SecretName,
    _options: { readonly version?: number; readonly depth?: number } = {},
  ): Promise<KvSubkeys | KvGone | undefined> {
    return this.#missing();
  }

  /** All that is known of a secret; undefined when there is nothing. */
  metadata(_name: SecretName): Promise<KvMetadata | undefined> {
    return this.#missing();
  }

  /**
   * Sets metadata; a secret that does not exist yet is made, without versions.
   * @throws {Fault} USAGE listing all that is not allowed
   */
  putMetadata(_name: SecretName, _change: KvMetadataChange): Promise<void> {
    return this.#missing();
  }

  /**
   * As `putMetadata`, key by key for the custom metadata, and only where there is a secret: false when there is none.
   * @throws {Fault} USAGE listing all that is not allowed
   */
  patchMetadata(_name: SecretName, _patch: KvMetadataPatch): Promise<boolean> {
    return this.#missing();
  }

  /** Removes a secret with all its versions and metadata, if there is one. */
  remove(_name: SecretName): Promise<void> {
    return this.#missing();
  }

  /**
   * What is directly under a prefix (`""`, or names' segments with or without a final `/`): names, and `dir/` for what
   * holds more, in code-unit order. Secrets whose versions are all gone are among them.
   */
  list(_prefix: string): Promise<string[]> {
    return this.#missing();
  }

  /** The stack's own settings. */
  config(): Promise<KvSettings> {
    return this.#missing();
  }

  /** @throws {Fault} USAGE listing all that is not allowed */
  putConfig(_change: Partial<KvSettings>): Promise<void> {
    return this.#missing();
  }

  #missing<T>(): Promise<T> {
    return Promise.reject(new Fault("UNSUPPORTED", `the KV engine of ${this.#stack.header.id} is not there yet`));
  }
}
