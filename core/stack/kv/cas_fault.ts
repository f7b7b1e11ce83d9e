/** Why a check-and-set write was refused, for a server that has to say it in Vault's words. */
import { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";

/** `cas_mismatch` (CONFLICT): another version is the newest. `cas_required` (USAGE): none was given, and must be. */
export type CasReason = "cas_mismatch" | "cas_required";

export class CasFault extends Fault {
  readonly reason: CasReason;

  /** @param current the newest version's number; 0 for none */
  constructor(reason: CasReason, name: SecretName, current: number) {
    const [code, message] = reason === "cas_mismatch"
      ? ["CONFLICT", `${name} was changed meanwhile: it is at version ${current}`] as const
      : ["USAGE", `${name} is written with check-and-set only`] as const;
    super(code, message, { hint: `read ${name} again, then write with its version as cas; it is at ${current}` });
    this.reason = reason;
  }
}
