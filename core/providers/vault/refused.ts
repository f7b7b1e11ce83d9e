/** Why a Vault has not done what it was asked to, as far as its answer tells. */
import { Fault } from "../../fault.ts";
import { says, type VaultAnswer } from "./answer.ts";
import { noNamespace } from "./faults.ts";

/** @param deed what was refused: `read acme/data/db` */
export function refused(answer: VaultAnswer, where: string, deed: string): Fault {
  switch (answer.status) {
    case 403:
      return new Fault("DENIED", `${where} does not let the token ${deed}`, {
        hint: "have its policy changed, or coffer vault configure make one",
      });
    case 404:
      if (says(answer, /namespace/i)) return noNamespace(where);
      return new Fault("CONFIG", `${where} has no KV engine of that version where it was to ${deed}`, {
        hint: "check mount and kv_version; bao secrets list -detailed shows what there is",
      });
    case 413:
      return new Fault("UNSUPPORTED", `${where} takes no request as large as it takes to ${deed}`, {
        hint: "keep large values in a store of another kind: coffer provider list",
      });
    default:
      return new Fault("UNSUPPORTED", `${where} refuses to ${deed} (${answer.status})`, { hint: "its log says why" });
  }
}
