/** Terraform variable files: `name = "value"`. Other HCL (numbers, lists, heredocs, templates) is refused on import. */
import { duplicatePlaces, requireNames, requireText, toEntries } from "./checks.ts";
import type { Entry } from "./interchange.ts";

const HINT = 'write name = "value", one per line, with $${ for a literal ${ and \\n for a line break';
const BLANK_OR_COMMENT = /^\s*(?:(?:#|\/\/).*)?$/s;
const START = /^\s*([A-Za-z_][\w-]*)\s*=\s*"/;
const ESCAPE = /\\(?:([nrt"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|(\$\$\{|%%\{)|(\\|\$\{|%\{)/g;
const SHORT: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** Reads assignments of plain strings. */
export function parseTfvars(text: string): Entry[] {
  const problems: string[] = [];
  const read: { name: string; text: string; at: number }[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (BLANK_OR_COMMENT.test(line)) continue;
    const [start, name] = START.exec(line) ?? [""];
    const end = closeQuote(line, start.length);
    const whole = line[end] === '"' && BLANK_OR_COMMENT.test(line.slice(end + 1));
    const value = whole ? decode(line.slice(start.length, end)) : undefined;
    if (name !== undefined && value !== undefined) read.push({ name, text: value, at: index + 1 });
    else problems.push(`line ${index + 1} is neither name = "value" nor a comment`);
  }
  return toEntries(read, [...problems, ...duplicatePlaces(read, "line")], HINT);
}

/** The index of the quote that closes the string; a loop, since a regular expression runs out of stack on a long one. */
function closeQuote(line: string, from: number): number {
  let at = from;
  while (at < line.length && line[at] !== '"') at += line[at] === "\\" ? 2 : 1;
  return at;
}

/** The string that an HCL literal stands for; undefined when it is a template or has an unknown escape. */
function decode(written: string): string | undefined {
  let valid = true;
  const text = written.replace(ESCAPE, (_, short, four, eight, literal, wrong) => {
    const code = parseInt(four ?? eight ?? "0", 16);
    if (wrong !== undefined || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) valid = false;
    if (short !== undefined) return SHORT[short] ?? "";
    if (literal !== undefined) return literal.slice(1);
    return valid ? String.fromCodePoint(code) : "";
  });
  return valid ? text : undefined;
}

/** Writes assignments of strings. */
export function formatTfvars(entries: readonly Entry[]): Uint8Array {
  requireNames("tfvars", entries);
  // Terraform normalizes every string (NFC), so a value that is not normalized would not survive.
  const texts = requireText("tfvars", entries, (text) => !text.includes("\0") && text.normalize("NFC") === text);
  return new TextEncoder().encode(texts.map(({ name, text }) => `${name} = "${encode(text)}"\n`).join(""));
}

function encode(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replace(/[$%](?=\{)/g, "$&$&");
}
