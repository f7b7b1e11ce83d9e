/**
 * A JSON object of name → value. Strings are decoded by `JSON.parse`; numbers and booleans keep the text they were
 * written with, so that 1.10 stays 1.10 and long integers keep their digits.
 */
import { Fault } from "../fault.ts";
import { duplicateNames, requireText, show, type TextEntry, toEntries } from "./checks.ts";
import type { Entry } from "./interchange.ts";

const HINT = 'write {"NAME": "value"}; a nested value can be kept as a string that holds its JSON text';

/** Reads a JSON object. */
export function parseJson(text: string): Entry[] {
  if (!isObject(text)) throw new Fault("CONFIG", "the file's top level is not a JSON object", { hint: HINT });
  const problems: string[] = [];
  const read: TextEntry[] = [];
  const names: string[] = [];
  for (const { name, raw } of members(text)) {
    names.push(name);
    if (raw.startsWith('"')) read.push({ name, text: JSON.parse(raw) });
    else if (raw === "null") problems.push(`${show(name)} is null, which is not a value`);
    else if (/^[[{]/.test(raw)) problems.push(`${show(name)} is nested`);
    else read.push({ name, text: raw });
  }
  return toEntries(read, [...problems, ...duplicateNames(names)], HINT);
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch (error) {
    // The engine's message may quote the file; only a position at its very end is taken from it.
    const line = /\(line (\d+) column \d+\)$/.exec(error instanceof Error ? error.message : "")?.[1];
    throw new Fault("CONFIG", line === undefined ? "the file is not JSON" : `line ${line} is not JSON`, { hint: HINT });
  }
}

/**
 * The members of an object in text that `JSON.parse` has accepted, each value as it was written. `JSON.parse` itself
 * keeps neither a number's digits nor the first of two members of one name.
 */
function* members(text: string): Generator<{ name: string; raw: string }> {
  let at = skipBlanks(text, text.indexOf("{") + 1);
  while (text[at] !== "}") {
    const nameEnd = valueEnd(text, at);
    const start = skipBlanks(text, skipBlanks(text, nameEnd) + 1); // past the colon
    const end = valueEnd(text, start);
    yield { name: JSON.parse(text.slice(at, nameEnd)), raw: text.slice(start, end) };
    at = skipBlanks(text, end);
    if (text[at] === ",") at = skipBlanks(text, at + 1);
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (/[ \t\r\n]/.test(text.charAt(at))) at++;
  return at;
}

/** The index after the value that starts at `start`. */
function valueEnd(text: string, start: number): number {
  let at = start;
  let depth = 0;
  do {
    const c = text.charAt(at++);
    if (c === '"') {
      for (; text[at] !== '"'; at++) if (text[at] === "\\") at++;
      at++;
    } else if (c === "{" || c === "[") depth++;
    else if (c === "}" || c === "]") depth--;
    else if (depth === 0) { while (/[^\s,}\]]/.test(text.charAt(at))) at++; }
  } while (depth > 0);
  return at;
}

/** Writes a JSON object, one name per line in the order given. */
export function formatJson(entries: readonly Entry[]): Uint8Array {
  // Written line by line: an object would move names that look like numbers to the front.
  const lines = requireText("json", entries).map(({ name, text }) =>
    `  ${JSON.stringify(name)}: ${JSON.stringify(text)}`
  );
  return new TextEncoder().encode(lines.length === 0 ? "{}\n" : `{\n${lines.join(",\n")}\n}\n`);
}
