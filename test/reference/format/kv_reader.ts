/** A secret's KV file: docs/format.md §8. */

import { open, unpad } from "./derive.ts";
import { isSecretName } from "./file_names.ts";
import { Cursor, Refusal, toHex } from "./layout.ts";
import type { OpenStack } from "./stack_reader.ts";

/** What is said of one version. */
export interface KvEntry {
  /** Its number. */
  readonly version: number;
  /** Its time. */
  readonly created: string;
  /** From when on it is deleted. */
  readonly deletion: string | null;
  /** Whether its value is gone. */
  readonly destroyed: boolean;
}

/** What is sealed. */
export interface KvContent {
  /** Whether writes must say what they are based on. */
  readonly casRequired: boolean;
  /** In the file's order. */
  readonly customMetadata: readonly (readonly [key: string, value: string])[];
  /** Seconds. */
  readonly deleteVersionAfter: number;
  /** How many versions to keep. */
  readonly maxVersions: number;
}

/** What a KV file says in the clear, before any of it is believed. */
export interface KvText {
  /** Id of the stack, in hex. */
  readonly stack: string;
  /** Name of the secret, or `.config`. */
  readonly name: string;
  /** Number of the stack key. */
  readonly key: number;
  /** Time of the secret's making. */
  readonly created: string;
  /** Time of the last change. */
  readonly updated: string;
  /** Whether there is no such secret any more. */
  readonly removed: boolean;
  /** A version's number. */
  readonly latest: number;
  /** Numbers falling. */
  readonly versions: readonly KvEntry[];
  /** Nonce, ciphertext and tag, and what else they authenticate. */
  readonly sealed: { readonly value: Uint8Array; readonly with: Uint8Array };
}

/** All that a KV file says. */
export type Kv = Omit<KvText, "stack" | "name" | "key" | "sealed"> & KvContent;

/** The place of the stack's own settings. */
export const CONFIG = ".config";

function boolean(at: Cursor): boolean {
  if (at.tryLiteral("true")) return true;
  at.literal("false");
  return false;
}

/** Reads the layout; needs no key. */
export function readKvText(bytes: Uint8Array): KvText {
  const at = new Cursor(bytes, 1_048_576);
  at.literal('{\n  "format": "coffer/1 kv",\n  "stack": ');
  const stack = at.stringLike(/[0-9a-f]{32}/);
  at.literal(',\n  "name": ');
  const name = at.string();
  if (name !== CONFIG && !isSecretName(name)) throw new Refusal("CONFIG", "not a secret's name");
  at.literal(',\n  "key": ');
  const key = at.number(1, 999_999_999);
  at.literal(',\n  "created": ');
  const created = at.time();
  at.literal(',\n  "updated": ');
  const updated = at.time();
  at.literal(',\n  "removed": ');
  const removed = boolean(at);
  at.literal(',\n  "latest": ');
  const latest = at.number(0, 999_999_999);
  at.literal(',\n  "versions": [');
  const versions: KvEntry[] = [];
  if (!at.tryLiteral("],\n")) {
    at.literal("\n");
    do versions.push(readEntry(at)); while (at.tryLiteral(",\n"));
    at.literal("\n  ],\n");
  }
  const sealedWith = bytes.subarray(0, at.offset);
  at.literal('  "sealed": ');
  const sealed = at.base64();
  at.literal("\n}\n");
  at.end();
  if (sealed.length < 24 + 64 + 16) throw new Refusal("CONFIG", "shorter than anything sealed");
  if (versions.length > 200) throw new Refusal("CONFIG", "too many versions");
  if (versions.some((v, i) => i > 0 && v.version >= versions[i - 1]!.version)) {
    throw new Refusal("CONFIG", "version numbers that do not fall");
  }
  if (versions.some(({ destroyed, version }) => destroyed && version > latest)) {
    throw new Refusal("CONFIG", "a destroyed version above the latest");
  }
  if (removed && name === CONFIG) throw new Refusal("CONFIG", "settings that are removed");
  if ((removed || name === CONFIG) && (latest !== 0 || versions.length > 0)) {
    throw new Refusal("CONFIG", "versions where there are none");
  }
  return { stack, name, key, created, updated, removed, latest, versions, sealed: { value: sealed, with: sealedWith } };
}

function readEntry(at: Cursor): KvEntry {
  at.literal('    {"version":');
  const version = at.number(1, 999_999_999);
  at.literal(',"created":');
  const created = at.time();
  at.literal(',"deletion":');
  const deletion = at.tryLiteral("null") ? null : at.time();
  at.literal(',"destroyed":');
  const destroyed = boolean(at);
  at.literal("}");
  if (deletion === null && !destroyed) throw new Refusal("CONFIG", "nothing said");
  return { version, created, deletion, destroyed };
}

/** §8.1: all that the file of this name says. */
export function readKv(bytes: Uint8Array, stack: OpenStack, name: string): Kv {
  const { sealed, ...text } = readKvText(bytes);
  if (text.stack !== toHex(stack.id)) throw new Refusal("TAMPERED", "a file of another stack");
  if (text.name !== name) throw new Refusal("TAMPERED", "a file of another secret");
  const keys = stack.keys.get(text.key);
  if (keys === undefined) throw new Refusal("TAMPERED", "a key that the stack does not have");
  const content = readContent(unpad(open(keys.sealKv, sealed.value, sealed.with)), name === CONFIG);
  const { created, updated, removed, latest, versions } = text;
  return { created, updated, removed, latest, versions, ...content };
}

// RFC 8785: what has a short escape has no other, and what needs none has none.
const STRING = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\["\\bfnrt]|\\u00(?:0[0-7]|0b|0[ef]|1[0-9a-f]))*"/uy;

function readContent(plaintext: Uint8Array, isConfig: boolean): KvContent {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    throw new Refusal("CONFIG", "not UTF-8");
  }
  let position = 0;
  const take = (form: RegExp): string => {
    form.lastIndex = position;
    const found = form.exec(text)?.[0];
    if (found === undefined) throw new Refusal("CONFIG", "other text than the content's");
    position += found.length;
    return found;
  };
  const short = (most: number): string => {
    const value = JSON.parse(take(STRING)) as string;
    const { length } = new TextEncoder().encode(value);
    if (length < 1 || length > most) throw new Refusal("CONFIG", "a text that is too short or too long");
    return value;
  };
  take(/\{"cas_required":/y);
  const casRequired = take(/true|false/y) === "true";
  take(/,"custom_metadata":\{/y);
  const customMetadata: [string, string][] = [];
  while (text.charAt(position) !== "}") {
    if (customMetadata.length > 0) take(/,/y);
    const key = short(128);
    take(/:/y);
    const last = customMetadata.at(-1);
    // The order of UTF-16 code units, which is JavaScript's own.
    if (last && last[0] >= key) throw new Refusal("CONFIG", "keys that do not rise");
    customMetadata.push([key, short(512)]);
  }
  take(/\},"delete_version_after":/y);
  const deleteVersionAfter = Number(take(isConfig ? /-1|0|[1-9][0-9]{0,9}/y : /0|[1-9][0-9]{0,9}/y));
  take(/,"max_versions":/y);
  const maxVersions = Number(take(/0|[1-9][0-9]{0,2}/y));
  take(/\}$/y);
  if (maxVersions > 100) throw new Refusal("CONFIG", "more versions than a file can have");
  if (customMetadata.length > (isConfig ? 0 : 64)) throw new Refusal("CONFIG", "too much custom metadata");
  return { casRequired, customMetadata, deleteVersionAfter, maxVersions };
}
