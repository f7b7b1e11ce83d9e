/**
 * Writes a stack, with its randomness and its times passed in, so that the same plan always gives the same bytes.
 * It checks nothing: test vectors of refusals are made by asking it for what no writer may write.
 */

import {
  checksum,
  join,
  mac,
  pad,
  type PurposeKeys,
  purposeKeys,
  seal,
  slotData,
  type SlotKeys,
  slotKeys,
  valueData,
} from "./derive.ts";
import { fileOf } from "./file_names.ts";
import { toBase64, toHex } from "./layout.ts";

const utf8 = new TextEncoder();

/** Bytes that a real writer would take from the system's generator. */
export type Random = (length: number) => Uint8Array;

/** One version to write. */
export interface PlannedVersion {
  /** Its number; counted from 1 at the oldest unless given. */
  readonly version?: number;
  /** Its time; the stack's unless given. */
  readonly created?: string;
  /** Kind of the value; `bytes` unless given. */
  readonly type?: string;
  /** The value. */
  readonly value: Uint8Array;
}

/** One secret to write. */
export interface PlannedSecret {
  /** Its name. */
  readonly name: string;
  /** Number of the stack key; the newest unless given. */
  readonly key?: number;
  /** Versions, newest first. */
  readonly versions: readonly PlannedVersion[];
}

/** One KV file to write; the text of everything is as given. */
export interface PlannedKv {
  /** Name of the secret, or `.config`. */
  readonly name: string;
  /** Number of the stack key; the newest unless given. */
  readonly key?: number;
  /** Time of the secret's making; the stack's unless given. */
  readonly created?: string;
  /** Time of the last change; the stack's unless given. */
  readonly updated?: string;
  /** Whether the secret is being removed; it is not unless given. */
  readonly removed?: boolean;
  /** 0 unless given. */
  readonly latest?: number;
  /** What is said of versions, newest first; of none unless given. */
  readonly versions?: readonly {
    readonly version: number;
    readonly created: string;
    readonly deletion: string | null;
    readonly destroyed: boolean;
  }[];
  /** What is sealed; {@linkcode kvContent} of nothing unless given. */
  readonly content?: string;
}

/** `provider.json` to write; the text of everything is as given. */
export interface PlannedProvider {
  /** Kind of provider. */
  readonly provider: string;
  /** Number of the stack key; the newest unless given. */
  readonly key?: number;
  /** Time of the registration; the stack's unless given. */
  readonly created?: string;
  /** What is sealed. */
  readonly config: string;
}

/** A stack to write. */
export interface StackPlan {
  /** Opens the stack. */
  readonly passphrase: string;
  /** Strength of scrypt. */
  readonly logN: number;
  /** Time of the stack's making. */
  readonly created: string;
  /** Numbers of the stack keys, newest first; `[1]` unless given. */
  readonly keys?: readonly number[];
  /** The secrets. */
  readonly secrets: readonly PlannedSecret[];
  /** The KV files; none unless given. */
  readonly kvs?: readonly PlannedKv[];
  /** With whom the secrets are; nobody unless given. */
  readonly provider?: PlannedProvider;
  /**
   * Asked for the id, the salt, each stack key, the nonce of `wrapped`, one nonce for each version, one for each KV
   * file and one for `provider.json`, in turn.
   */
  readonly random: Random;
}

/** A stack that was written, with all that its writer knew. */
export interface WrittenStack {
  /** Texts of the files by their path in the stack's folder. */
  readonly files: Map<string, string>;
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** The slot's salt. */
  readonly salt: Uint8Array;
  /** What the passphrase led to. */
  readonly slot: SlotKeys;
  /** Stack keys by number. */
  readonly stackKeys: ReadonlyMap<number, Uint8Array>;
  /** Purpose keys by the number of their stack key. */
  readonly keys: ReadonlyMap<number, PurposeKeys>;
}

/** Puts the MAC and the checksum under the text before `mac`. */
export function closeStack(textBeforeMac: string, keys: PurposeKeys): string {
  const withMac = `${textBeforeMac}  "mac": "${mac(keys.macStack, utf8.encode(textBeforeMac))}",\n`;
  return `${withMac}  "checksum": "${checksum(utf8.encode(withMac))}"\n}\n`;
}

/** Puts the MAC under the text before `mac`. */
export function closeSecret(textBeforeMac: string, keys: PurposeKeys): string {
  return `${textBeforeMac}  "mac": "${mac(keys.macSecret, utf8.encode(textBeforeMac))}"\n}\n`;
}

/** A version as its line in a secret's file, padded already so that padding can be wrong too. */
export function sealLine(
  place: { id: Uint8Array; name: string; key: number; version: number; type: string; created: string },
  padded: Uint8Array,
  sealKey: Uint8Array,
  nonce: Uint8Array,
): string {
  const sealed = toBase64(seal(sealKey, nonce, padded, valueData(place)));
  const { version, created, type } = place;
  return `    {"version":${version},"created":"${created}","type":"${type}","sealed":"${sealed}"}`;
}

/** The text of a secret's file up to `mac`. */
export function secretText(id: Uint8Array, name: string, key: number, versionLines: readonly string[]): string {
  return `{\n  "format": "coffer/1 secret",\n  "stack": "${toHex(id)}",\n  "name": "${name}",\n  "key": ${key},\n` +
    `  "versions": [\n${versionLines.join(",\n")}\n  ],\n`;
}

