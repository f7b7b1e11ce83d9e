import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { RecordedVersion } from "./secret_record.ts";

/** One fault that lists every missing name. */
export function missingSecrets(names: readonly SecretName[]): Fault {
  const what = names.length === 1 ? `there is no secret ${names[0]}` : `there are no secrets ${names.join(", ")}`;
  return new Fault("NOT_FOUND", what, { hint: `coffer list, or: coffer set ${names[0]}` });
}

/** A version that there was. */
export function goneVersion(name: SecretName, { version, deletion, destroyed }: RecordedVersion): Fault {
  if (destroyed) {
    return new Fault("NOT_FOUND", `version ${version} of ${name} was destroyed`, { hint: `coffer history ${name}` });
  }
  return new Fault("NOT_FOUND", `version ${version} of ${name} was deleted at ${deletion}`, {
    hint: `coffer history ${name}; coffer rollback ${name} ${version} brings it back`,
  });
}

export function noSuchVersion(name: SecretName, version: number): Fault {
  return new Fault("NOT_FOUND", `there is no version ${version} of ${name}`, { hint: `coffer history ${name}` });
}
