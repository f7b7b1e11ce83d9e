/**
 * The text form of Coffer's files (docs/format.md §2): JSON in one fixed layout, so that one meaning has one encoding,
 * `git diff` shows only what changed, and whatever a parser would quietly tolerate (duplicate or reordered members,
 * `1.0` for `1`, stray white space, loose base64) is refused by comparing with the one right text.
 */
import { Fault } from "../fault.ts";

const encoder = new TextEncoder();

/** A file's members in order; an array is laid out with one element per line. */
export type Members = readonly (readonly [key: string, value: unknown])[];

/** Lays out the members, each on its line. Returns the lines, each ending in `\n`, braces included. */
export function layOut(members: Members): string[] {
  const lines = members.map(([key, value], i) => {
    const comma = i === members.length - 1 ? "" : ",";
    return `  ${JSON.stringify(key)}: ${layOutValue(value)}${comma}\n`;
  });
  return ["{\n", ...lines, "}\n"];
}

/** The text in front of member `next`, which is what a MAC or checksum in `next` covers. */
export function textBefore(members: Members, next: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(layOut([...members, [next, ""]]).slice(0, members.length + 1).join(""));
}

function layOutValue(value: unknown): string {
  if (!Array.isArray(value) || typeof value[0] !== "object") return JSON.stringify(value);
  return `[\n${value.map((element) => `    ${JSON.stringify(element)}`).join(",\n")}\n  ]`;
}

/** Parses a JSON object. `where` names the file in errors. */
export function parseObject(text: string, where: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw malformed(where, "it is not JSON"); // without the cause: V8's message quotes the text
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw malformed(where, "it is not a JSON object");
  }
  return parsed as Record<string, unknown>;
}

/** Decodes UTF-8 strictly. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(where, "it is not UTF-8 text");
  }
}

/** Throws unless the file is, byte for byte, what its meaning encodes to. */
export function requireCanonical(text: string, canonical: string, where: string): void {
  if (text !== canonical) throw malformed(where, "it is not in the one form that Coffer writes");
}

/** A file that cannot be read at all: CONFIG, with the way out. */
export function malformed(where: string, why: string): Fault {
  return new Fault("CONFIG", `${where} cannot be parsed: ${why}`, {
    hint: "restore the file from version control or a backup (look for merge markers first)",
  });
}

/** Sealed data that does not authenticate: TAMPERED. */
export function tampered(where: string, why: string): Fault {
  return new Fault("TAMPERED", `${where} is damaged or was changed by something else than Coffer: ${why}`, {
    hint: "restore the file from version control or a backup, then run `coffer verify`",
  });
}
