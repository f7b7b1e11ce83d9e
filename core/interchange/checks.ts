/** What every interchange format checks: text, names, duplicates. Problems are gathered and reported all at once. */
import { Fault, type FaultCode } from "../fault.ts";
import type { Entry } from "./interchange.ts";

/** An entry whose value is known to be text. */
export interface TextEntry {
  readonly name: string;
  readonly text: string;
}

/** What shells, Docker, Actions and Terraform all accept as a variable's name. */
const IDENTIFIER: NameRule = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
  hint: "use letters, digits and `_`, not starting with a digit: DB_PASSWORD",
};

/** The formats that carry what the others cannot; every refusal of a value points there. */
const CARRIERS = "-f json and -f yaml carry any text, -f k8s any bytes";

/** A name as messages show it: an odd one is quoted and escaped, so that a file cannot write to the terminal. */
export function show(name: string): string {
  if (/^[\w./-]+$/.test(name)) return name;
  return JSON.stringify(name).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** Throws one fault for all `problems`; does nothing when there are none. */
export function refuseAll(code: FaultCode, problems: readonly string[], hint: string): void {
  if (problems.length > 0) throw new Fault(code, problems.join("; "), { hint });
}

/** One problem for each name met more than once: keeping only one of two values would lose the other. */
export function duplicateNames(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) (seen.has(name) ? twice : seen).add(name);
  return [...twice].map((name) => `${show(name)} is given more than once`);
}

/** As {@linkcode duplicateNames}, for formats whose readers think in lines or rows. */
export function duplicatePlaces(places: readonly { name: string; at: number }[], unit: "line" | "row"): string[] {
  const seen = new Map<string, number[]>();
  for (const { name, at } of places) seen.set(name, [...(seen.get(name) ?? []), at]);
  return [...seen].filter(([, at]) => at.length > 1)
    .map(([name, at]) => `${show(name)} is given more than once, on ${unit}s ${at.join(", ")}`);
}

/**
 * The text of a file, without its byte order mark.
 * @throws {Fault} CONFIG naming the first line that is not UTF-8
 */
export function decodeFile(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Fault("CONFIG", `line ${firstBadLine(bytes)} is not UTF-8 text`, { hint: "save the file as UTF-8" });
  }
}

function firstBadLine(bytes: Uint8Array): number {
  // A line feed is never part of a longer UTF-8 sequence, so lines can be decoded one by one.
  let line = 1;
  for (let start = 0;; line++) {
    const end = bytes.indexOf(10, start);
    if (end < 0 || decodeValue(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}

/** The text of a value, exactly: a leading byte order mark is kept. Undefined when it is not UTF-8. */
export function decodeValue(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Turns what a parser read into entries.
 * @throws {Fault} CONFIG for empty names and for text that UTF-8 cannot hold, besides the `problems` found so far
 */
export function toEntries(read: readonly TextEntry[], problems: readonly string[], hint: string): Entry[] {
  const found = [...problems];
  if (read.some(({ name }) => name === "")) found.push("a name is empty");
  for (const { name, text } of read) {
    // The encoder would replace half a surrogate pair (a lone \ud800 escape) and so change the value.
    if (!name.isWellFormed() || !text.isWellFormed()) found.push(`${show(name)} has half a surrogate pair`);
  }
  refuseAll("CONFIG", found, hint);
  const encoder = new TextEncoder();
  return read.map(({ name, text }) => ({ name, value: encoder.encode(text) }));
}

/** Which names a format can spell. */
export interface NameRule {
  readonly pattern: RegExp;
  readonly hint: string;
}

/** @throws {Fault} CONFIG listing every name that `format` cannot spell */
export function requireNames(format: string, entries: readonly Entry[], rule: NameRule = IDENTIFIER): void {
  const bad = entries.filter(({ name }) => !rule.pattern.test(name)).map(({ name }) => show(name));
  if (bad.length === 0) return;
  throw new Fault("CONFIG", `not valid as a name in ${format}: ${bad.join(", ")}`, { hint: rule.hint });
}

/** @throws {Fault} UNSUPPORTED listing every value that `format` cannot carry: no UTF-8, or refused by `carries` */
export function requireText(
  format: string,
  entries: readonly Entry[],
  carries: (text: string, name: string) => boolean = () => true,
): TextEntry[] {
  const refused: string[] = [];
  const kept: TextEntry[] = [];
  for (const { name, value } of entries) {
    const text = decodeValue(value);
    if (text !== undefined && carries(text, name)) kept.push({ name, text });
    else refused.push(name);
  }
  refuseValues(format, refused);
  return kept;
}

/** @throws {Fault} UNSUPPORTED listing `names`, when there are any */
export function refuseValues(format: string, names: readonly string[]): void {
  if (names.length === 0) return;
  throw new Fault("UNSUPPORTED", `${format} cannot carry the value of ${names.map(show).join(", ")}`, {
    hint: CARRIERS,
  });
}
