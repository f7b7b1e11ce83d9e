/** What settings and custom metadata may be: Vault's limits, and those of a secret's file. */
import { Fault } from "../../fault.ts";
import { CUSTOM_METADATA, isCustomMetadata, MOST_KEPT_VERSIONS, MOST_SECONDS } from "../../seal/kv_file.ts";
import type { KvMetadataChange, KvSettings } from "./metadata.ts";

/** @throws {Fault} USAGE listing all that is not allowed */
export function requireAllowed(change: KvMetadataChange, least: Pick<KvSettings, "deleteVersionAfter">): void {
  const { customMetadata = {}, maxVersions = 0, deleteVersionAfter = 0 } = change;
  const problems = [...problemsOf(customMetadata)];
  if (!isWhole(maxVersions, 0, MOST_KEPT_VERSIONS)) {
    problems.push(`max_versions must be a whole number from 0 to ${MOST_KEPT_VERSIONS}`);
  }
  if (!isWhole(deleteVersionAfter, least.deleteVersionAfter, MOST_SECONDS)) {
    problems.push(`delete_version_after must be whole seconds from ${least.deleteVersionAfter} to ${MOST_SECONDS}`);
  }
  if (problems.length === 0) return;
  throw new Fault("USAGE", problems.join("; "), { hint: "nothing was changed" });
}

/** Without the keys and texts themselves, which may be sensitive. */
function* problemsOf(customMetadata: Readonly<Record<string, string>>): Generator<string> {
  const { pairs, keyBytes, valueBytes } = CUSTOM_METADATA;
  if (!isCustomMetadata(customMetadata)) {
    yield `custom_metadata must be at most ${pairs} pairs of text, keys of 1 to ${keyBytes} bytes, values of 1 to ` +
      `${valueBytes}`;
  } else if (!Object.entries(customMetadata).flat().every(isPrintable)) {
    yield "custom_metadata must be printable";
  }
}

/** Letters, marks, numbers, punctuation, symbols, and of white space only the space: what Vault calls printable. */
function isPrintable(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(text);
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
