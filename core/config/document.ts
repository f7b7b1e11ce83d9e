/** Documents that people write, in TOML, YAML or JSON: the same tables, lists and scalars come from each. */
import { Fault } from "../fault.ts";
import { isTable, type Table } from "./table.ts";
import { parseToml } from "./toml.ts";
import { type Numbers, parseYamlDocument } from "./yaml.ts";

export type DocumentFormat = "toml" | "yaml" | "json";

/**
 * The root table of a document.
 * @param where what to call the file in errors
 * @throws {Fault} CONFIG saying where it is not what it should be, and never what is there
 */
export async function parseDocument(
  text: string,
  format: DocumentFormat,
  where: string,
  numbers: Numbers = "any",
): Promise<Table> {
  const problems: string[] = [];
  if (format === "json") requireJson(text, where);
  // JSON.parse would take the last of two equal keys, and say nothing.
  const given = format === "toml" ? parseToml(text, where) : await parseYamlDocument(text, where, numbers);
  const root = plain(given ?? {}, "", problems);
  if (!isTable(root)) problems.push("its top level is not a table");
  else if (problems.length === 0) return root;
  throw new Fault("CONFIG", `${where}: ${problems.join("; ")}`, { hint: "put the value in quotes" });
}

/** The format that a file's name tells. */
export function documentFormatOf(path: string): DocumentFormat | undefined {
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === "yaml" || extension === "yml") return "yaml";
  return extension === "toml" || extension === "json" ? extension : undefined;
}

/** What JSON can say, with tables that have no prototype. */
function plain(value: unknown, at: string, problems: string[]): unknown {
  if (Array.isArray(value)) return value.map((item, i) => plain(item, `${at}[${i}]`, problems));
  if (value instanceof Date) problems.push(`${at} is a date, which not every format has`);
  else if (typeof value === "number" && !isExact(value)) problems.push(`${at} is a number that would not stay exact`);
  else if (typeof value === "object" && value !== null) {
    const table = Object.create(null) as Record<string, unknown>;
    for (const [key, member] of Object.entries(value)) {
      table[key] = plain(member, at === "" ? key : `${at}.${key}`, problems);
    }
    return table;
  }
  return value;
}

function isExact(number: number): boolean {
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
}

function requireJson(text: string, where: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    // The engine's message may quote the file; only a position at its very end is taken from it.
    const line = /\(line (\d+) column \d+\)$/.exec(error instanceof Error ? error.message : "")?.[1];
    throw new Fault("CONFIG", `${where}: ${line === undefined ? "it" : `line ${line}`} is not JSON`, {
      hint: 'write { "name": "value" }, with commas between members and none after the last',
    });
  }
}
