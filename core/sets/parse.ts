/** From a document to a set. Everything that is wrong is gathered and reported at once. */
import { isTable, type Table } from "../config/table.ts";
import { TableReader } from "../config/table_reader.ts";
import { Fault } from "../fault.ts";
import { duplicateNames, show } from "../interchange/checks.ts";
import { type Source, type SourceKind } from "../providers/provider.ts";
import { isSetName, type SetEntry, type SetKind, type SourceSet } from "./set.ts";

/** In the order in which Porter lists them. */
const KINDS: readonly SourceKind[] = ["secret", "value", "env", "path", "command"];
const KEYS = ["schemaType", "schemaVersion", "namespace", "name", "labels", "status"];
/** Porter's schema has them, and Porter itself does not read them. */
const UNREAD_KEYS = ["created", "modified", "custom"];
const ENTRY_KEYS = ["name", "source"];
const SEMANTIC_VERSION = /^v?\d+(?:\.\d+){0,2}(?:[-+].+)?$/;
/** Where Porter's clients are told what versions there are. */
const VERSIONS = "See https://porter.sh/reference/file-formats/#supported-versions for more details";

/**
 * Reads a set.
 * @param where what to call the document in errors
 * @param namespace where the document names none
 * @throws {Fault} CONFIG naming everything that is wrong, and no values
 */
export function parseSet(document: Table, kind: SetKind, where: string, namespace = ""): SourceSet {
  const problems: string[] = [];
  requireType(document, kind, where);
  const reader = new TableReader(document, "", [...KEYS, kind.plural, ...UNREAD_KEYS], problems);
  requireVersion(reader, kind, problems);
  const set: SourceSet = {
    namespace: nameIn(reader, "namespace", problems) ?? namespace,
    name: nameIn(reader, "name", problems) ?? "",
    labels: labelsIn(reader, problems),
    entries: reader.tables(kind.plural).flatMap(([at, table]) => parseEntry(table, at, kind, problems)),
  };
  if (!reader.has("name")) problems.push("name is missing");
  if (!reader.has(kind.plural)) problems.push(`${kind.plural} is missing: write [] for none`);
  problems.push(...duplicateNames(set.entries.map(({ name }) => name)));
  if (problems.length === 0) return set;
  throw new Fault("CONFIG", `${where}: ${kind.singular} set is invalid: ${problems.join("; ")}`, {
    hint: `coffer ${kind.plural} create prints one to begin with`,
  });
}

/** By itself: of another type, everything else is wrong as well. In Porter's words. */
function requireType({ schemaType: given }: Table, { schemaType, singular, plural }: SetKind, where: string): void {
  if (typeof given !== "string" || given.toLowerCase() === schemaType.toLowerCase()) return;
  throw new Fault(
    "CONFIG",
    `${where}: ${singular} set is invalid: invalid schemaType ${show(given)}, expected ${schemaType}`,
    {
      hint: plural === "credentials" ? "coffer parameters apply FILE" : "coffer credentials apply FILE",
    },
  );
}

/** In Porter's words. */
function requireVersion(reader: TableReader, { versions }: SetKind, problems: string[]): void {
  reader.text("schemaType"); // which may be no text
  const version = reader.has("schemaVersion") ? reader.text("schemaVersion") : "";
  if (version === undefined || versions.includes(version)) return;
  const shown = version === "" ? "(none)" : show(version);
  const supported = versions.join(" || ");
  const problem = SEMANTIC_VERSION.test(version)
    ? `the schema version is ${shown} but the supported schema version is ${supported}. ${VERSIONS}`
    : `${shown} is not a valid semantic version`;
  problems.push(`${problem}: invalid schema version`);
}

function nameIn(reader: TableReader, key: "name" | "namespace", problems: string[]): string | undefined {
  const text = reader.text(key);
  const isRight = text === undefined || isSetName(text) || (key === "namespace" && text === "");
  if (!isRight) {
    problems.push(`${key} ${show(text)} is not one: use letters, digits, \`_\`, \`-\` and \`.\` (at most 64)`);
  }
  return text;
}

function labelsIn(reader: TableReader, problems: string[]): Record<string, string> {
  const labels = Object.create(null) as Record<string, string>;
  for (const [key, value] of reader.entries("labels")) {
    if (typeof value === "string") labels[key] = value;
    else problems.push(`labels.${show(key)} is not text: put it in quotes`);
  }
  return labels;
}

function parseEntry(table: Table, at: string, kind: SetKind, problems: string[]): SetEntry[] {
  const reader = new TableReader(table, `${at}.`, ENTRY_KEYS, problems);
  const name = reader.text("name") ?? "";
  // Names become variables, and are shown.
  if (name === "") problems.push(`${at} has no name`);
  else if (/\p{Cc}/u.test(name) || name.length > 255) {
    problems.push(`${at}.name ${show(name.slice(0, 40))} cannot be one`);
  }
  const source = parseSource(reader.table("source"), name === "" ? at : show(name), kind, problems);
  return source ? [{ name, source }] : [];
}

function parseSource(table: Table | undefined, of: string, kind: SetKind, problems: string[]): Source | undefined {
  const [given, ...others] = Object.entries(table ?? {});
  const refuse = (problem: string) => void problems.push(`${of}: ${problem}`);
  const valid = `Valid sources are: ${KINDS.join(", ")}`;
  if (given === undefined) return refuse(`source is missing. ${valid}`);
  if (others.length > 0) return refuse("multiple key/value pairs specified for source but only one may be defined");
  const [key, hint] = given;
  const sourceKind = KINDS.find((kind) => kind === key);
  if (!sourceKind) return refuse(`${show(key)} is not a valid source. ${valid}`);
  const text = sourceKind === "value" && kind.plural === "parameters" ? parameterText(hint) : hint;
  if (typeof text !== "string") return refuse(`the hint of ${sourceKind} is not text: put it in quotes`);
  if (text === "" && sourceKind !== "value") return refuse(`the hint of ${sourceKind} is empty`);
  return { kind: sourceKind, hint: text };
}

/** A parameter is text: that of a number or a flag, and the JSON text of a list or a table. Undefined for anything else. */
export function parameterText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) || isTable(value) ? JSON.stringify(sorted(value)) : undefined;
}

/** As Go writes objects: the same parameter has the same text, whoever wrote the file. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isTable(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.assign(Object.create(null), Object.fromEntries(members.map(([key, member]) => [key, sorted(member)])));
}
