/**
 * What a secret is besides its values (docs/format.md §8): which versions are deleted or destroyed, in the clear as
 * versions and times are everywhere, and authenticated; settings and custom metadata sealed, as whoever writes them may
 * take them for secret.
 */
import { NONCE_BYTES, open, seal, TAG_BYTES } from "../crypto/aead.ts";
import { concat, randomBytes } from "../crypto/bytes.ts";
import { isSecretName, type SecretName } from "../name.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import {
  decodeText,
  layOut,
  malformed,
  type Members,
  parseObject,
  requireCanonical,
  tampered,
  textBefore,
} from "./canonical.ts";
import { canonicalJson } from "./canonical_json.ts";
import type { Keyring } from "./keyring.ts";
import { bucketOf, pad, unpad } from "./padding.ts";
import { isTimestamp } from "./timestamp.ts";

const FORMAT = "coffer/1 kv";
/** Room for two hundred versions and all custom metadata; a larger file is refused unread. */
export const MAX_KV_FILE_BYTES = 1024 * 1024;
const MAX_ENTRIES = 200;
const MAX_NUMBER = 999_999_999;
/** How many versions a secret can be told to keep: what its file can hold. */
export const MOST_KEPT_VERSIONS = 100;
/** Longer than any duration that Vault's clients can write. */
export const MOST_SECONDS = 9_999_999_999;
/** Vault's limits for custom metadata: pairs, and bytes of UTF-8. */
export const CUSTOM_METADATA = { pairs: 64, keyBytes: 128, valueBytes: 512 } as const;
const encoder = new TextEncoder();

/** In the place of a secret's name: the stack's own settings. It is no name, so no secret can be in its way. */
export const KV_CONFIG = ".config";
export type KvName = SecretName | typeof KV_CONFIG;

/** What there is to say of one version. */
export interface KvEntry {
  readonly version: number;
  /** The version's time. With its number it says which version is meant. */
  readonly created: string;
  /** When it was or will be deleted; null: not at all. */
  readonly deletion: string | null;
  /** Its value was removed for good. */
  readonly destroyed: boolean;
}

/** What is sealed. */
export interface KvSealed {
  readonly customMetadata: Readonly<Record<string, string>>;
  readonly casRequired: boolean;
  /** 0 … 100; 0: what the stack says, else ten. */
  readonly maxVersions: number;
  /** Seconds from a version's making to its deletion; 0: what the stack says, else none. -1, for a stack: none at all. */
  readonly deleteVersionAfter: number;
}

/** What holds where nothing is said. */
export const NO_SETTINGS: KvSealed = { customMetadata: {}, casRequired: false, maxVersions: 0, deleteVersionAfter: 0 };

export interface KvFile {
  /** The stack's id. */
  readonly stack: string;
  readonly name: KvName;
  /** Number of the stack key that everything in the file is under. */
  readonly key: number;
  /** When the secret was made, and when its metadata were last written. */
  readonly created: string;
  readonly updated: string;
  /** The secret is being removed: neither this file nor the secret's own says anything any more. */
  readonly removed: boolean;
  /** There was a version of this number. 0: none but those that the secret's file shows. */
  readonly latest: number;
  /** Newest first. */
  readonly versions: readonly KvEntry[];
}

/** A file as it was read: what it says holds only once `openKvFile` has authenticated it. */
export interface ReadKvFile {
  readonly file: KvFile;
  readonly authenticated: Uint8Array;
  readonly sealed: Uint8Array;
}

export function encodeKvFile(file: KvFile, content: KvSealed, keyring: Keyring): Uint8Array<ArrayBuffer> {
  const members = membersOf(file);
  const padded = pad(encoder.encode(textOf(content)));
  const nonce = randomBytes(NONCE_BYTES);
  const key = keyring.derive(file.key, "coffer/1 seal kv");
  const sealed = concat(nonce, seal(key, nonce, padded, textBefore(members, "sealed")));
  return encoder.encode(layOut([...members, ["sealed", encodeBase64(sealed)]]).join(""));
}

/**
 * Parses the file without a key.
 * @throws {Fault} CONFIG when it does not parse; TAMPERED when it is another stack's or another secret's
 */
