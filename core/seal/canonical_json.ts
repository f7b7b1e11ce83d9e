/**
 * JSON in the form of RFC 8785: no white space, members in the order of their names' UTF-16 code units. Numbers and
 * strings are as JSON.stringify writes them, which is what the RFC asks for.
 */
import { malformed, parseObject, requireCanonical } from "./canonical.ts";

/** What a hostile text could make of deeper ones, no configuration needs. */
const MOST_LEVELS = 32;

/** @param value what JSON.parse returned, or the like of it */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(",")}}`;
}

/**
 * Throws unless the text is an object in this form, of at most 32 levels, and of Unicode: the RFC knows no halves of
 * surrogate pairs.
 * @param where names the file in errors
 * @throws {Fault} CONFIG
 */
export function requireCanonicalObject(text: string, where: string): void {
  const parsed = parseObject(text, where);
  let level: unknown[] = [parsed];
  for (let depth = 1; level.length > 0; depth++) {
    const nested = level.filter((value) => typeof value === "object" && value !== null);
    if (nested.length > 0 && depth > MOST_LEVELS) throw malformed(where, "it is nested too deep");
    level = nested.flatMap((value) => [...Object.keys(value!), ...Object.values(value!)]);
    if (level.some((value) => typeof value === "string" && !value.isWellFormed())) {
      throw malformed(where, "it is not Unicode text");
    }
  }
  requireCanonical(text, canonicalJson(parsed), where);
}
