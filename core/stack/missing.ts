import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";

/** One fault that lists every missing name. */
export function missingSecrets(names: readonly SecretName[]): Fault {
  const what = names.length === 1 ? `there is no secret ${names[0]}` : `there are no secrets ${names.join(", ")}`;
  return new Fault("NOT_FOUND", what, { hint: `coffer list, or: coffer set ${names[0]}` });
}
