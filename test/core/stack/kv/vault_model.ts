/**
 * KV v2 in a page: what OpenBao 2's `logical/kv` does, on plain objects and without times, written down from there.
 * `openbao_test.ts` compares it with the real one. Of what Coffer adds it has plain bytes, and the owner's own commands.
 */
import { decodeBase64 } from "../../../../core/seal/base64.ts";
import type { KvUnderTest, Settings, Step, Version } from "./kv_steps.ts";

interface Kept {
  readonly data: unknown;
  readonly type: "bytes" | "json";
  deletion: Version["deletion"];
  destroyed: boolean;
}

interface Key {
  current: number;
  oldest: number;
  settings: Required<Settings>;
  custom: Record<string, string>;
  readonly versions: Map<number, Kept>;
}

const DEFAULTS: Required<Settings> = { maxVersions: 0, casRequired: false, deleteVersionAfter: 0 };

export class VaultModel implements KvUnderTest {
  readonly #keys = new Map<string, Key>();
  #config: Required<Settings> = DEFAULTS;

  /** The newest version's number; 0: none. */
  current(name: string): number {
    return this.#keys.get(name)?.current ?? 0;
  }

  run(step: Step, cas: number | undefined): Promise<unknown> {
    return Promise.resolve(this.#run(step, cas));
  }

  /** The newest value, if it is not gone: the text of what is JSON, the bytes of what is not. */
  get(name: string): string | Uint8Array | undefined {
    const newest = this.#keys.get(name)?.versions.get(this.current(name));
    if (!newest || isGone(newest)) return undefined;
    return newest.type === "json" ? JSON.stringify(newest.data) : bytesOf(newest.data);
  }

  /** The owner's writes are under the lock, and so in no need of check-and-set. */
  set(name: string, text: string): void {
    this.#add(this.#made(name), { value: text }, "bytes");
  }

  /** Whether there is such a version; also one that is deleted. */
  rollback(name: string, version: number): boolean {
    const kept = this.#keys.get(name)?.versions.get(version);
    if (!kept || kept.destroyed) return false;
    this.#add(this.#made(name), kept.data, kept.type);
    return true;
  }

  /** Whether there was anything. */
  rm(name: string): boolean {
    return this.#keys.delete(name);
  }

  /** The names of what is not gone. */
  names(): string[] {
    return [...this.#keys.keys()].filter((name) => this.get(name) !== undefined).sort();
  }

  #run(step: Step, cas: number | undefined): unknown {
    if (step.kind === "config") return this.#config;
    if (step.kind === "putConfig") return void (this.#config = { ...this.#config, ...step.change });
    if (step.kind === "list") return this.#list(step.prefix);
    const key = this.#keys.get(step.name);
    switch (step.kind) {
      case "read":
        return key && this.#look(key, step.version ?? key.current, (data) => ({ data }));
      case "subkeys":
        return key && this.#look(key, step.version ?? key.current, (data) => ({ subkeys: withoutValues(data) }));
      case "put":
        return this.#refusal(key, cas) ?? this.#add(this.#made(step.name), step.data);
      case "patch":
        return key && (this.#refusal(key, cas) ?? this.#patch(key, step.data));
      case "delete":
        for (const kept of those(key, step.versions ?? [key?.current ?? 0])) kept.deletion = "past";
        return;
      case "undelete":
        for (const kept of those(key, step.versions)) kept.deletion = this.#deletion(key!);
        return;
      case "destroy":
        for (const kept of those(key, step.versions)) kept.destroyed = true;
        return;
      case "remove":
        return void this.#keys.delete(step.name);
      case "metadata":
        return key && {
          ...key.settings,
          current: key.current,
          oldest: key.oldest,
          custom: key.custom,
          versions: [...key.versions].map(([version, kept]) => shown(version, kept)),
        };
      case "putMetadata": {
        const { customMetadata, ...settings } = step.change;
        if (Object.keys(step.change).length === 0) return;
        const made = this.#made(step.name);
        made.settings = { ...made.settings, ...settings };
        if (customMetadata) made.custom = { ...customMetadata };
        return;
      }
      case "patchMetadata": {
        // Without a field it does not even look.
        if (Object.keys(step.change).length === 0) return true;
        if (!key) return false;
        const { customMetadata = {}, ...settings } = step.change;
        key.settings = { ...key.settings, ...settings };
        key.custom = merged(key.custom, customMetadata) as Record<string, string>;
        return true;
      }
    }
  }

  #made(name: string): Key {
    const key = this.#keys.get(name) ?? { current: 0, oldest: 0, settings: DEFAULTS, custom: {}, versions: new Map() };
    this.#keys.set(name, key);
    return key;
  }

  #refusal(key: Key | undefined, cas: number | undefined): { refused: string } | undefined {
    const required = this.#config.casRequired || key?.settings.casRequired;
    if (cas === undefined) return required ? { refused: "cas_required" } : undefined;
    return cas === (key?.current ?? 0) ? undefined : { refused: "cas_mismatch" };
  }

  #add(key: Key, data: unknown, type = typeOf(key, data)): unknown {
    const kept: Kept = { data, type, deletion: this.#deletion(key), destroyed: false };
    key.versions.set(++key.current, kept);
    const most = Math.max(key.settings.maxVersions, this.#config.maxVersions) || 10;
    if (key.current - key.oldest >= most) {
      const last = key.current - most;
      for (const version of key.versions.keys()) if (version <= last) key.versions.delete(version);
      key.oldest = last + 1;
    }
    return { ...shown(key.current, kept), custom: key.custom };
  }

  #patch(key: Key, patch: unknown): unknown {
    const newest = key.versions.get(key.current);
    if (!newest) return undefined;
    if (isGone(newest)) return this.#look(key, key.current, () => ({}));
    return this.#add(key, merged(newest.data, patch));
  }

  #look(key: Key, version: number, show: (data: unknown) => object): unknown {
    const kept = key.versions.get(version);
    if (!kept) return undefined;
    return { ...shown(version, kept), custom: key.custom, ...(!isGone(kept) && show(kept.data)) };
  }

