/** A stack's folder and its `stack.json`: docs/format.md §1 and §3. */

import { checksum, mac, open, type PurposeKeys, purposeKeys, slotData, slotKeys } from "./derive.ts";
import { nameOf } from "./file_names.ts";
import { CONFIG, type Kv, readKv } from "./kv_reader.ts";
import { Cursor, fromHex, Refusal, toBase64 } from "./layout.ts";
import { type ProviderPart, readProvider } from "./provider_reader.ts";
import { readSecret, type Version } from "./secret_reader.ts";

/** What `stack.json` says, before any of it is believed. */
export interface StackText {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** Time of the stack's making. */
  readonly created: string;
  /** Numbers of the stack keys, newest first. */
  readonly keys: readonly number[];
  /** Strength of the slot's scrypt. */
  readonly logN: number;
  /** The slot's salt. */
  readonly salt: Uint8Array;
  /** What the passphrase must lead to. */
  readonly commitment: Uint8Array;
  /** The sealed stack keys. */
  readonly wrapped: Uint8Array;
  /** The MAC, and what it is of. */
  readonly mac: { readonly value: string; readonly of: Uint8Array };
}

/** Reads the layout and the checksum; needs no key. */
export function readStackText(bytes: Uint8Array): StackText {
  const at = new Cursor(bytes, 65_536);
  at.literal('{\n  "format": "coffer/1 stack",\n  "id": ');
  const id = fromHex(at.stringLike(/[0-9a-f]{32}/));
  at.literal(',\n  "created": ');
  const created = at.time();
  at.literal(',\n  "keys": [');
  const keys = [at.number(1, 999_999_999)];
  if (at.tryLiteral(",")) keys.push(at.number(1, 999_999_999));
  if (keys.length === 2 && keys[0] !== keys[1]! + 1) throw new Refusal("CONFIG", "keys that do not follow each other");
  at.literal('],\n  "slots": [\n    {"type":"passphrase","kdf":"scrypt","logN":');
  const logN = at.number(10, 20);
  at.literal(',"r":8,"p":1,"salt":');
  const salt = at.base64(32);
  at.literal(',"commitment":');
  const commitment = at.base64(32);
  at.literal(',"wrapped":');
  const wrapped = at.base64(24 + 32 * keys.length + 16);
  at.literal("}\n  ],\n");
  const macOf = bytes.subarray(0, at.offset);
  at.literal('  "mac": ');
  const macValue = toBase64(at.base64(32));
  at.literal(",\n");
  const checksumOf = bytes.subarray(0, at.offset);
  at.literal('  "checksum": ');
  const sum = toBase64(at.base64(32));
  at.literal("\n}\n");
  at.end();
  if (sum !== checksum(checksumOf)) throw new Refusal("TAMPERED", "damaged");
  return { id, created, keys, logN, salt, commitment, wrapped, mac: { value: macValue, of: macOf } };
}

/** A stack that has been opened. */
export interface OpenStack {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** Number of the newest key. */
  readonly newest: number;
  /** Purpose keys by the number of their stack key. */
  readonly keys: ReadonlyMap<number, PurposeKeys>;
}

/** §3.1. */
export function unlock(text: StackText, passphrase: string): OpenStack {
  if (passphrase === "") throw new Refusal("LOCKED", "an empty passphrase");
  const slot = slotKeys(passphrase, text.salt, text.logN, text.id);
  if (toBase64(slot.commitment) !== toBase64(text.commitment)) throw new Refusal("LOCKED", "a wrong passphrase");
  const stackKeys = open(slot.wrapKey, text.wrapped, slotData(text.id, text.keys, text.logN, text.salt));
  const keys = new Map(
    text.keys.map((number, i) => [number, purposeKeys(stackKeys.subarray(32 * i, 32 * i + 32), text.id)]),
  );
  const newest = text.keys[0]!;
  if (mac(keys.get(newest)!.macStack, text.mac.of) !== text.mac.value) throw new Refusal("TAMPERED", "a wrong MAC");
  return { id: text.id, newest, keys };
}

/** Secrets by name, each with its versions, newest first. */
export type Secrets = Map<string, Version[]>;

/** A stack's files by their path in its folder. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What is said of secrets besides, by name; of the stack itself under `.config`. */
export type Kvs = Map<string, Kv>;

/** Everything in a stack. */
export interface Contents {
  /** All versions that files hold, whatever is said of them. */
  readonly secrets: Secrets;
  /** What is said of them. */
  readonly kvs: Kvs;
  /** With whom the secrets are, if they are not here. */
  readonly provider: ProviderPart | undefined;
}

/** Opens every file of a stack whose files are in memory. All of it must hold, or nothing is returned. */
export function readContents(files: Files, passphrase: string): Contents {
  const stackFile = files.get("stack.json");
  if (stackFile === undefined) throw new Error("no stack.json");
  const stack = unlock(readStackText(stackFile), passphrase);
  const secrets: Secrets = new Map();
  const kvs: Kvs = new Map();
  for (const [path, bytes] of files) {
    const place = placeOf(path);
    if (place?.kind === "secret") secrets.set(place.name, readSecret(bytes, stack, place.name));
    if (place?.kind === "kv") kvs.set(place.name, readKv(bytes, stack, place.name));
  }
  const providerFile = files.get("provider.json");
  return { secrets, kvs, provider: providerFile && readProvider(providerFile, stack) };
}

/** {@linkcode readContents}, for callers that want the secrets alone. */
export function readStack(files: Files, passphrase: string): Secrets {
  return readContents(files, passphrase).secrets;
}

/** §1: what a file below the stack's folder is; undefined when it is to be ignored. */
function placeOf(path: string): { readonly kind: "secret" | "kv"; readonly name: string } | undefined {
  if (path === `kv/${CONFIG}.json`) return { kind: "kv", name: CONFIG };
  const [folder, ...rest] = path.split("/");
  const name = folder === "secrets" || folder === "kv" ? nameOf(rest.join("/")) : undefined;
  return name === undefined ? undefined : { kind: folder === "kv" ? "kv" : "secret", name };
}

async function collect(folder: string, prefix: string, files: Map<string, Uint8Array>): Promise<void> {
  for await (const { name, isDirectory, isFile, isSymlink } of Deno.readDir(folder)) {
    const path = prefix + name;
    const ours = ["stack.json", "provider.json", "secrets", "kv"].includes(path) || placeOf(path) !== undefined;
    if (isSymlink && ours) throw new Refusal("DENIED", "a symbolic link");
    if (isDirectory) await collect(`${folder}/${name}`, `${path}/`, files);
    else if (isFile) files.set(path, await Deno.readFile(`${folder}/${name}`));
  }
}

/** Opens every secret of a stack's folder (`…/stacks/<stack>`). */
export async function readStackFolder(path: string, passphrase: string): Promise<Secrets> {
  const files = new Map<string, Uint8Array>();
  await collect(path, "", files);
  return readStack(files, passphrase);
}
