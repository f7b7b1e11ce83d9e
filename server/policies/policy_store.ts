/** The policies of a server by name, and what the holder of some of them may do. */
import { Fault } from "../../core/fault.ts";
import { Acl, ROOT_POLICY } from "./acl.ts";
import { DEFAULT_POLICY_TEXT } from "./default_policy.ts";
import { parsePolicy, type Policy } from "./policy.ts";

/** A policy as it was written. */
export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

export interface PolicyStoreState {
  readonly version: 1;
  readonly policies: readonly PolicyText[];
}

const ROOT = "root";
const DEFAULT = "default";
/** More than a local server's clients need; each is held as long as the server runs. */
const MAX_POLICIES = 1000;
/** As many sets of policies as are in use at once, and some more. */
const MAX_ACLS = 256;

export class PolicyStore {
  /** In the order of their names; without `root`, which has no text. */
  readonly #policies = new Map<string, { readonly text: string; readonly policy: Policy }>();
  readonly #acls = new Map<string, Acl>();

  constructor() {
    this.#set(DEFAULT, DEFAULT_POLICY_TEXT);
  }

  /**
   * The store that {@linkcode toState} was called on.
   * @throws {Fault} CONFIG when `state` is none
   */
  static fromState(state: unknown): PolicyStore {
    const store = new PolicyStore();
    if (!isState(state)) {
      throw new Fault("CONFIG", "the server's state of its policies cannot be read", {
        hint: "restore the file, or remove it: then every policy has to be written again",
      });
    }
    for (const { name, text } of state.policies) store.#set(name, text);
    return store;
  }

  toState(): PolicyStoreState {
    return { version: 1, policies: [...this.#policies].map(([name, { text }]) => ({ name, text })) };
  }

  /** The names of all, in their order. */
  list(): string[] {
    return [ROOT, ...this.#policies.keys()].sort();
  }

  /** The text of a policy; empty for `root`. Undefined when there is none. */
  read(name: string): PolicyText | undefined {
    const known = nameOf(name);
    if (known === ROOT) return { name: ROOT, text: "" };
    const found = this.#policies.get(known);
    return found && { name: known, text: found.text };
  }

  /**
   * @throws {Fault} USAGE for `root` and for what is no name; CONFIG when the text is no policy; UNAVAILABLE when there
   * are too many
   */
  write(name: string, text: string): void {
    const known = nameOf(name);
    if (known === ROOT) throw new Fault("USAGE", `cannot update "${ROOT}" policy`);
    if (!/^[a-z0-9_][a-z0-9_.@-]{0,127}$/.test(known)) {
      throw new Fault("USAGE", "a policy's name has letters, digits, `_`, `-`, `.` and `@`, at most 128");
    }
    if (this.#policies.size >= MAX_POLICIES && !this.#policies.has(known)) {
      throw new Fault("UNAVAILABLE", `there are ${MAX_POLICIES} policies, which is as many as are kept`, {
        hint: "delete policies that are no longer needed",
      });
    }
    this.#set(known, text);
  }

  /** @throws {Fault} USAGE for those that cannot be deleted */
  delete(name: string): void {
    const known = nameOf(name);
    if (known === ROOT) throw new Fault("USAGE", `cannot delete "${ROOT}" policy`);
    if (known === DEFAULT) throw new Fault("USAGE", "cannot delete default policy");
    this.#policies.delete(known);
    this.#acls.clear();
  }

  /** What a token with these policies may do; those that there are not, or not any more, grant nothing. */
  aclOf(names: readonly string[]): Acl {
    const key = names.join("\n"); // no name has one
    let acl = this.#acls.get(key);
    if (!acl) {
      acl = new Acl(names.flatMap((name) => name === ROOT ? ROOT_POLICY : this.#policies.get(name)?.policy ?? []));
      if (this.#acls.size >= MAX_ACLS) this.#acls.clear();
      this.#acls.set(key, acl);
    }
    return acl;
  }

  #set(name: string, text: string): void {
    this.#policies.set(name, { text, policy: parsePolicy(text) });
    this.#acls.clear();
  }
}

/** As Vault has it: `Reader` is `reader`. */
function nameOf(name: string): string {
  return name.toLowerCase();
}

function isState(state: unknown): state is PolicyStoreState {
  const { version, policies } = (state ?? {}) as Partial<Record<keyof PolicyStoreState, unknown>>;
  return version === 1 && Array.isArray(policies) &&
    policies.every((policy) =>
      typeof policy === "object" && policy !== null && typeof policy.name === "string" &&
      typeof policy.text === "string"
    );
}
