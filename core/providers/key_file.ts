/**
 * Porter's keys as paths of files below one folder, one to one. A key of harmless names with `/` between them is that
 * path, so that Porter and Coffer find each other's files. Any other (`x/../../f`, `/etc/passwd`, 300 bytes, NUL) is
 * escaped into a single name, and stays in the folder.
 */
import { hexOf } from "../crypto/bytes.ts";
import { digestSha256 } from "../crypto/hkdf.ts";

/** What file systems take in one name, and less than they take in a path. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 1024;
/** Stands in no plain name. */
const ESCAPE = "%";
/** No separator, no control character, no escape; not `.`, `..`, hidden, or what Windows drops at the end. */
// deno-lint-ignore no-control-regex
const PLAIN = /^(?![. ])[^\x00-\x1f\x7f/\\:*?"<>|%]+(?<![. ])$/;
/** Devices of Windows, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
const encoder = new TextEncoder();

/** The path's components, the last of which is the file. */
export function pathOfKey(key: string): string[] {
  const names = key.split("/");
  const bytes = encoder.encode(key);
  if (names.every(isPlain) && bytes.length <= MAX_PATH_BYTES) return names;
  const escaped = ESCAPE + [...bytes].map(escape).join("");
  return [escaped.length <= MAX_NAME_BYTES ? escaped : `${ESCAPE}${ESCAPE}sha256-${hexOf(digestSha256(bytes))}`];
}

/** The key whose file this is; undefined for a file that is no key's, and for a key too long to be told. */
export function keyAtPath(components: readonly string[]): string | undefined {
  const [first, ...others] = components;
  const path = components.join("/");
  try {
    const key = first!.startsWith(ESCAPE) && others.length === 0 ? decodeURIComponent(first!.slice(1)) : path;
    return pathOfKey(key).join("/") === path ? key : undefined;
  } catch {
    return undefined; // no escapes of ours
  }
}

function isPlain(name: string): boolean {
  return name.isWellFormed() && PLAIN.test(name) && !DEVICE.test(name) && encoder.encode(name).length <= MAX_NAME_BYTES;
}

function escape(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9._-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
