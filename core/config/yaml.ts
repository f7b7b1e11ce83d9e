/** Reading YAML documents, by the npm `yaml` library. JSON is YAML, and is read by it too. */
import type { Document } from "yaml";
import { Fault } from "../fault.ts";

const HINT = "write NAME: value, each name once in its mapping";

/** What becomes of a number that is not written as JSON would (1.10, 0123, 1e3): readers of YAML differ about those. */
export type Numbers = "any" | "unambiguous";

/**
 * What a YAML text holds: null, texts, numbers, booleans, lists and objects. Anchors and merge keys are resolved.
 * @param where what to call the file in errors
 * @throws {Fault} CONFIG naming the lines that are not YAML, or give a key again; never what is there
 */
export async function parseYamlDocument(text: string, where: string, numbers: Numbers): Promise<unknown> {
  const { LineCounter, parseDocument, visit } = await import("yaml");
  const lines = new LineCounter();
  const refuse = (problem: string) => new Fault("CONFIG", `${where}: ${problem}`, { hint: HINT });
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { schema: "core", merge: true, lineCounter: lines, logLevel: "error" });
  } catch {
    throw refuse("it is not YAML, or nested too deeply");
  }
  // A tag of somebody's own is a warning only: its value would be taken for what it is not.
  const wrong = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    if (code === "MULTIPLE_DOCS") return "it holds more than one document";
    const { line } = lines.linePos(pos[0]);
    return code === "DUPLICATE_KEY" ? `line ${line} gives a key again` : `line ${line} is not YAML`;
  });
  if (numbers === "unambiguous") {
    visit(document, {
      Scalar(_key, { value, source, range }) {
        if (typeof value !== "number" || String(value) === source) return;
        wrong.push(
          `line ${lines.linePos(range![0]).line} has a number that can be read in several ways: put it in quotes`,
        );
      },
    });
  }
  if (wrong.length > 0) throw refuse([...new Set(wrong)].join("; "));
  try {
    return document.toJS();
  } catch {
    throw refuse("an alias leads nowhere, or to more than the file could hold");
  }
}
