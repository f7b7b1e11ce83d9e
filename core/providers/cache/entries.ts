/** What a cache holds, as bytes: records of a text that describes and a value that does not become text. */
import { concat } from "../../crypto/bytes.ts";
import { isSecretName, type SecretName } from "../../name.ts";
import type { ValueType } from "../../seal/secret_file.ts";
import { Secret } from "../../secret.ts";

/** A value as it was once provided. */
export interface CachedValue {
  readonly value: Secret;
  readonly type: ValueType;
  readonly version?: number;
  readonly created?: string;
  /** Milliseconds since 1970. */
  readonly fetched: number;
}

export interface CachedNames {
  readonly names: readonly SecretName[];
  readonly fetched: number;
}

/** Disposing wipes every value. */
export class CacheEntries implements Disposable {
  readonly values = new Map<SecretName, CachedValue>();
  /** All names that there were; undefined when they were never asked for, or have changed since. */
  listed: CachedNames | undefined;

  /** Takes the place of what there was of this secret. */
  keep(name: SecretName, value: CachedValue): void {
    this.forget(name);
    this.values.set(name, value);
  }

  forget(name: SecretName): void {
    this.values.get(name)?.value.dispose();
    this.values.delete(name);
  }

  [Symbol.dispose](): void {
    for (const { value } of this.values.values()) value.dispose();
    this.values.clear();
  }
}

const encoder = new TextEncoder();

/** The caller wipes the result. */
export function encodeEntries({ values, listed }: CacheEntries): Uint8Array<ArrayBuffer> {
  const records = [...values].map(([name, { value, ...about }]) => record({ name, ...about }, value));
  if (listed) records.push(record(listed));
  const bytes = concat(...records);
  for (const part of records) part.fill(0);
  return bytes;
}

/** Undefined when the bytes are no entries: a later version of Coffer may have written them. */
export function decodeEntries(bytes: Uint8Array): CacheEntries | undefined {
  const entries = new CacheEntries();
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    const take = () => {
      const length = view.getUint32(at);
      at += 4 + length;
      if (at > bytes.length) throw new RangeError("too short");
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const { name, names, fetched, ...about } = JSON.parse(new TextDecoder().decode(take()));
      const value = new Secret(take().slice());
      if (names) entries.listed = { names, fetched };
      else if (isSecretName(name)) entries.keep(name, { value, fetched, ...about });
    }
    return entries;
  } catch {
    entries[Symbol.dispose]();
    return undefined;
  }
}

function record(about: unknown, value?: Secret): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(JSON.stringify(about));
  const size = value?.size ?? 0;
  const bytes = new Uint8Array(8 + text.length + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length);
  bytes.set(text, 4);
  view.setUint32(4 + text.length, size);
  value?.use((inner) => bytes.set(inner, 8 + text.length));
  return bytes;
}
