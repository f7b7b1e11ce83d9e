/**
 * A YAML mapping of name → value, read by the npm `yaml` library. A plain scalar keeps the text it was written with:
 * 1.10, 0123, 1e3 and YES are values, not numbers or booleans.
 */
import type { Document, ParsedNode } from "yaml";
import { Fault } from "../fault.ts";
import { duplicateNames, requireText, show, type TextEntry, toEntries } from "./checks.ts";
import type { Entry } from "./interchange.ts";

const HINT = 'write NAME: "value"';
const NESTED_HINT = "keep a nested value as a block of text (NAME: |); read a Kubernetes Secret with -f k8s";

/** What a node holds besides text. */
type Odd = "null" | "nested" | "tagged" | "dangling";

const PROBLEM: Readonly<Record<Odd, string>> = {
  null: "is null, which is not a value",
  nested: "is nested",
  tagged: "has a tag other than !!str",
  dangling: "refers to an anchor that does not exist",
};

/** Reads a YAML mapping. */
export async function parseYaml(text: string): Promise<Entry[]> {
  const problems: string[] = [];
  const read: TextEntry[] = [];
  const names: string[] = [];
  let nested = false;
  for (const { key, value, line } of await readMapping(text)) {
    if (typeof key !== "string") {
      problems.push(`line ${line} has a name that is not text`);
      continue;
    }
    names.push(key);
    if (typeof value === "string") read.push({ name: key, text: value });
    else problems.push(`${show(key)} ${PROBLEM[value.odd]}`);
    nested ||= typeof value !== "string" && value.odd === "nested";
  }
  return toEntries(read, [...problems, ...duplicateNames(names)], nested ? NESTED_HINT : HINT);
}

/** One member of a mapping, with every scalar as its text. */
export interface Member {
  readonly key: string | { readonly odd: Odd };
  readonly value: string | { readonly odd: Odd; readonly members?: readonly Member[] };
  readonly line: number;
}

/**
 * The members of the mapping that a YAML text consists of, and of the mappings directly inside it.
 * @throws {Fault} CONFIG when the text is not YAML, or something else than one mapping
 */
export async function readMapping(text: string): Promise<Member[]> {
  const { isAlias, isMap, isScalar, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  // The library finds an alias's anchor by walking the whole document, which makes a file of aliases slow.
  const anchors = new Map<string, ParsedNode>();
  // Equal keys are looked for by our callers, in the text of the names and all of them at once.
  const document = attempt(() =>
    parseDocument(text, { schema: "core", uniqueKeys: false, lineCounter: lines, logLevel: "error" })
  );
  const wrong = document.errors.map(({ code, pos }) =>
    code === "MULTIPLE_DOCS"
      ? "the file holds more than one document"
      : `line ${lines.linePos(pos[0]).line} is not YAML`
  );
  if (wrong.length > 0) throw new Fault("CONFIG", [...new Set(wrong)].join("; "), { hint: HINT });
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return [];
  if (!isMap(root)) throw new Fault("CONFIG", "the file's top level is not a YAML mapping", { hint: HINT });
  return membersOf(root, 1);

  function membersOf(node: unknown, depth: number): Member[] {
    if (!isMap(node)) return [];
    return node.items.map(({ key, value }): Member => {
      const read = scalarText(value);
      const inside = isMap(value) && depth > 0 ? { members: membersOf(value, depth - 1) } : {};
      return {
        key: scalarText(key),
        value: typeof read === "string" ? read : { ...read, ...inside },
        line: lines.linePos((key as ParsedNode | null)?.range?.[0] ?? 0).line,
      };
    });
  }

  function scalarText(given: unknown): string | { odd: Odd } {
    const node = isAlias(given) ? anchors.get(given.source) : given as ParsedNode | null;
    if (node === undefined) return { odd: "dangling" };
    if (node === null) return { odd: "null" };
    if ("anchor" in node && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (!isScalar(node)) return { odd: "nested" };
    if (node.tag !== undefined && node.tag !== "!" && node.tag !== "tag:yaml.org,2002:str") return { odd: "tagged" };
    if (typeof node.value === "string") return node.value;
    return node.value === null ? { odd: "null" } : node.source ?? String(node.value);
  }
}

function attempt(parse: () => Document.Parsed): Document.Parsed {
  try {
    return parse();
  } catch {
    throw new Fault("CONFIG", "the file is not YAML, or nested too deeply", { hint: HINT });
  }
}

/** Writes a YAML mapping with every value a double-quoted string, one name per line in the order given. */
export function formatYaml(entries: readonly Entry[]): Uint8Array {
  const lines = requireText("yaml", entries).map(({ name, text }) => `${quoteYaml(name)}: ${quoteYaml(text)}`);
  return new TextEncoder().encode(lines.length === 0 ? "{}\n" : `${lines.join("\n")}\n`);
}

/** A JSON string is a YAML string once what YAML calls a line break or not printable is escaped too. */
export function quoteYaml(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
