/**
 * Which of the stack's settings and a secret's own applies to it: as in OpenBao and Vault, more versions are kept
 * rather than fewer, and they live for the shorter time.
 */
import type { KvSealed } from "../seal/kv_file.ts";
import { secondsAfter } from "../seal/timestamp.ts";

/** How many versions of a secret are kept when nobody says otherwise. */
const KEPT_VERSIONS = 10;

type Settings = Omit<KvSealed, "customMetadata">;

/** How many versions a secret keeps. */
export function keptVersions(own: Settings, stack: Settings): number {
  return Math.max(own.maxVersions, stack.maxVersions) || KEPT_VERSIONS;
}

/** Whether writes through the KV engine have to say which version they are based on. */
export function requiresCas(own: Settings, stack: Settings): boolean {
  return own.casRequired || stack.casRequired;
}

/** When a version is deleted that is made, or undeleted, at `start`; undefined: not at all. */
export function deletionTime(start: string, own: Settings, stack: Settings): string | undefined {
  if (stack.deleteVersionAfter < 0) return undefined;
  const seconds = [own.deleteVersionAfter, stack.deleteVersionAfter].filter((after) => after > 0);
  return seconds.length === 0 ? undefined : secondsAfter(start, Math.min(...seconds));
}
