/**
 * `provider.json` (docs/format.md §9): with whom a stack's secrets are, where they are not in the stack itself. What
 * kind of provider that is stands in the clear. Its configuration is sealed: it has the token that opens it, and an
 * address that somebody could otherwise change to one of his own, to be sent that token.
 */
import { NONCE_BYTES, open, seal, TAG_BYTES } from "../crypto/aead.ts";
import { concat, randomBytes } from "../crypto/bytes.ts";
import { Fault } from "../fault.ts";
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
import { canonicalJson, requireCanonicalObject } from "./canonical_json.ts";
import type { Keyring } from "./keyring.ts";
import { bucketOf, pad, unpad } from "./padding.ts";
import { isTimestamp } from "./timestamp.ts";

const FORMAT = "coffer/1 provider";
/** A file larger than this is refused unread. */
export const MAX_PROVIDER_FILE_BYTES = 256 * 1024;
/** Room for certificates; what is sealed of it fits the file. */
const MAX_CONFIG_BYTES = 64 * 1024;
const MAX_NUMBER = 999_999_999;
/** As the registry of providers has them. */
const KIND = /^[a-z][a-z0-9-]{0,31}$/;

export interface ProviderFile {
  /** The stack's id. */
  readonly stack: string;
  /** Number of the stack key that the configuration is under. */
  readonly key: number;
  /** The kind of provider. */
  readonly provider: string;
  /** When it was registered. With the stack's id it tells this registration from others. */
  readonly created: string;
}

/** A file as it was read: what it says holds only once `openProviderFile` has authenticated it. */
export interface ReadProviderFile {
  readonly file: ProviderFile;
  readonly authenticated: Uint8Array;
  readonly sealed: Uint8Array;
}

/**
 * @param config the text of a JSON object; borrowed
 * @throws {Fault} CONFIG when it is longer than a file can hold
 */
export function encodeProviderFile(file: ProviderFile, config: Secret, keyring: Keyring): Uint8Array<ArrayBuffer> {
  const members = membersOf(file);
  const text = canonicalJson(JSON.parse(config.revealText()));
  requireCanonicalObject(text, "the configuration"); // or it could not be read back
  const plaintext = new TextEncoder().encode(text);
  if (plaintext.length > MAX_CONFIG_BYTES) {
    throw new Fault("CONFIG", `a provider's configuration may have at most ${MAX_CONFIG_BYTES} bytes`, {
      hint: "name a file of certificates instead of giving them",
    });
  }
  const padded = pad(plaintext);
  plaintext.fill(0);
  const nonce = randomBytes(NONCE_BYTES);
  const key = keyring.derive(file.key, "coffer/1 seal provider");
  const sealed = concat(nonce, seal(key, nonce, padded, textBefore(members, "sealed")));
  padded.fill(0);
  return new TextEncoder().encode(layOut([...members, ["sealed", encodeBase64(sealed)]]).join(""));
}

/**
 * Parses the file without a key.
 * @param stack the id of the stack whose folder it is in
 * @throws {Fault} CONFIG when it does not parse; TAMPERED when it is another stack's
 */
export function parseProviderFile(bytes: Uint8Array, stack: string, where: string): ReadProviderFile {
  const text = decodeText(bytes, where);
  const { format, stack: found, key, provider, created, sealed } = parseObject(text, where);
  if (format !== FORMAT) throw malformed(where, `its format is not ${JSON.stringify(FORMAT)}`);
  if (typeof found !== "string" || !/^[0-9a-f]{32}$/.test(found)) throw malformed(where, "stack must be 32 hex digits");
  if (!isKeyNumber(key)) throw malformed(where, "key must be a key number");
  if (typeof provider !== "string" || !KIND.test(provider)) {
    throw malformed(where, "provider must be a kind of provider");
  }
  if (!isTimestamp(created)) throw malformed(where, "created must be a UTC time");
  const sealedBytes = typeof sealed === "string" ? decodeBase64(sealed) : undefined;
  if (!sealedBytes || sealedBytes.length < NONCE_BYTES + bucketOf(0) + TAG_BYTES) {
    throw malformed(where, "sealed must be base64 of nonce, ciphertext and tag");
  }
  const file: ProviderFile = { stack: found, key, provider, created };
  const members = membersOf(file);
  requireCanonical(text, layOut([...members, ["sealed", encodeBase64(sealedBytes)]]).join(""), where);
  if (found !== stack) throw tampered(where, "it belongs to another stack");
  return { file, authenticated: textBefore(members, "sealed"), sealed: sealedBytes };
}

/**
 * Authenticates the whole file and opens the configuration: the text of a JSON object.
 * @throws {Fault} TAMPERED when the file was not written with these keys
 */
export function openProviderFile(
  { file, authenticated, sealed }: ReadProviderFile,
  keyring: Keyring,
  where: string,
): Secret {
  if (!keyring.has(file.key)) throw tampered(where, "it is under a key that the stack does not have");
  const key = keyring.derive(file.key, "coffer/1 seal provider");
  const padded = open(key, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), authenticated);
  const plaintext = padded && unpad(padded);
  if (!plaintext) throw tampered(where, "it does not authenticate");
  const text = decodeText(plaintext, where);
  if (plaintext.length > MAX_CONFIG_BYTES) throw malformed(where, "its configuration is too long");
  requireCanonicalObject(text, where);
  const config = new Secret(plaintext.slice());
  padded.fill(0);
  return config;
}

function isKeyNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_NUMBER;
}

function membersOf({ stack, key, provider, created }: ProviderFile): Members {
  return [["format", FORMAT], ["stack", stack], ["key", key], ["provider", provider], ["created", created]];
}
