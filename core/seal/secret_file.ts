/**
 * A secret's file (docs/format.md §4): its versions, each sealed on its own line, newest first, and a MAC over the
 * whole, so that dropping the newest version is noticed although each remaining line is genuine.
 */
import { NONCE_BYTES, open, seal, TAG_BYTES } from "../crypto/aead.ts";
import { concat, constantTimeEqual, randomBytes } from "../crypto/bytes.ts";
import { hmacSha256 } from "../crypto/hkdf.ts";
import { isSecretName, type SecretName } from "../name.ts";
import { Secret } from "../secret.ts";
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
import { frame } from "./frame.ts";
import type { Keyring } from "./keyring.ts";
import { bucketOf, pad, unpad } from "./padding.ts";
import { isTimestamp } from "./timestamp.ts";

const FORMAT = "coffer/1 secret";
/** Ten versions of the largest value with room to spare; a larger file is refused unread. */
export const MAX_SECRET_FILE_BYTES = 288 * 1024 * 1024;
/** How many versions a reader accepts; a writer keeps fewer. */
const MAX_VERSIONS = 100;
const encoder = new TextEncoder();

/** `bytes`: any bytes. `json`: a JSON object with fields, as in a Vault KV secret. */
export type ValueType = "bytes" | "json";

export interface SealedVersion {
  readonly version: number;
  readonly created: string;
  readonly type: ValueType;
  /** base64 of nonce (24) ‖ ciphertext of the padded value ‖ tag (16) */
  readonly sealed: string;
}

export interface SecretFile {
  /** The stack's id. */
  readonly stack: string;
  readonly name: SecretName;
  /** Number of the stack key that everything in the file is under. */
  readonly key: number;
  /** Newest first. */
  readonly versions: readonly SealedVersion[];
}

/** A file as it was read: its MAC can be checked once the keys are known. */
export interface ReadSecretFile {
  readonly file: SecretFile;
  readonly authenticated: Uint8Array;
  readonly mac: Uint8Array;
}

export function encodeSecretFile(file: SecretFile, keyring: Keyring): Uint8Array<ArrayBuffer> {
  const members = membersOf(file);
  const mac = hmacSha256(keyring.derive(file.key, "coffer/1 mac secret"), textBefore(members, "mac"));
  return encoder.encode(layOut([...members, ["mac", encodeBase64(mac)]]).join(""));
}

/**
 * Parses the file without a key. The stack and the name it was found under are part of what it must say: a file that
 * was renamed or pasted from another stack is TAMPERED, whoever did it.
 * @throws {Fault} CONFIG when it does not parse
 */
export function parseSecretFile(
  bytes: Uint8Array,
  found: { readonly stack: string; readonly name: SecretName },
  where: string,
): ReadSecretFile {
  const text = decodeText(bytes, where);
  const { format, stack, name, key, versions, mac } = parseObject(text, where);
  if (format !== FORMAT) throw malformed(where, `its format is not ${JSON.stringify(FORMAT)}`);
  if (typeof stack !== "string" || !/^[0-9a-f]{32}$/.test(stack)) throw malformed(where, "stack must be 32 hex digits");
  if (typeof name !== "string" || !isSecretName(name)) throw malformed(where, "name must be a secret's name");
  if (!isCount(key)) throw malformed(where, "key must be a key number");
  if (!Array.isArray(versions) || versions.length < 1 || versions.length > MAX_VERSIONS) {
    throw malformed(where, `versions must hold 1 to ${MAX_VERSIONS} versions`);
  }
  const file: SecretFile = { stack, name, key, versions: versions.map((v) => parseVersion(v, where)) };
  for (let i = 1; i < file.versions.length; i++) {
    if (file.versions[i - 1]!.version <= file.versions[i]!.version) throw malformed(where, "versions are out of order");
  }
  const macBytes = typeof mac === "string" ? decodeBase64(mac) : undefined;
  if (macBytes?.length !== 32) throw malformed(where, "mac must be the base64 of 32 bytes");
  const members = membersOf(file);
  const lines = layOut([...members, ["mac", encodeBase64(macBytes)]]);
  requireCanonical(text, lines.join(""), where);
  if (name !== found.name) throw tampered(where, `it holds the secret ${name}`);
  if (stack !== found.stack) throw tampered(where, "it belongs to another stack");
  // What is canonical is ASCII, so characters are bytes; the MAC's line and the closing brace are not covered.
  const covered = lines.slice(0, -2).reduce((length, line) => length + line.length, 0);
  return { file, authenticated: bytes.subarray(0, covered), mac: macBytes };
}

/** @throws {Fault} TAMPERED when the file as a whole was not written with these keys */
export function authenticateSecretFile(read: ReadSecretFile, keyring: Keyring, where: string): SecretFile {
  if (!keyring.has(read.file.key)) throw tampered(where, "it is under a key that the stack does not have");
  const expected = hmacSha256(keyring.derive(read.file.key, "coffer/1 mac secret"), read.authenticated);
  if (!constantTimeEqual(expected, read.mac)) throw tampered(where, "its MAC does not match");
  return read.file;
}

/** Seals one version of a value. */
export function sealVersion(
  place: Pick<SecretFile, "stack" | "name" | "key">,
  entry: Omit<SealedVersion, "sealed">,
  value: Secret,
  keyring: Keyring,
): SealedVersion {
  const padded = value.use(pad);
  try {
    const nonce = randomBytes(NONCE_BYTES);
    const key = keyring.derive(place.key, "coffer/1 seal");
    return { ...entry, sealed: encodeBase64(concat(nonce, seal(key, nonce, padded, associatedData(place, entry)))) };
  } finally {
    padded.fill(0);
  }
}

/** @throws {Fault} TAMPERED when the version does not authenticate in this place */
export function openVersion(
  place: Pick<SecretFile, "stack" | "name" | "key">,
  entry: SealedVersion,
  keyring: Keyring,
  where: string,
): Secret {
  const sealed = decodeBase64(entry.sealed)!;
  const key = keyring.derive(place.key, "coffer/1 seal");
  const padded = open(key, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), associatedData(place, entry));
  const value = padded && unpad(padded);
  padded?.fill(0);
  if (!value) throw tampered(where, `version ${entry.version} of ${place.name} does not authenticate`);
  return new Secret(value);
}

function parseVersion(value: unknown, where: string): SealedVersion {
  if (typeof value !== "object" || value === null) throw malformed(where, "a version is not an object");
  const { version, created, type, sealed } = value as Partial<Record<keyof SealedVersion, unknown>>;
  if (!isCount(version)) throw malformed(where, "a version's number must be 1 or more");
  if (!isTimestamp(created)) throw malformed(where, "a version's created must be a UTC time");
  if (type !== "bytes" && type !== "json") throw malformed(where, "a version's type must be bytes or json");
  const bytes = typeof sealed === "string" ? decodeBase64(sealed) : undefined;
  if (!bytes || bytes.length < NONCE_BYTES + bucketOf(0) + TAG_BYTES || encodeBase64(bytes) !== sealed) {
    throw malformed(where, "a version's sealed value must be base64 of nonce, ciphertext and tag");
  }
  return { version, created, type, sealed };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 999_999_999;
}

function membersOf({ stack, name, key, versions }: SecretFile): Members {
  return [["format", FORMAT], ["stack", stack], ["name", name], ["key", key], ["versions", versions]];
}

function associatedData(
  place: Pick<SecretFile, "stack" | "name" | "key">,
  entry: Omit<SealedVersion, "sealed">,
): Uint8Array {
  return frame(FORMAT, place.stack, place.name, place.key, entry.version, entry.type, entry.created);
}
