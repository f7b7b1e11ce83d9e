/**
 * A stack as a KV v2 secrets engine: Vault's rules for versions, deletion, check-and-set and metadata, on top of the
 * stack's own documents. What it does is what OpenBao 2 does, except where a docstring here says otherwise.
 *
 * Data is the UTF-8 text of a JSON object in a `Secret`, in and out. All methods throw what `Stack` throws: CONFIG or
 * TAMPERED for a document that is damaged, LOCKED once the stack is.
 */
import type { SecretName } from "../../name.ts";
import type { KvSealed } from "../../seal/kv_file.ts";
import type { ValueType } from "../../seal/secret_file.ts";
import { timestampNow } from "../../seal/timestamp.ts";
import type { Secret } from "../../secret.ts";
import type { RecordedVersion, SecretRecord } from "../secret_record.ts";
import type { Stack } from "../stack.ts";
import { requiresCas } from "../version_rules.ts";
import { CasFault } from "./cas_fault.ts";
import { kvDataOf, valueOfKvData } from "./data.ts";
import { mergePatch, parseJsonObject, subkeysOf, writeJson } from "./json.ts";
import { requireAllowed } from "./limits.ts";
import {
  type KvMetadata,
  type KvMetadataChange,
  type KvMetadataPatch,
  type KvSettings,
  type KvVersion,
  metadataOf,
  versionOf,
} from "./metadata.ts";

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

  /** Opens a version, the newest without a number above 0; undefined when there is no such version. */
  read(name: SecretName, version = 0): Promise<KvPresent | KvGone | undefined> {
    return this.#stack.recorded("read", async (access) => {
      const found = await this.#stack.inspect(name, (record, open): KvPresent | KvGone | undefined => {
        const recorded = record.version(version > 0 ? version : undefined);
        if (!recorded) return undefined;
        const sealed = record.present(timestampNow(), recorded.version);
        if (!sealed) return gone(record, recorded);
        access.secrets.set(name, recorded.version);
        const { value, type } = open(sealed);
        return { state: "present", value, type, metadata: versionOf(record, recorded) };
      }, access);
      if (!access.secrets.has(name)) access.missing = 1;
      try {
        await access.grant();
        return found;
      } catch (error) {
        if (found?.state === "present") found.value.dispose();
        throw error;
      }
    });
  }

  /**
   * Writes a new version.
   * @param data a JSON object's text; borrowed
   * @throws {CasFault} CONFLICT (`cas_mismatch`) or USAGE (`cas_required`)
   * @throws {Fault} USAGE when the data is not a JSON object or is larger than 16 MiB
   */
  put(name: SecretName, data: Secret, options: KvWriteOptions = {}): Promise<KvVersion> {
    return this.#stack.update("write", name, async (record, write) => {
      requireCas(record, write.stackSettings, options);
      const next = valueOfKvData(data, newestType(record));
      using _value = next.value;
      return versionOf(record, await write.append(next));
    });
  }

  /**
   * Writes a new version: the newest with a JSON merge patch (RFC 7396) applied to it. Undefined when nothing was ever
   * written; nothing is written either when the newest version is gone.
   * @param patch a JSON object's text; borrowed
   * @throws as `put`
   */
  patch(name: SecretName, patch: Secret, options: KvWriteOptions = {}): Promise<KvWritten | KvGone | undefined> {
    return this.#stack.update("write", name, async (record, write, open) => {
      if (!record.exists) return undefined;
      requireCas(record, write.stackSettings, options);
      const newest = record.version();
      if (!newest) return undefined;
      const sealed = record.present(timestampNow());
      if (!sealed) return gone(record, newest);
      using current = open(sealed).value;
      using data = kvDataOf({ value: current, type: sealed.type });
      using patched = writeJson(mergePatch(parseJsonObject(data), parseJsonObject(patch)));
      const next = valueOfKvData(patched, sealed.type);
      using _value = next.value;
      return { state: "written", metadata: versionOf(record, await write.append(next)) };
    });
  }

  /** Deletes versions, the newest unless numbers are given, so that they can be undeleted. What is gone stays so. */
  delete(name: SecretName, versions?: readonly number[]): Promise<void> {
    return this.#stack.update("remove", name, (record, write) => write.delete(versions ?? [record.latest]));
  }

  /** Takes the deletion of versions back; the time that `deleteVersionAfter` gives them starts anew. */
  undelete(name: SecretName, versions: readonly number[]): Promise<void> {
    return this.#stack.update("write", name, (_record, write) => write.undelete(versions));
  }

  /** Removes the bytes of versions for good. Their numbers are not used again. */
  destroy(name: SecretName, versions: readonly number[]): Promise<void> {
    return this.#stack.update("remove", name, (_record, write) => write.destroy(versions));
  }

  /** The keys of a version's data without their values; objects nested deeper than `depth` (0: any) are null. */
  async subkeys(
    name: SecretName,
    options: { readonly version?: number; readonly depth?: number } = {},
  ): Promise<KvSubkeys | KvGone | undefined> {
    const found = await this.read(name, options.version);
    if (found?.state !== "present") return found;
    using value = found.value;
    using data = kvDataOf({ value, type: found.type });
    const subkeys = subkeysOf(parseJsonObject(data), options.depth ?? 0);
    return { state: "present", subkeys, metadata: found.metadata };
  }

  /** All that is known of a secret; undefined when there is nothing. */
  async metadata(name: SecretName): Promise<KvMetadata | undefined> {
    const settings = await this.#stack.settings();
    return await this.#stack.inspect(name, (record) => record.exists ? metadataOf(record, settings) : undefined);
  }

  /**
   * Sets metadata; a secret that does not exist yet is made, without versions. An empty change does nothing.
   * @throws {Fault} USAGE listing all that is not allowed
   */
  async putMetadata(name: SecretName, change: KvMetadataChange): Promise<void> {
    requireAllowed(change, { deleteVersionAfter: 0 });
    if (Object.keys(change).length === 0) return;
    await this.#stack.update("write", name, ({ settings }, write) => write.describe({ ...settings, ...change }));
  }

  /**
   * As `putMetadata`, key by key for the custom metadata, and only where there is a secret: false when there is none,
   * and something to change.
   * @throws {Fault} USAGE listing all that is not allowed
   */
  async patchMetadata(name: SecretName, patch: KvMetadataPatch): Promise<boolean> {
    if (Object.keys(patch).length === 0) return true;
    return await this.#stack.update("write", name, async (record, write) => {
      if (!record.exists) return false;
      const { customMetadata: changes = {} } = patch;
      const custom = changes === null ? {} : mergePatch(record.settings.customMetadata, changes);
      const content = { ...record.settings, ...patch, customMetadata: custom as Record<string, string> };
      requireAllowed(content, { deleteVersionAfter: 0 });
      await write.describe(content);
      return true;
    });
  }

  /** Removes a secret with all its versions and metadata, if there is one. */
  remove(name: SecretName): Promise<void> {
    return this.#stack.update("remove", name, (_record, write) => write.remove());
  }

  /**
   * What is directly under a prefix (`""`, or names' segments with or without a final `/`): names, and `dir/` for what
   * holds more, in code-unit order. Secrets whose versions are all gone are among them.
   */
  async list(prefix: string): Promise<string[]> {
    const start = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    const below = await this.#stack.listAll(start);
    const children = below.map((name) => /^[^/]*\/?/.exec(name.slice(start.length))![0]);
    return [...new Set(children)].sort();
  }

  /** The stack's own settings. */
  async config(): Promise<KvSettings> {
    const { casRequired, maxVersions, deleteVersionAfter } = await this.#stack.settings();
    return { casRequired, maxVersions, deleteVersionAfter };
  }

  /** @throws {Fault} USAGE listing all that is not allowed */
  async putConfig(change: Partial<KvSettings>): Promise<void> {
    requireAllowed(change, { deleteVersionAfter: -1 });
    if (Object.keys(change).length > 0) await this.#stack.changeSettings((settings) => ({ ...settings, ...change }));
  }
}

function gone(record: SecretRecord, version: RecordedVersion): KvGone {
  return { state: version.destroyed ? "destroyed" : "deleted", metadata: versionOf(record, version) };
}

/** The type of the newest version there is, deleted or not. */
function newestType({ file }: SecretRecord): ValueType | undefined {
  return file?.versions[0]?.type;
}

/** @throws {CasFault} */
function requireCas(record: SecretRecord, stackSettings: KvSealed, { cas }: KvWriteOptions): void {
  if (cas === undefined && requiresCas(record.settings, stackSettings)) {
    throw new CasFault("cas_required", record.name, record.latest);
  }
  if (cas !== undefined && cas !== record.latest) throw new CasFault("cas_mismatch", record.name, record.latest);
}
