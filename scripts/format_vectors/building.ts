/** What the vectors of the format are built with. */

import type { Kv } from "../../test/reference/format/kv_reader.ts";
import { fromBase64, type RefusalCode, toBase64, toHex } from "../../test/reference/format/layout.ts";
import type { ProviderPart } from "../../test/reference/format/provider_reader.ts";
import { seededRandom } from "../../test/reference/format/seeded_random.ts";
import { type StackPlan, writeStack, type WrittenStack } from "../../test/reference/format/stack_writer.ts";
import type { AcceptVector, RefuseVectors, VectorFile } from "../../test/reference/format/vectors.ts";

export const CREATED = "2026-01-31T23:59:59Z";
export const PASSPHRASE = "correct horse battery staple";
const utf8 = new TextEncoder();
export const text = (value: string) => utf8.encode(value);

/** One way in which a stack is not sound. */
export type Case = RefuseVectors["cases"][number];

/** The vectors' files by their path below test/vectors/format. */
export const made = new Map<string, string>();

function save(path: string, content: AcceptVector | RefuseVectors): void {
  made.set(`${path}.json`, JSON.stringify(content, null, 2) + "\n");
}

/** A stack of which most goes without saying. */
export type Plan = Partial<StackPlan> & Pick<StackPlan, "secrets">;

/** Writes a stack whose randomness comes from a label. */
export function write(label: string, plan: Plan): { plan: StackPlan; written: WrittenStack } {
  const full = { passphrase: PASSPHRASE, logN: 10, created: CREATED, random: seededRandom(label), ...plan };
  return { plan: full, written: writeStack(full) };
}

/** @param extra files that a reader must ignore; a passphrase that must open it too; what its KV files and provider.json say; its steps */
export function accept(
  name: string,
  about: string,
  plan: Plan,
  extra: {
    files?: Record<string, VectorFile>;
    passphrase?: string;
    steps?: (written: WrittenStack) => Record<string, string>;
    kv?: Record<string, Kv>;
    provider?: ProviderPart;
  } = {},
): void {
  const { plan: { passphrase, created, secrets }, written } = write(`accept ${name}`, plan);
  save(`accept/${name}`, {
    about,
    passphrase: extra.passphrase ?? passphrase,
    files: { ...Object.fromEntries(written.files), ...extra.files },
    secrets: Object.fromEntries(secrets.map((secret) => [
      secret.name,
      secret.versions.map((v, i) => ({
        version: v.version ?? secret.versions.length - i,
        created: v.created ?? created,
        type: v.type ?? "bytes",
        base64: toBase64(v.value),
      })),
    ])),
    ...(extra.kv && { kv: extra.kv }),
    ...(extra.provider && { provider: extra.provider }),
    ...(extra.steps && { steps: extra.steps(written) }),
  });
}

/** A file's text up to a member. */
export function before(file: string, member: string): string {
  return file.slice(0, file.lastIndexOf(`  "${member}"`));
}

export const one = (value: Uint8Array) => [{ value }];

/** Replaces text that must be there exactly once. */
export function swap(file: string, from: string, to: string): string {
  if (file.split(from).length !== 2) throw new Error(`not there once: ${from}`);
  return file.replace(from, () => to);
}

/** Another base64 text of the same length whose bytes differ in one bit. */
export function flip(base64: string): string {
  const bytes = fromBase64(base64);
  bytes[bytes.length - 1]! ^= 1;
  return toBase64(bytes);
}

