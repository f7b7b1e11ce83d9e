/** The published vectors of test/vectors/format. */

import { fromBase64, type RefusalCode } from "./layout.ts";
import type { Version } from "./secret_reader.ts";
import type { Kv } from "./kv_reader.ts";
import type { ProviderPart } from "./provider_reader.ts";
import type { Files, Kvs, Secrets } from "./stack_reader.ts";

const FOLDER = new URL("../../vectors/format/", import.meta.url);
// Checked when loading, so that a moved folder or a generator gone wrong cannot leave tests with nothing to do.
const LEAST = { accept: 24, refuse: 664 };

/** A file's text, or its bytes in base64 when they are not UTF-8. */
export type VectorFile = string | { readonly base64: string };

/** One stack that a reader must open. */
export interface AcceptVector {
  /** What is special about it. */
  readonly about: string;
  /** Opens it. */
  readonly passphrase: string;
  /** By path in the stack's folder. */
  readonly files: Readonly<Record<string, VectorFile>>;
  /** All that is in it, by name; versions newest first. */
  readonly secrets: Readonly<
    Record<
      string,
      readonly { readonly version: number; readonly created: string; readonly type: string; readonly base64: string }[]
    >
  >;
  /** All that KV files say, by name, where there are any. */
  readonly kv?: Readonly<Record<string, Kv>>;
  /** All that `provider.json` says, where there is one. */
  readonly provider?: ProviderPart;
  /** Every value on the way, in hex; for a stack with one key. */
  readonly steps?: Readonly<Record<string, string>>;
}

/** A file of vectors: one sound stack, and ways in which it is not. */
export interface RefuseVectors {
  /** What the cases have in common. */
  readonly about: string;
  /** Opens the sound stack. */
  readonly passphrase: string;
  /** The sound stack. */
  readonly files: Readonly<Record<string, VectorFile>>;
  /** What to change, one case at a time. */
  readonly cases: readonly {
    readonly name: string;
    readonly code: RefusalCode;
    readonly passphrase?: string;
    /** Replaces files of the sound stack, or removes them. */
    readonly files: Readonly<Record<string, VectorFile | null>>;
  }[];
}

function bytesOf(file: VectorFile): Uint8Array {
  return typeof file === "string" ? new TextEncoder().encode(file) : fromBase64(file.base64);
}

/** The files of a vector with the changes of one case. */
export function filesOf(
  files: Readonly<Record<string, VectorFile>>,
  changes: Readonly<Record<string, VectorFile | null>> = {},
): Files {
  const changed = Object.entries({ ...files, ...changes });
  return new Map(changed.flatMap(([path, file]) => file === null ? [] : [[path, bytesOf(file)] as const]));
}

/** The secrets of a vector as a reader must return them. */
export function secretsOf(vector: AcceptVector): Secrets {
  const versions = ([name, versions]: [string, AcceptVector["secrets"][string]]): [string, Version[]] => [
    name,
    versions.map(({ version, created, type, base64 }) => ({
      version,
      created,
      type: type as Version["type"],
      value: fromBase64(base64),
    })),
  ];
  return new Map(Object.entries(vector.secrets).map(versions));
}

/** The KV files of a vector as a reader must return them. */
export function kvsOf(vector: AcceptVector): Kvs {
  return new Map(Object.entries(vector.kv ?? {}));
}

function load<T>(kind: string): [name: string, vector: T][] {
  const names = [...Deno.readDirSync(new URL(`${kind}/`, FOLDER))].map((entry) => entry.name).sort();
  return names.map((name) => [
    name.replace(/\.json$/, ""),
    JSON.parse(Deno.readTextFileSync(new URL(`${kind}/${name}`, FOLDER))) as T,
  ]);
}

/** Stacks to open, by name. */
export function acceptVectors(): [name: string, vector: AcceptVector][] {
  const vectors = load<AcceptVector>("accept");
  if (vectors.length < LEAST.accept) throw new Error(`only ${vectors.length} vectors to accept`);
  return vectors;
}

/** Stacks to refuse, by group. */
export function refuseVectors(): [group: string, vectors: RefuseVectors][] {
  const groups = load<RefuseVectors>("refuse");
  const count = groups.reduce((n, [, { cases }]) => n + cases.length, 0);
  if (count < LEAST.refuse) throw new Error(`only ${count} vectors to refuse`);
  return groups;
}
