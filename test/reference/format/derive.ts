/** What docs/format.md §3.1, §3.2 and §4.3 derive, each formula as one function. */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { createHash, createHmac, hkdfSync, scryptSync } from "node:crypto";
import { Refusal, toBase64, toHex } from "./layout.ts";

const utf8 = new TextEncoder();

/** Bytes one after the other. */
export function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** §4.3. */
export function frame(...fields: (string | number)[]): Uint8Array {
  return join(...fields.flatMap((field) => {
    const bytes = utf8.encode(String(field));
    return [bigEndian(bytes.length), bytes];
  }));
}

/** Four bytes, the most significant first. */
export function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** RFC 5869 with SHA-256. */
export function hkdf(input: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", input, salt, utf8.encode(info), 32));
}

/** RFC 2104 with SHA-256, in base64 as files have it. */
export function mac(key: Uint8Array, text: Uint8Array): string {
  return toBase64(createHmac("sha256", key).update(text).digest());
}

/** SHA-256, in base64 as files have it. */
export function checksum(text: Uint8Array): string {
  return toBase64(createHash("sha256").update(text).digest());
}

/** The key-encryption key and what hangs on it. */
export interface SlotKeys {
  /** From the passphrase. */
  readonly kek: Uint8Array;
  /** Tells whether the passphrase is right. */
  readonly commitment: Uint8Array;
  /** Opens `wrapped`. */
  readonly wrapKey: Uint8Array;
}

/** §3.1, steps 1 to 4. */
export function slotKeys(passphrase: string, salt: Uint8Array, logN: number, id: Uint8Array): SlotKeys {
  const N = 2 ** logN;
  const kek = new Uint8Array(
    scryptSync(utf8.encode(passphrase.normalize("NFC")), salt, 32, { N, r: 8, p: 1, maxmem: 2 * 128 * 8 * N }),
  );
  return {
    kek,
    commitment: hkdf(kek, id, "coffer/1 slot commitment"),
    wrapKey: hkdf(kek, id, "coffer/1 slot wrap"),
  };
}

/** The associated data of a slot's `wrapped`. */
export function slotData(id: Uint8Array, keys: readonly number[], logN: number, salt: Uint8Array): Uint8Array {
  return frame(
    "coffer/1 slot",
    toHex(id),
    keys.join(","),
    "passphrase",
    "scrypt",
    logN,
    8,
    1,
    toBase64(salt),
  );
}

/** §3.2. */
export interface PurposeKeys {
  /** Seals values. */
  readonly seal: Uint8Array;
  /** Authenticates a secret's file. */
  readonly macSecret: Uint8Array;
  /** Authenticates `stack.json`. */
  readonly macStack: Uint8Array;
  /** Seals KV files. */
  readonly sealKv: Uint8Array;
  /** Seals the configuration of `provider.json`. */
  readonly sealProvider: Uint8Array;
}

/** §3.2. */
export function purposeKeys(stackKey: Uint8Array, id: Uint8Array): PurposeKeys {
  return {
    seal: hkdf(stackKey, id, "coffer/1 seal"),
    macSecret: hkdf(stackKey, id, "coffer/1 mac secret"),
    macStack: hkdf(stackKey, id, "coffer/1 mac stack"),
    sealKv: hkdf(stackKey, id, "coffer/1 seal kv"),
    sealProvider: hkdf(stackKey, id, "coffer/1 seal provider"),
  };
}

/** What one value is bound to. */
export interface ValuePlace {
  /** The stack's id. */
  readonly id: Uint8Array;
  /** The secret's name. */
  readonly name: string;
  /** Number of the stack key. */
  readonly key: number;
  /** Number of the version. */
  readonly version: number;
  /** Kind of the value. */
  readonly type: string;
  /** Time of the version. */
  readonly created: string;
}

/** The associated data of a version's `sealed`. */
export function valueData(place: ValuePlace): Uint8Array {
  return frame("coffer/1 secret", toHex(place.id), place.name, place.key, place.version, place.type, place.created);
}

/** nonce ‖ ciphertext ‖ tag. */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, data: Uint8Array): Uint8Array {
  const body = xchacha20poly1305(key, nonce, data).encrypt(plaintext);
  const sealed = new Uint8Array(nonce.length + body.length);
  sealed.set(nonce);
  sealed.set(body, nonce.length);
  return sealed;
}

/** The inverse of {@linkcode seal}. */
export function open(key: Uint8Array, sealed: Uint8Array, data: Uint8Array): Uint8Array {
  try {
    return xchacha20poly1305(key, sealed.subarray(0, 24), data).decrypt(sealed.subarray(24));
  } catch {
    throw new Refusal("TAMPERED", "does not open");
  }
}

/** §4.2: how long the padded plaintext of a value of this length is. */
export function bucket(length: number): number {
  const n = length + 4;
  let power = 1;
  while (power * 2 <= n - 1) power *= 2;
  const step = Math.max(64, power / 8);
  return Math.ceil(n / step) * step;
}

/** §4.2. */
export function pad(value: Uint8Array): Uint8Array {
  const padded = new Uint8Array(bucket(value.length));
  padded.set(bigEndian(value.length));
  padded.set(value, 4);
  return padded;
}

/** The inverse of {@linkcode pad}. */
export function unpad(padded: Uint8Array): Uint8Array {
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (length > 16_777_216 || padded.length !== bucket(length)) throw new Refusal("TAMPERED", "not its bucket");
  if (padded.subarray(4 + length).some((byte) => byte !== 0)) throw new Refusal("TAMPERED", "padding that is not zero");
  return padded.slice(4, 4 + length);
}