/** The text that a KV file seals. */
export function kvContent(
  { casRequired = false, custom = {}, deleteVersionAfter = 0, maxVersions = 0 }: {
    readonly casRequired?: boolean;
    readonly custom?: Readonly<Record<string, string>>;
    readonly deleteVersionAfter?: number;
    readonly maxVersions?: number;
  },
): string {
  const pairs = Object.keys(custom).sort().map((key) => `${JSON.stringify(key)}:${JSON.stringify(custom[key])}`);
  return `{"cas_required":${casRequired},"custom_metadata":{${pairs.join(",")}},` +
    `"delete_version_after":${deleteVersionAfter},"max_versions":${maxVersions}}`;
}

/** The text of a KV file up to `sealed`. */
export function kvText(id: Uint8Array, plan: Required<Omit<PlannedKv, "content">>): string {
  const { name, key, created, updated, removed, latest, versions } = plan;
  const lines = versions.map((v) =>
    `    {"version":${v.version},"created":"${v.created}",` +
    `"deletion":${v.deletion === null ? "null" : `"${v.deletion}"`},"destroyed":${v.destroyed}}`
  );
  return `{\n  "format": "coffer/1 kv",\n  "stack": "${toHex(id)}",\n  "name": "${name}",\n  "key": ${key},\n` +
    `  "created": "${created}",\n  "updated": "${updated}",\n  "removed": ${removed},\n  "latest": ${latest},\n` +
    `  "versions": [${lines.length === 0 ? "" : `\n${lines.join(",\n")}\n  `}],\n`;
}

/** Puts `sealed` under the text before it; the plaintext is padded already, so that padding can be wrong too. */
export function closeKv(textBefore: string, padded: Uint8Array, keys: PurposeKeys, nonce: Uint8Array): string {
  const sealed = seal(keys.sealKv, nonce, padded, utf8.encode(textBefore));
  return `${textBefore}  "sealed": "${toBase64(sealed)}"\n}\n`;
}

/** As {@linkcode closeKv}, for `provider.json`. */
export function closeProvider(textBefore: string, padded: Uint8Array, keys: PurposeKeys, nonce: Uint8Array): string {
  const sealed = seal(keys.sealProvider, nonce, padded, utf8.encode(textBefore));
  return `${textBefore}  "sealed": "${toBase64(sealed)}"\n}\n`;
}

/** Writes a stack in memory. */
export function writeStack(plan: StackPlan): WrittenStack {
  const { created, logN, keys: numbers = [1], random } = plan;
  const id = random(16);
  const salt = random(32);
  const stackKeys = new Map(numbers.map((number) => [number, random(32)]));
  const slot = slotKeys(plan.passphrase, salt, logN, id);
  const wrapped = seal(slot.wrapKey, random(24), join(...stackKeys.values()), slotData(id, numbers, logN, salt));
  const keys = new Map([...stackKeys].map(([number, key]) => [number, purposeKeys(key, id)]));
  const newest = numbers[0]!;
  const textBeforeMac = `{\n  "format": "coffer/1 stack",\n  "id": "${toHex(id)}",\n  "created": "${created}",\n` +
    `  "keys": [${numbers.join(",")}],\n  "slots": [\n` +
    `    {"type":"passphrase","kdf":"scrypt","logN":${logN},"r":8,"p":1,"salt":"${toBase64(salt)}",` +
    `"commitment":"${toBase64(slot.commitment)}","wrapped":"${toBase64(wrapped)}"}\n  ],\n`;
  const files = new Map([["stack.json", closeStack(textBeforeMac, keys.get(newest)!)]]);
  for (const { name, key = newest, versions } of plan.secrets) {
    const lines = versions.map(({ version, created: at = created, type = "bytes", value }, i) => {
      const place = { id, name, key, version: version ?? versions.length - i, type, created: at };
      return sealLine(place, pad(value), keys.get(key)!.seal, random(24));
    });
    files.set(`secrets/${fileOf(name)}`, closeSecret(secretText(id, name, key, lines), keys.get(key)!));
  }
  for (const { content = kvContent({}), ...given } of plan.kvs ?? []) {
    const about = { key: newest, created, updated: created, removed: false, latest: 0, versions: [], ...given };
    const path = about.name === ".config" ? "kv/.config.json" : `kv/${fileOf(about.name)}`;
    const padded = pad(utf8.encode(content));
    files.set(path, closeKv(kvText(id, about), padded, keys.get(about.key)!, random(24)));
  }
  if (plan.provider) {
    const { provider, key = newest, created: at = created, config } = plan.provider;
    const text = `{\n  "format": "coffer/1 provider",\n  "stack": "${toHex(id)}",\n  "key": ${key},\n` +
      `  "provider": "${provider}",\n  "created": "${at}",\n`;
    files.set("provider.json", closeProvider(text, pad(utf8.encode(config)), keys.get(key)!, random(24)));
  }
  return { files, id, salt, slot, stackKeys, keys };
}

/** Writes a stack's folder (`…/stacks/<stack>`), which must not exist yet. */
export async function writeStackFolder(path: string, plan: StackPlan): Promise<WrittenStack> {
  const written = writeStack(plan);
  await Deno.mkdir(`${path}/secrets`, { recursive: true, mode: 0o700 });
  for (const [file, text] of written.files) {
    await Deno.mkdir(`${path}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(`${path}/${file}`, text, { createNew: true, mode: 0o600 });
  }
  return written;
}
