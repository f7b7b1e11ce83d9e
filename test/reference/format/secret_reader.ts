/** A secret's file: docs/format.md §4. */

import { mac, open, unpad, valueData } from "./derive.ts";
import { isSecretName } from "./file_names.ts";
import { Cursor, Refusal, toBase64, toHex } from "./layout.ts";
import type { OpenStack } from "./stack_reader.ts";

/** One opened version. */
export interface Version {
  /** Its number. */
  readonly version: number;
  /** Time of its making. */
  readonly created: string;
  /** Kind of the value. */
  readonly type: "bytes" | "json";
  /** The value. */
  readonly value: Uint8Array;
}

/** What a secret's file says, before any of it is believed. */
export interface SecretText {
  /** Id of the stack, in hex. */
  readonly stack: string;
  /** Name of the secret. */
  readonly name: string;
  /** Number of the stack key. */
  readonly key: number;
  /** Versions, newest first, their values still sealed. */
  readonly versions: readonly (Omit<Version, "value"> & { readonly sealed: Uint8Array })[];
  /** The MAC, and what it is of. */
  readonly mac: { readonly value: string; readonly of: Uint8Array };
}

/** Reads the layout; needs no key. */
export function readSecretText(bytes: Uint8Array): SecretText {
  const at = new Cursor(bytes, 301_989_888);
  at.literal('{\n  "format": "coffer/1 secret",\n  "stack": ');
  const stack = at.stringLike(/[0-9a-f]{32}/);
  at.literal(',\n  "name": ');
  const name = at.string();
  if (!isSecretName(name)) throw new Refusal("CONFIG", "not a secret's name");
  at.literal(',\n  "key": ');
  const key = at.number(1, 999_999_999);
  at.literal(',\n  "versions": [\n');
  const versions: SecretText["versions"][number][] = [];
  do {
    at.literal('    {"version":');
    const version = at.number(1, 999_999_999);
    at.literal(',"created":');
    const created = at.time();
    at.literal(',"type":');
    const type = at.stringLike(/bytes|json/) as "bytes" | "json";
    at.literal(',"sealed":');
    const sealed = at.base64();
    if (sealed.length < 24 + 64 + 16) throw new Refusal("CONFIG", "shorter than the smallest sealed value");
    versions.push({ version, created, type, sealed });
    at.literal("}");
  } while (at.tryLiteral(",\n"));
  at.literal("\n  ],\n");
  const macOf = bytes.subarray(0, at.offset);
  at.literal('  "mac": ');
  const macValue = toBase64(at.base64(32));
  at.literal("\n}\n");
  at.end();
  if (versions.length > 100) throw new Refusal("CONFIG", "too many versions");
  if (versions.some((v, i) => i > 0 && v.version >= versions[i - 1]!.version)) {
    throw new Refusal("CONFIG", "version numbers that do not fall");
  }
  return { stack, name, key, versions, mac: { value: macValue, of: macOf } };
}

/** §4.1: every version of the secret with this name. */
export function readSecret(bytes: Uint8Array, stack: OpenStack, name: string): Version[] {
  const text = readSecretText(bytes);
  if (text.stack !== toHex(stack.id)) throw new Refusal("TAMPERED", "a file of another stack");
  if (text.name !== name) throw new Refusal("TAMPERED", "a file of another secret");
  const keys = stack.keys.get(text.key);
  if (keys === undefined) throw new Refusal("TAMPERED", "a key that the stack does not have");
  if (mac(keys.macSecret, text.mac.of) !== text.mac.value) throw new Refusal("TAMPERED", "a wrong MAC");
  return text.versions.map(({ version, created, type, sealed }) => {
    const place = { id: stack.id, name, key: text.key, version, type, created };
    return { version, created, type, value: unpad(open(keys.seal, sealed, valueData(place))) };
  });
}
