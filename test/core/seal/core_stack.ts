/** Whole stacks in memory through core/seal alone, to be compared with the reference reader and writer. */
import { isSecretName } from "../../../core/name.ts";
import { KV_CONFIG, type KvName, openKvFile, parseKvFile } from "../../../core/seal/kv_file.ts";
import { Keyring } from "../../../core/seal/keyring.ts";
import { newSlotKey, openSlot, slotKeyOf, wrapKeys } from "../../../core/seal/passphrase_slot.ts";
import { openProviderFile, parseProviderFile } from "../../../core/seal/provider_file.ts";
import {
  authenticateSecretFile,
  encodeSecretFile,
  openVersion,
  parseSecretFile,
  sealVersion,
  type ValueType,
} from "../../../core/seal/secret_file.ts";
import { authenticateHeader, encodeStackFile, parseStackFile, slotContextOf } from "../../../core/seal/stack_file.ts";
import { Secret } from "../../../core/secret.ts";
import { pathOfSecret, secretAtPath } from "../../../core/store/file_name.ts";
import type { Kv } from "../../reference/format/kv_reader.ts";
import type { ProviderPart } from "../../reference/format/provider_reader.ts";
import type { Version } from "../../reference/format/secret_reader.ts";
import type { Contents, Files, Secrets } from "../../reference/format/stack_reader.ts";

/** The keys of `stack.json`. The caller disposes of the keyring. */
export async function unlockWithCore(stackFile: Uint8Array, passphrase: string) {
  const read = parseStackFile(stackFile, "stack.json");
  const context = slotContextOf(read.header);
  const slotKey = await slotKeyOf(read.header.slot, Secret.fromText(passphrase));
  const keyring = new Keyring(context.id, openSlot(read.header.slot, slotKey, context, "stack.json"));
  authenticateHeader(read, keyring, "stack.json");
  return { header: read.header, slotKey, keyring };
}

/** All versions in a secret's file. */
export function readSecretWithCore(bytes: Uint8Array, stack: string, name: string, keyring: Keyring): Version[] {
  if (!isSecretName(name)) throw new TypeError("not a secret's name");
  const file = authenticateSecretFile(parseSecretFile(bytes, { stack, name }, name), keyring, name);
  return file.versions.map((entry) => {
    using value = openVersion(file, entry, keyring, name);
    const { version, created, type } = entry;
    return { version, created, type, value: value.reveal() };
  });
}

/** All that a KV file says. */
export function readKvWithCore(bytes: Uint8Array, stack: string, name: string, keyring: Keyring): Kv {
  if (name !== KV_CONFIG && !isSecretName(name)) throw new TypeError("not a secret's name");
  const read = parseKvFile(bytes, { stack, name }, name);
  const { customMetadata, ...settings } = openKvFile(read, keyring, name);
  const { created, updated, removed, latest, versions } = read.file;
  const pairs = Object.entries(customMetadata).sort(([a], [b]) => a < b ? -1 : 1);
  return { created, updated, removed, latest, versions, ...settings, customMetadata: pairs };
}

/** All that `provider.json` says. */
export function readProviderWithCore(bytes: Uint8Array, stack: string, keyring: Keyring): ProviderPart {
  const read = parseProviderFile(bytes, stack, "provider.json");
  using config = openProviderFile(read, keyring, "provider.json");
  return { provider: read.file.provider, created: read.file.created, config: config.revealText() };
}

/** Everything in a stack. */
export async function readContentsWithCore(files: Files, passphrase: string): Promise<Contents> {
  const { header, keyring } = await unlockWithCore(files.get("stack.json")!, passphrase);
  using _keys = keyring;
  const providerFile = files.get("provider.json");
  const contents: Contents = {
    secrets: new Map(),
    kvs: new Map(),
    provider: providerFile && readProviderWithCore(providerFile, header.id, keyring),
  };
  for (const [path, bytes] of files) {
    const name = path.startsWith("secrets/") ? secretAtPath(path.split("/").slice(1)) : undefined;
    if (name !== undefined) contents.secrets.set(name, readSecretWithCore(bytes, header.id, name, keyring));
    const kvName = kvAtPath(path);
    if (kvName !== undefined) contents.kvs.set(kvName, readKvWithCore(bytes, header.id, kvName, keyring));
  }
  return contents;
}

/** Of which secret a file below `kv/` is. */
export function kvAtPath(path: string): KvName | undefined {
  if (path === `kv/${KV_CONFIG}.json`) return KV_CONFIG;
  return path.startsWith("kv/") ? secretAtPath(path.split("/").slice(1)) : undefined;
}

/** The secrets in a stack, all files of which open. */
export async function readWithCore(files: Files, passphrase: string): Promise<Secrets> {
  return (await readContentsWithCore(files, passphrase)).secrets;
}

/** A stack with these secrets. */
export async function writeWithCore(secrets: Secrets, passphrase: string): Promise<Files> {
  const id = "00112233445566778899aabbccddeeff";
  using keyring = Keyring.generate(slotContextOf({ id, keys: [1] }).id);
  const partial = { id, created: "2026-01-31T23:59:59Z", keys: keyring.numbers };
  const slotKey = await newSlotKey(Secret.fromText(passphrase), 10);
  const header = { ...partial, slot: wrapKeys(slotKey, keyring, slotContextOf(partial)) };
  const files = new Map([["stack.json", encodeStackFile(header, keyring)]]);
  for (const [name, versions] of secrets) {
    if (!isSecretName(name)) throw new TypeError("not a secret's name");
    const place = { stack: id, name, key: keyring.newest };
    const sealed = versions.map(({ value, version, created, type }) =>
      sealVersion(place, { version, created, type: type as ValueType }, new Secret(value.slice()), keyring)
    );
    const path = ["secrets", ...pathOfSecret(name)].join("/");
    files.set(path, encodeSecretFile({ ...place, versions: sealed }, keyring));
  }
  return files;
}
