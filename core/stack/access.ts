/** Accesses to a stack's secrets, told to whoever keeps a record of them before they take effect. */
import { Fault, type FaultCode } from "../fault.ts";
import type { SecretName } from "../name.ts";

/**
 * `read`: values are handed out. `write`: new versions. `remove`: secrets with all their versions. `verify`: values are
 * opened and not handed out. `rekey`, `passphrase`: the keys change. `unlock`: the stack did not open. `create`: it is
 * made.
 */
export type AccessKind = "read" | "write" | "remove" | "verify" | "rekey" | "passphrase" | "unlock" | "create";

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

/** One access under way. */
export class AccessInProgress {
  /** The secrets that exist, or are about to, with the version that is read or written, where it is one. */
  readonly secrets = new Map<SecretName, number | undefined>();
  /** How many names lead to no secret. */
  missing = 0;
  readonly #kind: AccessKind;
  readonly #record: RecordAccess;
  #refused = false;

  constructor(kind: AccessKind, record: RecordAccess) {
    this.#kind = kind;
    this.#record = record;
  }

  /** To be called when all is known, and before values are handed out or anything is changed. */
  grant(): Promise<void> {
    return this.#tell("ok");
  }

  /** What failed is recorded too, also what failed after it was granted: that is a second record. */
  async fail(error: unknown): Promise<void> {
    if (!this.#refused) await this.#tell(error instanceof Fault ? error.code : "INTERNAL");
  }

  async #tell(outcome: Access["outcome"]): Promise<void> {
    try {
      await this.#record({ kind: this.#kind, secrets: this.secrets, missing: this.missing, outcome });
    } catch (error) {
      this.#refused = true;
      throw error;
    }
  }
}
