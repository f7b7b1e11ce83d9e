/** Porter's credential and parameter sets: names, and the source that each gets its value from. */
import { Fault } from "../fault.ts";
import type { Source } from "../providers/provider.ts";

/** What the two kinds of set differ in. */
export interface SetKind {
  /** Of the member that holds the entries, of the folder that sets are kept in, and of the command. */
  readonly plural: "credentials" | "parameters";
  readonly singular: "credential" | "parameter";
  readonly schemaType: "CredentialSet" | "ParameterSet";
  /** What may be read; the last one is written. */
  readonly versions: readonly string[];
}

export const CREDENTIALS: SetKind = {
  plural: "credentials",
  singular: "credential",
  schemaType: "CredentialSet",
  versions: ["1.0.1"],
};

export const PARAMETERS: SetKind = {
  plural: "parameters",
  singular: "parameter",
  schemaType: "ParameterSet",
  versions: ["1.0.1", "1.1.0"],
};

export interface SetEntry {
  readonly name: string;
  readonly source: Source;
}

/** Where a set is: the same name can be there in several namespaces. */
export interface SetId {
  /** Empty: the global one, which is looked in last for every namespace. */
  readonly namespace: string;
  readonly name: string;
}

export interface SourceSet extends SetId {
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: readonly SetEntry[];
}

/** As it is kept. */
export interface StoredSet extends SourceSet {
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly modified: string;
}

const MAX_NAME = 64;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Names of sets and of namespaces become names of files. */
export function isSetName(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text);
}

/** @throws {Fault} USAGE when `text` is not a set's name */
export function parseSetName(text: string): string {
  if (isSetName(text)) return text;
  throw notAName(text, "a set's name");
}

/** @throws {Fault} USAGE when `text` is not a namespace; empty is the global one */
export function parseNamespace(text: string): string {
  if (text === "" || isSetName(text)) return text;
  throw notAName(text, "a namespace");
}

function notAName(text: string, what: string): Fault {
  return new Fault("USAGE", `${JSON.stringify(text)} is not ${what}`, {
    hint: `use letters, digits, \`_\`, \`-\` and \`.\` (at most ${MAX_NAME}): staging-eu`,
  });
}

/** For messages, as Porter has it. */
export function describeSet({ namespace, name }: SetId): string {
  return `${namespace}/${name}`;
}
