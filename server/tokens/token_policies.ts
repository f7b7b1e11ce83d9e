/** Which policies a new token gets. Compared with OpenBao's answers (test/vectors/openbao). */
import { Fault } from "../../core/fault.ts";

export const ROOT = "root";
const DEFAULT = "default";
/** Of wrapping tokens, which are not made by asking for a token. */
const NOT_ASSIGNABLE = "response-wrapping";

export interface PolicyRequest {
  /** None, or an empty list: the parent's. */
  readonly policies?: readonly string[];
  /** `default` is not added, and is taken away where it would be inherited. */
  readonly noDefaultPolicy?: boolean;
}

/**
 * @param parent the policies of the token that asks
 * @param sudo whether it may give what it has not got, except `root`
 * @throws {Fault} USAGE when it asks for more than it may give
 */
export function policiesFor(request: PolicyRequest, parent: readonly string[], sudo: boolean): string[] {
  const asked = request.policies ?? [];
  const inherits = asked.length === 0;
  const named = namesOf(inherits ? parent : asked);
  if (!sudo && !named.every((name) => parent.includes(name))) {
    throw new Fault("USAGE", "child policies must be subset of parent", {
      hint: "ask for policies that the token in use has; coffer token list shows them",
    });
  }
  const adds = !inherits && !named.includes(ROOT) && (sudo || parent.includes(DEFAULT));
  const policies = namesOf(adds ? [...named, DEFAULT] : named).filter((name) =>
    name !== DEFAULT || !request.noDefaultPolicy
  );
  // Names end up in logs, and in lists with a line for each.
  if (policies.some((name) => /\p{C}/u.test(name))) throw new Fault("USAGE", "a policy's name has a control character");
  if (policies.includes(NOT_ASSIGNABLE)) throw new Fault("USAGE", `cannot assign policy "${NOT_ASSIGNABLE}"`);
  if (policies.includes(ROOT) && !parent.includes(ROOT)) {
    throw new Fault("USAGE", "root tokens may not be created without parent token being root");
  }
  return policies;
}

/** Lower case, without duplicates, sorted; `root` needs no others beside it. */
function namesOf(policies: readonly string[]): string[] {
  const names = new Set(policies.map((name) => name.trim().toLowerCase()).filter((name) => name !== ""));
  return names.has(ROOT) ? [ROOT] : [...names].sort();
}
