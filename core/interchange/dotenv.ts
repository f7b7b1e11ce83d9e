/**
 * `.env` files. The npm `dotenv` library decides what a value is; this file only makes sure that nothing gets lost on
 * the way: the library skips what it does not understand, takes an unclosed quote as part of the value, and keeps the
 * last of two values, all without a word.
 */
import { duplicatePlaces, requireNames, requireText, show, toEntries } from "./checks.ts";
import type { Entry } from "./interchange.ts";

type Reader = (text: string) => Record<string, string>;

/** A name, the line it is on, and where its statement ends; or what is wrong with that line. */
type Statement = { line: number; name: string; end: number } | { line: number; problem: string; end: number };

const BLANK_OR_COMMENT = /[^\S\n]*(?:#.*)?(?=\n|$)/y;
const ASSIGNMENT = /[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)(?:[^\S\n]*=|:(?=[^\S\n]))/y;
const STARTS_ASSIGNMENT = /^[^\S\n]*(?:export[^\S\n]+)?[\w.-]+[^\S\n]*=/m;
const REST_AFTER_QUOTE = /[^\S\n]*(?:#|\n|$)/y;
const HINT = "write NAME='value', with a space before any # comment";

/** Reads a `.env` file with the `dotenv` library, behind a strict check of every line. */
export async function parseDotenv(source: string): Promise<Entry[]> {
  const { parse } = await import("dotenv");
  const text = source.replace(/\r\n?/g, "\n"); // as the library does first
  const problems: string[] = [];
  const read: { name: string; text: string; at: number }[] = [];
  for (let at = 0, line = 1; at < text.length;) {
    const statement = scan(text, at, line);
    const own = text.slice(at, statement?.end ?? lineEnd(text, at));
    if (statement !== undefined && "problem" in statement) problems.push(statement.problem);
    else if (statement !== undefined) {
      const values = tryRead(parse, own) ?? {};
      const value = values[statement.name];
      // More than one name: the library also ends lines at U+2028 and U+2029, and goes on reading behind them.
      if (value !== undefined && Object.keys(values).length === 1) {
        read.push({ name: statement.name, text: value, at: line });
      } else problems.push(`line ${line} (${statement.name}) is not read by dotenv as it is written`);
    }
    line += own.split("\n").length;
    at += own.length + 1;
  }
  problems.push(...duplicatePlaces(read, "line"));
  if (problems.length === 0) {
    // The library finds statements in its own way. No file is known that it would cut up otherwise than we did, but
    // losing a value to one that does would go unnoticed.
    const whole = tryRead(parse, text) ?? {};
    const differing = read.filter(({ name, text }) => whole[name] !== text).map(({ name }) => show(name));
    if (differing.length > 0 || Object.keys(whole).length !== read.length) {
      problems.push(`quotes make the file ambiguous around ${differing.join(", ") || "a comment"}`);
    }
  }
  return toEntries(read, problems, HINT);
}

/** The statement that starts at `at`, the start of a line; undefined for a blank line or a comment. */
function scan(text: string, at: number, line: number): Statement | undefined {
  const end = lineEnd(text, at);
  BLANK_OR_COMMENT.lastIndex = at;
  if (BLANK_OR_COMMENT.test(text)) return undefined;
  ASSIGNMENT.lastIndex = at;
  const name = ASSIGNMENT.exec(text)?.[1];
  if (name === undefined) return { line, end, problem: `line ${line} is neither NAME=value nor a comment` };
  const sign = ASSIGNMENT.lastIndex - 1;
  const written = text.slice(sign + 1, end);
  const open = sign + 1 + written.length - written.trimStart().length;
  if (open >= end || !/['"`]/.test(text.charAt(open))) {
    // dotenv starts a comment at any #, shells only after a space: half of `PASSWORD=abc#def` must not vanish.
    const hash = text.indexOf("#", sign);
    if (hash < 0 || hash >= end || /\s/.test(text.charAt(hash - 1))) return { line, name, end };
    return { line, end, problem: `line ${line} (${name}) has a # inside an unquoted value` };
  }
  const closed = closeQuote(text, open);
  if (closed === undefined) {
    return { line, end, problem: `line ${line} (${name}) opens a quote that is not closed, or has text after it` };
  }
  if (closed === "ambiguous") {
    return { line, end, problem: `line ${line} (${name}) has a backslash before a quote: where it ends is ambiguous` };
  }
  return { line, name, end: lineEnd(text, closed) };
}

/**
 * Where the quoted value opened at `open` closes, by dotenv's rule: at a quote that only blanks and a comment follow,
 * preferring the first one without a backslash before it to the last one with.
 */
function closeQuote(text: string, open: number): number | "ambiguous" | undefined {
  const quote = text.charAt(open);
  let first = -1; // of those with a backslash before them
  let last = -1;
  for (let at = text.indexOf(quote, open + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    REST_AFTER_QUOTE.lastIndex = at + 1;
    const closes = REST_AFTER_QUOTE.test(text);
    if (text.charAt(at - 1) === "\\") {
      if (closes && first < 0) first = at;
      if (closes) last = at;
      continue;
    }
    if (!closes) break;
    if (text.charAt(at + 1) === "#") return undefined;
    // Closing earlier would make assignments of what lies between: a value that swallows them loses names.
    const swallowed = first < 0 ? "" : text.slice(lineEnd(text, first) + 1, at);
    return STARTS_ASSIGNMENT.test(swallowed) ? "ambiguous" : at;
  }
  return last < 0 ? undefined : last;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function tryRead(parse: Reader, text: string): Record<string, string> | undefined {
  try {
    return parse(text);
  } catch {
    return undefined; // several megabytes in one value exhaust the library's regular expression
  }
}

/** Writes a `.env` file that `dotenv` reads back exactly, and a shell as well wherever one spelling suits both. */
export async function formatDotenv(entries: readonly Entry[]): Promise<Uint8Array> {
  requireNames("dotenv", entries);
  const { parse } = await import("dotenv");
  const lines: string[] = [];
  const notForShells: string[] = [];
  requireText("dotenv", entries, (text, name) => {
    if (text.includes("\0")) return false;
    const { written, shell } = spell(text);
    if (written === undefined || tryRead(parse, `${name}=${written}`)?.[name] !== text) return false;
    if (!shell) notForShells.push(name);
    lines.push(`${name}=${written}`);
    return true;
  });
  if (notForShells.length > 0) {
    lines.unshift(`# Not for a shell, which would change or run the value of ${notForShells.join(", ")}`);
  }
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

/** How `.env` best spells a value, and whether a shell reads that spelling as the same value. */
function spell(text: string): { written?: string; shell: boolean } {
  if (!/['\r]/.test(text)) return { written: quoted("'", text), shell: true };
  if (!/["$`\\\r]/.test(text)) return { written: quoted('"', text), shell: true };
  // dotenv makes every carriage return a line feed, except one written as \r between double quotes. There it knows
  // no other escape than \n and \r, not even for a backslash, so a value that has those two literally must go elsewhere.
  if (!/"|\\[nr]/.test(text)) return { written: quoted('"', text.replaceAll("\r", "\\r")), shell: false };
  if (!text.includes("`")) return { written: quoted("`", text), shell: false };
  // Bare is the last resort. Whether dotenv reads these two back (not a carriage return, nor bare a #, a line break or
  // blanks at the ends) is for the caller to see; a quote at its start could be closed by a later value.
  return /^['"`]/.test(text) ? { shell: false } : { written: text, shell: false };
}

function quoted(quote: string, inner: string): string {
  // After a final backslash dotenv looks for another quote further on, across lines. One that cannot close a value,
  // because text follows it, ends that search.
  return `${quote}${inner}${quote}${inner.endsWith("\\") ? ` # (${quote}) the backslash belongs to the value` : ""}`;
}