/** What differs between two spellings of a file that mean the same. `lines` are the file's lines without LF. */
export function respellings(file: string): Record<string, VectorFile> {
  const lines = file.trimEnd().split("\n");
  const [open, first, second] = lines as [string, string, string];
  return {
    "crlf": file.replaceAll("\n", "\r\n"),
    "carriage return for line feed": file.replaceAll("\n", "\r"),
    "byte-order mark": "\ufeff" + file,
    "utf-16": { base64: toBase64(Uint8Array.from([...file].flatMap((c) => [c.charCodeAt(0), 0]))) },
    "missing final line feed": file.slice(0, -1),
    "second final line feed": file + "\n",
    "nul after the end": file + "\0",
    "text after the end": file + "{}\n",
    "line feed before the start": "\n" + file,
    "trailing space in a line": swap(file, first, first + " "),
    "trailing space after the end": file.slice(0, -1) + " \n",
    "tab for spaces": swap(file, first, first.replace("  ", "\t")),
    "no space after a colon": swap(file, first, first.replace(": ", ":")),
    "two members on one line": swap(file, `${first}\n${second}`, `${first}${second}`),
    "empty line": swap(file, first, `${first}\n`),
    "compact": JSON.stringify(JSON.parse(file)),
    "indented by a common printer": JSON.stringify(JSON.parse(file), null, 2) + "\n",
    "members in another order": swap(file, `${open}\n${first}\n${second}`, `${open}\n${second}\n${first}`),
    "member twice, equal": swap(file, first, `${first}\n${first}`),
    "member twice, the last one right": swap(file, first, `  "format": "coffer/2",\n${first}`),
    "unknown member": swap(file, first, `${first}\n  "note": "",`),
    "member named __proto__": swap(file, first, `${first}\n  "__proto__": {},`),
    "member missing": swap(file, `${first}\n`, ""),
    "escape in a string": swap(file, '"coffer/1', '"\\u0063offer/1'),
    "escaped slash": swap(file, '"coffer/1', '"coffer\\/1'),
    "escape in a member's name": swap(file, '"format"', '"\\u0066ormat"'),
    "comma after the last member": swap(file, "\n}\n", ",\n}\n"),
    "comment": swap(file, first, `${first} // note`),
    "not utf-8": { base64: toBase64(Uint8Array.from([...text(file.slice(0, 20)), 0xff, ...text(file.slice(20))])) },
    "merge markers": `<<<<<<< ours\n${file}=======\n${file}>>>>>>> theirs\n`,
    "cut in the middle": file.slice(0, file.length >> 1),
    "empty file": "",
    "zeros of the same length": "\0".repeat(file.length),
    "an array": `[${JSON.stringify(JSON.parse(file))}]\n`,
    "null": "null\n",
  };
}

/** Cases that replace one file and are refused with one code. */
export function each(path: string, code: RefusalCode, spellings: Record<string, VectorFile>): Case[] {
  return Object.entries(spellings).map(([name, file]) => ({ name, code, files: { [path]: file } }));
}

/** A member's first value. */
export function valueOf(file: string, member: string): string {
  return new RegExp(`"${member}": ?"([^"]*)"`).exec(file)![1]!;
}

/** @param sound the stack that the cases change */
export function group(sound: WrittenStack, name: string, about: string, cases: readonly Case[]): void {
  if (new Set(cases.map((c) => c.name)).size !== cases.length) throw new Error(`two cases of one name in ${name}`);
  save(`refuse/${name}`, { about, passphrase: PASSPHRASE, files: Object.fromEntries(sound.files), cases });
}

/** Texts of one base64 value that a lenient decoder takes for the same bytes. The value ends in one `=`. */
function looseBase64(value: string): Record<string, string> {
  if (!/[^=]=$/.test(value)) throw new Error("base64 with other padding than one character");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = alphabet.charAt(alphabet.indexOf(value.charAt(value.length - 2)) + 1);
  return {
    "spare bits set": `${value.slice(0, -2)}${last}=`,
    "without padding": value.slice(0, -1),
    "too much padding": value + "=",
    "url alphabet": value.replaceAll("+", "-").replaceAll("/", "_").replace(/^./, "-"),
    "space inside": `${value.slice(0, 8)} ${value.slice(8)}`,
    // With a hyphen it is no base64 of another length either.
    "hex": toHex(fromBase64(value)).replace(/^../, "$&-"),
  };
}

export function looseCases(path: string, member: string, value: string, file: (changed: string) => string): Case[] {
  return Object.entries(looseBase64(value)).map(([name, changed]) => ({
    name: `${member}: base64 with ${name}`,
    code: "CONFIG",
    files: { [path]: file(changed) },
  }));
}

export const IMPOSSIBLE_TIMES = [
  "2026-02-29T00:00:00Z",
  "1900-02-29T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2026-00-01T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-01-00T00:00:00Z",
  "2026-01-31T24:00:00Z",
  "2026-01-31T23:60:00Z",
  "2016-12-31T23:59:60Z",
  "2026-01-31T23:59:59.000Z",
  "2026-01-31T23:59:59+00:00",
  "2026-01-31T23:59:59z",
  "2026-01-31 23:59:59Z",
  "2026-01-31T23:59Z",
  "+02026-01-31T23:59:59Z",
  "2026-1-31T23:59:59Z",
  "",
];

/** As `flip`, for the first byte. */
export function flipFirst(base64: string): string {
  const bytes = fromBase64(base64);
  bytes[0]! ^= 1;
  return toBase64(bytes);
}
