/**
 * How programs write text that has special characters in it, between the quotation marks that they put around it or
 * without any. Each way is one program's, or one that many share.
 */
import { urlForms } from "./url_encoding.ts";

/** Every way leaves such text as it is. */
const PLAIN = /^[\w.-]*$/;

type Escapes = ReadonlyMap<string, string>;

/** Escapes of one letter, in the languages that agree. */
const ESCAPES: Escapes = new Map([
  ...[["\t", "\\t"], ["\n", "\\n"], ["\r", "\\r"], ["\\", "\\\\"], ["'", "\\'"], ['"', '\\"']] as const,
]);
const JSON_ESCAPES: Escapes = new Map([...ESCAPES, ["\b", "\\b"], ["\f", "\\f"]]);
const C_ESCAPES: Escapes = new Map([...JSON_ESCAPES, ["\x07", "\\a"], ["\v", "\\v"]]);
const RUST_ESCAPES: Escapes = new Map([...ESCAPES, ["\0", "\\0"]]);
const BASH_ESCAPES: Escapes = new Map([...C_ESCAPES, ["\x1b", "\\E"]]);
const DOT_NET_ESCAPES: Escapes = new Map([...JSON_ESCAPES, ["'", "\\u0027"], ['"', "\\u0022"]]);

/** What XML and HTML writers make of quotation marks and white space; `&`, `<` and `>` they agree on. */
const MARKUP: readonly Readonly<Record<string, string>>[] = [
  {}, // text between tags
  { '"': "&quot;" }, // an attribute's value
  { '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;" }, // the same, by Python's saxutils
  { "\t": "&#9;", "\n": "&#10;", "\r": "&#13;" }, // the same in single quotation marks
  { '"': "&quot;", "'": "&#39;" },
  { '"': "&quot;", "'": "&apos;" },
  { '"': "&quot;", "'": "&#x27;" }, // Python's html
  { '"': "&quot;", "'": "&#039;" }, // PHP
  { '"': "&#34;", "'": "&#39;" }, // Go's html
  { '"': "&#34;", "'": "&#39;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;" }, // Go's encoding/xml
];

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The value as text, in every way that makes a difference; none when all would leave it as it is. */
export function quotedForms(value: Uint8Array): Iterable<string> {
  const text = decoder.decode(value);
  if (PLAIN.test(text)) return [];
  const binary = binaryString(value);
  return new Set([
    ...urlForms(binary),
    ...json(text),
    ...quotes(text),
    ...MARKUP.map((entities) => markup(text, entities)),
    // Patterns of Unicode's properties take a millisecond to compile: only for text that they could change.
    ...(/[^ -~]/.test(text) ? unprintables(text, binary) : []),
  ]);
}

function json(text: string): string[] {
  const inJson = (inner: string) => JSON.stringify(inner).slice(1, -1);
  const plain = inJson(text);
  const ascii = plain.replace(/[\x7f-\uffff]/g, unicodeEscape); // Python and PHP
  return [
    ...[plain, ascii],
    ...[plain.replaceAll("/", "\\/"), ascii.replaceAll("/", "\\/")], // PHP
    plain.replaceAll("\x7f", unicodeEscape), // jq
    plain.replace(/[<>&\u2028\u2029]/g, unicodeEscape), // Go
    plain.replace(/[<>&='\u2028\u2029]/g, unicodeEscape), // Gson
    escaped(text, /["&'+<>`\\]|[^ -~]/g, DOT_NET_ESCAPES, (c) => `\\u${hex(c, 4).toUpperCase()}`),
    // JSON in JSON: logs of requests
    ...[inJson(plain), inJson(ascii), inJson(plain).replace(/[\x7f-\uffff]/g, unicodeEscape)],
  ];
}

/** Quotation marks and what else is special between them or to a shell. */
function quotes(text: string): string[] {
  return [
    text.replaceAll("\\", "\\\\"), // Node, which quotes with the mark that the text does not have
    text.replace(/[\\']/g, "\\$&"),
    text.replace(/[\\'"]/g, "\\$&"), // PHP's addslashes
    text.replaceAll("'", "''"), // SQL, YAML
    text.replaceAll('"', '""'), // CSV
    text.replaceAll("'", `'\\''`), // bash's set -x, jq
    text.replaceAll("'", `'"'"'`), // Python's shlex
    text.replace(/'+/g, `'"$&"'`), // dash
    text.replace(/[\\"$`]/g, "\\$&"), // bash's declare -p
    text.replace(/[ !"$&'()*,;<>?[\\\]^`{|}]|^[~#]|(?<=[=:])~/g, "\\$&"), // bash's printf %q
  ];
}

/** Control characters and those beyond ASCII, in literals of programming languages. */
function unprintables(text: string, binary: string): string[] {
  const python = quotingAround(text, ['"'], ESCAPES);
  const node = quotingAround(text, ['"', "`"], JSON_ESCAPES);
  const octal = (c: string) => `\\${c.codePointAt(0)!.toString(8).padStart(3, "0")}`;
  return [
    escaped(text, /[\\']|(?! )[\p{C}\p{Z}]/gu, python, pythonEscape), // Python's repr
    escaped(text, /[\\']|[^ -~]/gu, python, pythonEscape), // ascii
    escaped(binary, /[\\']|[^ -~]/g, python, pythonEscape), // repr of bytes
    escaped(text, /[\\'\p{Cc}]/gu, node, (c) => `\\x${hex(c, 2).toUpperCase()}`), // Node's inspect
    escaped(text, /[\\"]|(?! )[\p{C}\p{Z}]/gu, C_ESCAPES, goEscape), // Go's %q
    escaped(text, /[\\"]|[^ -~]/gu, C_ESCAPES, goEscape), // %+q
    escaped(text, /[\\"]|(?! )[\p{C}\p{Z}]/gu, RUST_ESCAPES, (c) => `\\u{${hex(c, 1)}}`),
    escaped(text, /[\\'\p{Cc}]/gu, BASH_ESCAPES, octal), // bash's $'…'
    escaped(binary, /[\\']|[^ -~]/g, BASH_ESCAPES, octal), // the same in the C locale
  ];
}

/** Rather than escape `'`, Python and Node quote with another mark that the text does not have. */
function quotingAround(text: string, otherMarks: readonly string[], escapes: Escapes): Escapes {
  const avoidable = otherMarks.some((mark) => !text.includes(mark));
  return avoidable ? new Map([...escapes, ["'", "'"]]) : escapes;
}

function markup(text: string, entities: Readonly<Record<string, string>>): string {
  const common: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return text.replace(/[&<>"'\t\n\r]/g, (c) => common[c] ?? entities[c] ?? c);
}

function escaped(text: string, special: RegExp, escapes: Escapes, other: (character: string) => string): string {
  return text.replace(special, (character) => escapes.get(character) ?? other(character));
}

function pythonEscape(character: string): string {
  return character.codePointAt(0)! < 0x100 ? `\\x${hex(character, 2)}` : unicodeEscape(character);
}

function goEscape(character: string): string {
  return character.codePointAt(0)! < 0x80 ? `\\x${hex(character, 2)}` : unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return character.codePointAt(0)! < 0x10000 ? `\\u${hex(character, 4)}` : `\\U${hex(character, 8)}`;
}

function hex(character: string, digits: number): string {
  return character.codePointAt(0)!.toString(16).padStart(digits, "0");
}

/** One character per byte. */
function binaryString(bytes: Uint8Array): string {
  let text = "";
  // Slices keep the argument list of fromCharCode far below every engine's limit.
  for (let i = 0; i < bytes.length; i += 0x2000) text += String.fromCharCode(...bytes.subarray(i, i + 0x2000));
  return text;
}
