/** Which secrets go where: what `coffer run` is to hand over, from its flags, env files, or the project file. */
import { Fault } from "../../core/fault.ts";
import { type EnvName, envNameOf, parseEnvName, type SecretName } from "../../core/name.ts";
import { describeOrigin, isSource, keyOfOrigin, type Origin } from "../../core/origin.ts";
import {
  isReference,
  parseNameOrReference,
  parseReference,
  type Reference,
  type Template,
} from "../../core/reference.ts";
import type { ChosenEntry } from "../../core/sets/chosen.ts";

export interface Selection {
  readonly bindings: readonly Binding[];
  readonly files: readonly FileBinding[];
  readonly templates: readonly TemplateBinding[];
}

/** A variable and what it gets: a value that is looked up, or literal text. */
export interface Binding {
  readonly env: EnvName;
  readonly from: Origin | string;
}

/** A file in the private folder and the secret in it. */
export interface FileBinding {
  /** Relative to the private folder. */
  readonly path: string;
  readonly from: Reference;
  /** The variable that gets the file's full path: the secret's own with `_FILE`, as container images expect it. */
  readonly env: EnvName;
  /** Whether it is a named pipe that gives the value to its first reader only. */
  readonly once: boolean;
}

/** A template and where in the private folder it is rendered to. */
export interface TemplateBinding {
  readonly template: Template;
  readonly path: string;
}

/** A variable that holds the path of a file, or of the private folder itself. */
export type PathVariable = Pick<FileBinding, "env" | "path">;

/** `NAME`, `NAME#FIELD` or a `coffer://` reference, each with `=ENV` or without. */
export function parseBinding(text: string): Binding {
  const [source, env] = split(text);
  const from = parseNameOrReference(source);
  return { env: env === undefined ? defaultEnvName(from) : parseEnvName(env), from };
}

/** Everything that a selection looks up. */
export function originsOf({ bindings, files, templates }: Selection): Origin[] {
  return [
    ...bindings.map(({ from }) => from).filter((from) => typeof from !== "string"),
    ...files.map(({ from }) => from),
    ...templates.flatMap(({ template }) => template.filter((part) => typeof part !== "string")),
  ];
}

/** `NAME` or `NAME=PATH`. */
export function parseFileBinding(text: string, once = false): FileBinding {
  const [source, path] = split(text);
  const from = parseNameOrReference(source);
  return { ...bindFile({ from, path: path ?? defaultEnvName(from) }), once };
}

/** A secret in a file, under its own variable. */
export function bindFile({ path, from }: Pick<FileBinding, "path" | "from">): FileBinding {
  return { path, from, env: parseEnvName(`${defaultEnvName(from)}_FILE`), once: false };
}

/** Every one of `names` under its own variable. */
export function bindAll(names: readonly SecretName[]): Binding[] {
  return names.map((name) => ({ env: envNameOf(name), from: referenceTo(name) }));
}

/** Entries of sets, each under its own variable. A parameter's literal value is as plain as an env file's. */
export function bindEntries(entries: readonly ChosenEntry[]): Binding[] {
  return entries.map(({ name, source, kind }) => ({
    env: envNameOf(name),
    from: source.kind === "value" && kind.plural === "parameters" ? source.hint : source,
  }));
}

/** An env file's entry: a value that is a reference is looked up, any other is taken as it is. */
export function bindEntry(name: string, value: string): Binding {
  return { env: parseEnvName(name), from: isReference(value) ? parseReference(value) : value };
}

/**
 * One binding per variable. The same secret twice is one; two sources for one variable are an error before anything
 * starts, naming every collision. `paths` are the variables that hold paths in the private folder.
 * @throws {Fault} CONFLICT
 */
export function requireDistinct(bindings: readonly Binding[], paths: readonly PathVariable[]): Binding[] {
  const claims = [
    ...bindings.map((binding) => ({ env: binding.env, source: sourceName(binding), identity: identity(binding) })),
    ...paths.map(({ env, path }) => ({ env, source: `the path ${path}`, identity: `path ${path}` })),
  ];
  const collisions = [...Map.groupBy(claims, ({ env }) => env)]
    .filter(([, group]) => new Set(group.map(({ identity }) => identity)).size > 1);
  if (collisions.length > 0) {
    const described = collisions.map(([env, group]) => `${env} (from ${group.map((c) => c.source).join(" and ")})`);
    throw new Fault("CONFLICT", `more than one source for ${described.join(", ")}`, {
      hint: "choose names with -s: coffer run -s db/password=DB_PASSWORD -s db_password=OTHER -- …",
    });
  }
  return [...new Map(bindings.map((binding) => [binding.env, binding])).values()];
}

function split(text: string): [source: string, target: string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** A field is one more segment: `db#password` → DB_PASSWORD. */
function defaultEnvName({ name, field }: Reference): EnvName {
  return envNameOf(field === undefined ? name : `${name}/${field}`);
}

function referenceTo(name: SecretName): Reference {
  return { stack: undefined, name, field: undefined };
}

function identity({ from }: Binding): string {
  if (typeof from === "string") return `text ${from}`;
  return isSource(from) ? `source ${keyOfOrigin(from)}` : `secret ${sourceName({ from })}`;
}

/** Names the source; a literal value is not shown. */
function sourceName({ from }: Pick<Binding, "from">): string {
  if (typeof from === "string") return "plain text";
  if (isSource(from)) return describeOrigin(from);
  return `${from.stack ?? ""}${from.stack ? ":" : ""}${from.name}${from.field === undefined ? "" : `#${from.field}`}`;
}
