/** From a project file's text to requirements. Everything that is wrong is gathered and reported at once. */
import { Fault } from "../fault.ts";
import { show } from "../interchange/checks.ts";
import { type EnvName, isEnvName } from "../name.ts";
import { isReference } from "../reference.ts";
import type { Requirements, SecretFile, TemplateFile, Variable } from "./requirements.ts";
import { brokenRule, type Rules, TYPE_NAMES, wholeMatch } from "./rules.ts";
import { TableReader } from "../config/table_reader.ts";
import { isTable, type Table } from "../config/table.ts";
import { parseToml } from "../config/toml.ts";

const SECTIONS = ["env", "files", "templates"];
const VARIABLE_KEYS = ["secret", "default", "type", "enum", "pattern", "required"];
const FILE_KEYS = ["secret", "required"];
const NO_RULES: Rules = { type: "string", enum: undefined, pattern: undefined };
/** More than file systems take. */
const MAX_PATH = 4096;

/** Reads one entry of a section. Undefined when it is so wrong that nothing can be made of it. */
type EntryParser<T> = (name: string, given: unknown, at: string, problems: string[]) => T | undefined;

/**
 * Reads a project file.
 * @param where what to call it in errors
 * @throws {Fault} CONFIG naming line and column where it is not TOML, else every key that is wrong; no values
 */
export function parseRequirements(text: string, where: string): Requirements {
  const problems: string[] = [];
  const root = new TableReader(parseToml(text, where), "", SECTIONS, problems);
  const all = <T>(section: string, parse: EntryParser<T>): T[] =>
    root.entries(section)
      .map(([name, given]) => parse(name, given, `${section}.${show(name)}`, problems))
      .filter((entry) => entry !== undefined);
  const requirements = {
    variables: all("env", parseVariable),
    files: all("files", parseFile),
    templates: all("templates", parseTemplate),
  };
  // Not before the paths are known to be of a bearable length.
  const paths = [...requirements.files, ...requirements.templates].map(({ path }) => path);
  if (problems.length === 0) problems.push(...collisions(paths));
  if (problems.length === 0) return requirements;
  throw new Fault("CONFIG", `${where}: ${problems.join("; ")}`, {
    hint: `NAME = "text", NAME = "coffer:///name", or NAME = { … } with any of ${VARIABLE_KEYS.join(", ")}`,
  });
}

function parseVariable(name: string, given: unknown, at: string, problems: string[]): Variable | undefined {
  if (!isEnvName(name)) problems.push(`${at} is not a variable's name`);
  // They hold the passphrase, or say where Coffer has put things.
  else if (name.startsWith("COFFER_")) problems.push(`${at} is one of Coffer's own variables`);
  else if (typeof given === "string" && !isReference(given)) {
    if (given.includes("\0")) problems.push(`${at} has a NUL character, which no variable can hold`);
    return { name, from: given, default: undefined, required: true, rules: NO_RULES };
  } else {
    const table = tableOf(given);
    if (table) return variableIn(new TableReader(table, `${at}.`, VARIABLE_KEYS, problems), name, at, problems);
    problems.push(`${at} is neither text in quotes nor a table`);
  }
  return undefined;
}

function variableIn(table: TableReader, name: EnvName, at: string, problems: string[]): Variable {
  const rules = {
    type: table.choice("type", TYPE_NAMES) ?? "string",
    enum: table.texts("enum"),
    pattern: table.regularExpression("pattern", wholeMatch),
  };
  const fallback = table.text("default");
  const broken = fallback === undefined ? undefined : brokenRule(fallback, rules);
  if (broken !== undefined) problems.push(`${at}.default breaks the variable's own rule: ${broken}`);
  return { name, from: table.secret("secret"), default: fallback, required: table.flag("required") ?? true, rules };
}

function parseFile(path: string, given: unknown, at: string, problems: string[]): SecretFile | undefined {
  requirePathInside(path, at, problems);
  const table = tableOf(given);
  const reader = table && new TableReader(table, `${at}.`, FILE_KEYS, problems);
  if (!reader?.has("secret")) {
    problems.push(`${at} names no secret: write { secret = "name" }, or a coffer:// reference`);
  }
  const required = reader?.flag("required") ?? true;
  const from = reader?.secret("secret");
  return from && { path, from, required };
}

function parseTemplate(path: string, given: unknown, at: string, problems: string[]): TemplateFile | undefined {
  requirePathInside(path, at, problems);
  if (typeof given === "string" && TEMPLATE_PATH.test(given)) return { path, input: given };
  problems.push(`${at} is not the path of a template, relative to this file`);
  return undefined;
}

/** Not absolute: the file is for every checkout. */
const TEMPLATE_PATH = /^[^/\0][^\0]*$/;

/** An entry as a table: a reference alone is short for a table with nothing but a secret. */
function tableOf(given: unknown): Table | undefined {
  if (isTable(given)) return given;
  return typeof given === "string" && isReference(given) ? { secret: given } : undefined;
}

function requirePathInside(path: string, at: string, problems: string[]): void {
  const leavesFolder = path.split("/").some((part) => part === "" || part === "." || part === "..");
  if (leavesFolder || path.includes("\0") || path.length > MAX_PATH) {
    problems.push(`${at} is not a relative path without \`..\``);
  }
}

/** Paths that are given twice, and files that would be folders of others. */
function collisions(paths: readonly string[]): string[] {
  const folders = new Set(paths.flatMap((path) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))));
  return [...Map.groupBy(paths, (path) => path)]
    .filter(([path, same]) => same.length > 1 || folders.has(path))
    .map(([path]) => `two files are to be written as ${show(path)}`);
}