  #deletion({ settings }: Key): Version["deletion"] {
    if (this.#config.deleteVersionAfter < 0) return "none";
    return settings.deleteVersionAfter > 0 || this.#config.deleteVersionAfter > 0 ? "future" : "none";
  }

  #list(prefix: string): string[] {
    const start = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    const below = [...this.#keys.keys()].filter((name) => name.startsWith(start)).map((name) =>
      name.slice(start.length)
    );
    return [...new Set(below.map((rest) => rest.includes("/") ? rest.slice(0, rest.indexOf("/") + 1) : rest))].sort();
  }
}

/** Bytes stay bytes when they are written back. */
function typeOf({ versions }: Key, data: unknown): Kept["type"] {
  const below = [...versions.values()].findLast(({ destroyed }) => !destroyed);
  return below?.type === "bytes" && bytesOf(data) ? "bytes" : "json";
}

/** The bytes that data stands for, if it does. In the tests all base64 is of what is not text. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (!isObject(data) || Object.keys(data).length !== 1) return undefined;
  const { value, base64 } = data;
  if (typeof value === "string") return new TextEncoder().encode(value);
  return typeof base64 === "string" ? decodeBase64(base64) : undefined;
}

function those(key: Key | undefined, versions: readonly number[]): Kept[] {
  const kept = versions.map((version) => key?.versions.get(version)).filter((kept) => kept !== undefined);
  return kept.filter(({ destroyed }) => !destroyed);
}

function isGone({ deletion, destroyed }: Kept): boolean {
  return destroyed || deletion === "past";
}

function shown(version: number, { deletion, destroyed }: Kept): Version {
  return { version, deletion, destroyed };
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}

function withoutValues(data: unknown): unknown {
  if (!isObject(data)) return null;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      isObject(value) && Object.keys(value).length > 0 ? withoutValues(value) : null,
    ]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