export function parseKvFile(
  bytes: Uint8Array,
  found: { readonly stack: string; readonly name: KvName },
  where: string,
): ReadKvFile {
  const text = decodeText(bytes, where);
  const { format, stack, name, key, created, updated, removed, latest, versions, sealed } = parseObject(text, where);
  if (format !== FORMAT) throw malformed(where, `its format is not ${JSON.stringify(FORMAT)}`);
  if (typeof stack !== "string" || !/^[0-9a-f]{32}$/.test(stack)) throw malformed(where, "stack must be 32 hex digits");
  if (!isKvName(name)) throw malformed(where, "name must be a secret's name");
  if (!isNumber(key, 1)) throw malformed(where, "key must be a key number");
  if (!isTimestamp(created) || !isTimestamp(updated)) throw malformed(where, "created and updated must be UTC times");
  if (typeof removed !== "boolean") throw malformed(where, "removed must be true or false");
  if (!isNumber(latest, 0)) throw malformed(where, "latest must be a version's number or 0");
  if (!Array.isArray(versions) || versions.length > MAX_ENTRIES) {
    throw malformed(where, `versions must hold at most ${MAX_ENTRIES} versions`);
  }
  const entries = versions.map((entry) => parseEntry(entry, where));
  for (let i = 1; i < entries.length; i++) {
    if (entries[i - 1]!.version <= entries[i]!.version) throw malformed(where, "versions are out of order");
  }
  if (entries.some(({ destroyed, version }) => destroyed && version > latest)) {
    throw malformed(where, "a destroyed version is above the latest");
  }
  if ((removed || name === KV_CONFIG) && (latest > 0 || entries.length > 0 || removed && name === KV_CONFIG)) {
    throw malformed(where, "it has versions, and cannot");
  }
  const sealedBytes = typeof sealed === "string" ? decodeBase64(sealed) : undefined;
  if (!sealedBytes || sealedBytes.length < NONCE_BYTES + bucketOf(0) + TAG_BYTES) {
    throw malformed(where, "sealed must be base64 of nonce, ciphertext and tag");
  }
  const file: KvFile = { stack, name, key, created, updated, removed, latest, versions: entries };
  const lines = layOut([...membersOf(file), ["sealed", encodeBase64(sealedBytes)]]);
  requireCanonical(text, lines.join(""), where);
  if (name !== found.name) throw tampered(where, `it is about ${name}`);
  if (stack !== found.stack) throw tampered(where, "it belongs to another stack");
  // What is canonical is ASCII, so characters are bytes; what is sealed and the closing brace are not in front of it.
  const covered = lines.slice(0, -2).reduce((length, line) => length + line.length, 0);
  return { file, authenticated: bytes.subarray(0, covered), sealed: sealedBytes };
}

/**
 * Authenticates the whole file and opens what is sealed in it.
 * @throws {Fault} TAMPERED when the file was not written with these keys
 */
export function openKvFile({ file, authenticated, sealed }: ReadKvFile, keyring: Keyring, where: string): KvSealed {
  if (!keyring.has(file.key)) throw tampered(where, "it is under a key that the stack does not have");
  const key = keyring.derive(file.key, "coffer/1 seal kv");
  const padded = open(key, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), authenticated);
  const plaintext = padded && unpad(padded);
  if (!plaintext) throw tampered(where, "it does not authenticate");
  const content = parseContent(plaintext, where);
  const { customMetadata, deleteVersionAfter } = content;
  const fits = file.name === KV_CONFIG ? Object.keys(customMetadata).length === 0 : deleteVersionAfter >= 0;
  if (!fits) throw malformed(where, "its settings are not of its kind");
  return content;
}

function parseEntry(value: unknown, where: string): KvEntry {
  if (typeof value !== "object" || value === null) throw malformed(where, "a version is not an object");
  const { version, created, deletion, destroyed } = value as Partial<Record<keyof KvEntry, unknown>>;
  if (!isNumber(version, 1)) throw malformed(where, "a version's number must be 1 or more");
  if (!isTimestamp(created)) throw malformed(where, "a version's created must be a UTC time");
  if (deletion !== null && !isTimestamp(deletion)) throw malformed(where, "a version's deletion must be a UTC time");
  if (typeof destroyed !== "boolean") throw malformed(where, "a version's destroyed must be true or false");
  if (deletion === null && !destroyed) throw malformed(where, "it lists a version of which it says nothing");
  return { version, created, deletion, destroyed };
}

/** The sealed text. */
function textOf({ customMetadata, casRequired, maxVersions, deleteVersionAfter }: KvSealed): string {
  return canonicalJson({
    cas_required: casRequired,
    custom_metadata: customMetadata,
    delete_version_after: deleteVersionAfter,
    max_versions: maxVersions,
  });
}

function parseContent(plaintext: Uint8Array, where: string): KvSealed {
  const text = decodeText(plaintext, where);
  const parsed = parseObject(text, where);
  const { cas_required: casRequired, custom_metadata: custom } = parsed;
  const { delete_version_after: deleteVersionAfter, max_versions: maxVersions } = parsed;
  if (typeof casRequired !== "boolean") throw malformed(where, "cas_required must be true or false");
  if (!isNumber(maxVersions, 0) || maxVersions > MOST_KEPT_VERSIONS) {
    throw malformed(where, "max_versions is too large");
  }
  if (!isNumber(deleteVersionAfter, -1, MOST_SECONDS)) throw malformed(where, "delete_version_after is out of bounds");
  if (!isCustomMetadata(custom)) throw malformed(where, "custom_metadata must map short texts to short texts");
  const content = { customMetadata: custom, casRequired, maxVersions, deleteVersionAfter };
  requireCanonical(text, textOf(content), where);
  return content;
}

/** Whether it is custom metadata as a file can hold it. */
export function isCustomMetadata(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const pairs = Object.entries(value);
  return pairs.length <= CUSTOM_METADATA.pairs &&
    pairs.every(([key, text]) => isShort(key, CUSTOM_METADATA.keyBytes) && isShort(text, CUSTOM_METADATA.valueBytes));
}

/** Text of 1 to `most` bytes; a lone surrogate has no UTF-8. */
function isShort(text: unknown, most: number): boolean {
  if (typeof text !== "string" || text === "" || !text.isWellFormed()) return false;
  return encoder.encode(text).length <= most;
}

function isKvName(value: unknown): value is KvName {
  return value === KV_CONFIG || typeof value === "string" && isSecretName(value);
}

function isNumber(value: unknown, least: number, most = MAX_NUMBER): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function membersOf({ stack, name, key, created, updated, removed, latest, versions }: KvFile): Members {
  const about: Members = [["format", FORMAT], ["stack", stack], ["name", name], ["key", key]];
  return [...about, ["created", created], ["updated", updated], ["removed", removed], ["latest", latest], [
    "versions",
    versions,
  ]];
}
