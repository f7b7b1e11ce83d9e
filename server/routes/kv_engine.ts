/** What the routes of a stack's KV engine have in common: the engine itself, names, and how Vault writes what it says. */
import { isSecretName, isStackName, type SecretName, type StackName } from "../../core/name.ts";
import { CasFault } from "../../core/stack/kv/cas_fault.ts";
import { KvEngine, type KvGone } from "../../core/stack/kv/engine.ts";
import type { KvSettings, KvVersion } from "../../core/stack/kv/metadata.ts";
import { parseDuration } from "../duration.ts";
import type { Answer, JsonMembers } from "../http/answer.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import type { Session } from "../session.ts";

/**
 * The engine of a stack, which records what is done with it under the request's token.
 * @throws {Refusal} 404 when there is no such stack; only who may do something there gets as far
 */
export function engineOf(session: Session, stack: string): KvEngine {
  return new KvEngine(session.stack(servedStack(session, stack), "kv"));
}

/** @throws {Refusal} as {@linkcode engineOf} */
export function servedStack({ server, path }: Session, stack: string): StackName {
  if (isStackName(stack) && server.mounts.get(stack)) return stack;
  throw noRoute(path);
}

export function noRoute(path: string): Refusal {
  return new Refusal(404, `no handler for route ${quoted(path)}. route entry not found.`);
}

/** A path for a message, unless it cannot be one: then it may be a value, typed in the wrong place. */
export function quoted(path: string): string {
  return /^[A-Za-z0-9_./-]*$/.test(path) ? `"${path}"` : '"…"';
}

/** A name that no secret can have is one that there is not. */
export function existingName(name: string): SecretName {
  if (!isSecretName(name)) throw notFound();
  return name;
}

export function newName(name: string): SecretName {
  if (isSecretName(name)) return name;
  throw new Refusal(
    400,
    "a secret's name has letters, digits, `_`, `-` and `.` in segments joined by `/`, none of which begins with `-` " +
      "or `.`, and at most 255 bytes",
  );
}

/** Runs a write. Its refusals by check-and-set get Vault's words, which clients look for. */
export async function write<T>(steps: () => Promise<T>): Promise<T> {
  try {
    return await steps();
  } catch (error) {
    if (!(error instanceof CasFault)) throw error;
    throw new Refusal(
      400,
      error.reason === "cas_mismatch"
        ? "check-and-set parameter did not match the current version"
        : "check-and-set parameter required for this call",
    );
  }
}

/** A version that has no value any more is not found, but what is known of it is told. */
export function gone(data: JsonMembers): Answer {
  return { status: 404, data };
}

export function isGone(found: { readonly state: string }): found is KvGone {
  return found.state === "deleted" || found.state === "destroyed";
}

export function versionAnswer({ version, createdTime, deletionTime, destroyed, customMetadata }: KvVersion) {
  return {
    created_time: createdTime,
    custom_metadata: orNull(customMetadata),
    deletion_time: deletionTime ?? "",
    destroyed,
    version,
  };
}

/** Vault says null where there are none. */
export function orNull(customMetadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  return Object.keys(customMetadata).length > 0 ? customMetadata : null;
}

export function settingsAnswer({ casRequired, maxVersions, deleteVersionAfter }: KvSettings) {
  return {
    cas_required: casRequired,
    delete_version_after: goDuration(deleteVersionAfter),
    max_versions: maxVersions,
  };
}

export interface GivenSettings {
  readonly cas_required?: boolean | undefined;
  readonly max_versions?: number | undefined;
  readonly delete_version_after?: string | number | null | undefined;
}

/** @throws {Fault} USAGE for a duration that is none */
export function settingsOf({ cas_required, max_versions, delete_version_after }: GivenSettings): Partial<KvSettings> {
  return {
    ...(cas_required !== undefined && { casRequired: cas_required }),
    ...(max_versions !== undefined && { maxVersions: max_versions }),
    ...(delete_version_after !== undefined && delete_version_after !== null &&
      { deleteVersionAfter: secondsOf(delete_version_after) }),
  };
}

/** Whatever is below zero turns it off. */
function secondsOf(duration: string | number): number {
  if (`${duration}`.startsWith("-")) {
    parseDuration(typeof duration === "number" ? -duration : duration.slice(1), "delete_version_after");
    return -1;
  }
  return parseDuration(duration, "delete_version_after");
}

/** As Go writes durations: `3h25m19s`, `1h0m0s`, `45s`. */
function goDuration(seconds: number): string {
  if (seconds < 0) return `-${goDuration(-seconds)}`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ""}${seconds >= 60 ? `${minutes}m` : ""}${seconds % 60}s`;
}

/** @throws {Refusal} 400, in Vault's words */
export function requireVersions(versions: readonly number[] | undefined, words: string): readonly number[] {
  if (versions && versions.length > 0) return versions;
  throw new Refusal(400, words);
}
