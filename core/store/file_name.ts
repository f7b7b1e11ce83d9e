/**
 * Secret name ↔ path below `secrets/` and `kv/` (docs/format.md §1.1), one to one: safe where case is ignored, within 255 bytes
 * per path component, never outside the folder.
 *
 * A hash would be shorter to specify, and `git log` and `ls` would then show nothing a person can read; `list` would
 * have to open every file.
 */
import { isSecretName, type SecretName } from "../name.ts";
import type { KvName } from "../seal/kv_file.ts";

const PIECE = 200;
const SUFFIX = ".json";

/** The path's components, the last of which is the file. */
export function pathOfSecret(name: KvName): string[] {
  // From an upper-case letter up to the next lower-case one; characters without case belong to either.
  let encoded = name.replace(
    /[A-Z][^a-z]*(?=([a-z])?)/g,
    (run, next?: string) => `=${run.toLowerCase()}${next ? "=" : ""}`,
  )
    .replaceAll("/", "+");
  const components: string[] = [];
  while (encoded.length > PIECE) {
    components.push(encoded.slice(0, PIECE) + "~");
    encoded = encoded.slice(PIECE);
  }
  return [...components, encoded + SUFFIX];
}

/** Whether a folder below those can hold the rest of a long name. */
export function isPieceFolder(component: string): boolean {
  return component.length === PIECE + 1 && component.endsWith("~");
}

/** The secret kept at this path, or undefined when no secret's name is encoded so. */
export function secretAtPath(components: readonly string[]): SecretName | undefined {
  const last = components.at(-1)!;
  if (!last.endsWith(SUFFIX)) return undefined;
  const encoded = components.slice(0, -1).map((c) => c.slice(0, -1)).join("") + last.slice(0, -SUFFIX.length);
  const name = encoded.split("=").map((run, i) => (i % 2 === 1 ? run.toUpperCase() : run)).join("").replaceAll(
    "+",
    "/",
  );
  // Encoding again refuses every other spelling (`==`, upper-case letters, wrong pieces).
  const canonical = isSecretName(name) && pathOfSecret(name);
  return canonical && canonical.join("/") === components.join("/") ? name as SecretName : undefined;
}
