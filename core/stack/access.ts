/** Accesses to a stack's secrets, told to whoever keeps a record of them before they take effect. */
import { Fault, type FaultCode } from "../fault.ts";
import type { SecretName } from "../name.ts";

/**
 * `read`: values are handed out, or what is known of a secret besides. `write`: new versions, or what is known of a
 * secret besides. `remove`: secrets, or versions of one. `verify`: values are opened and not handed out. `rekey`,
 * `passphrase`: the keys change. `provider`: it changes with whom the secrets are. `unlock`: the stack did not open.
 */
export type AccessKind = "read" | "write" | "remove" | "verify" | "rekey" | "passphrase" | "provider" | "unlock";

/** An access that is about to take effect (`ok`), or has failed. It has no place for a value. */
export interface Access {
  readonly kind: AccessKind;
  /** The secrets by name, with the version that is read or written, where it is one. */
  readonly secrets: ReadonlyMap<SecretName, number | undefined>;
  /** How many of the names that were asked for lead to no secret. Not which: what was typed there may be a value. */
  readonly missing: number;
  readonly outcome: "ok" | FaultCode;
}

/** Keeps a record of an access. When it throws, the access does not take place. */
export type RecordAccess = (access: Access) => Promise<void>;

/** What becomes known of an access while it is under way. */
export interface AccessInProgress {
  /** Those that exist, or are about to, with the version that is read or written, where it is one. */
  readonly secrets: Map<SecretName, number | undefined>;
  missing: number;
  /** To be awaited when all is known, and before values are handed out or anything is changed. */
  grant(): Promise<void>;
}

/**
 * Runs the steps of an access. A failure is recorded as well; after a grant that is a second record.
 * @throws what the steps throw, or what `record` does
 */
export async function recorded<T>(
  record: RecordAccess,
  kind: AccessKind,
  steps: (access: AccessInProgress) => Promise<T>,
): Promise<T> {
  let refused: unknown;
  const tell = async (outcome: Access["outcome"]) => {
    try {
      await record({ kind, secrets: access.secrets, missing: access.missing, outcome });
    } catch (error) {
      refused = error;
      throw error;
    }
  };
  const access: AccessInProgress = { secrets: new Map(), missing: 0, grant: () => tell("ok") };
  try {
    return await steps(access);
  } catch (error) {
    if (error !== refused) await tell(error instanceof Fault ? error.code : "INTERNAL");
    throw error;
  }
}
