/** What the holder of some policies may do, decided as Vault does. */
import type { Capability, Operation } from "./capability.ts";
import { PathPattern } from "./path_pattern.ts";
import type { Policy } from "./policy.ts";

type Capabilities = ReadonlySet<Capability>;

/** The policy `root`: it allows everything, and no text says what this object says. */
export const ROOT_POLICY: Policy = { rules: [] };

const NONE: Capabilities = new Set();

export class Acl {
  readonly #isRoot: boolean;
  readonly #exact = new Map<string, Capabilities>();
  readonly #inexact: { readonly pattern: PathPattern; readonly capabilities: Capabilities }[] = [];

  constructor(policies: readonly Policy[]) {
    this.#isRoot = policies.includes(ROOT_POLICY);
    const byPath = Map.groupBy(policies.flatMap(({ rules }) => rules), ({ path }) => path);
    for (const [path, rules] of byPath) {
      const capabilities = union(rules.map(({ capabilities }) => capabilities));
      const pattern = new PathPattern(path);
      if (pattern.isExact) this.#exact.set(path, capabilities);
      else this.#inexact.push({ pattern, capabilities });
    }
    this.#inexact.sort((a, b) => b.pattern.compareSpecificity(a.pattern));
  }

  /** @param path without `/v1/`; for `list` and `scan` with or without the slash at its end, which Vault adds */
  allows(operation: Operation, path: string): boolean {
    return this.#isRoot || this.#capabilitiesFor(operation, path).has(operation);
  }

  /** Whether the rule that decides about `operation` on `path` has `sudo`: what paths for administrators also take. */
  hasSudo(operation: Operation, path: string): boolean {
    return this.#isRoot || this.#capabilitiesFor(operation, path).has("sudo");
  }

  /** As `sys/capabilities` answers: in the alphabet's order, `["root"]` for root, `["deny"]` where there are none. */
  capabilities(path: string): string[] {
    if (this.#isRoot) return ["root"];
    const capabilities = this.#capabilitiesOf(path, true);
    return capabilities.size === 0 ? ["deny"] : [...capabilities].sort();
  }

  /**
   * Whether anything may be done on a mount or below it; clients ask before they touch a secret there (the "preflight"
   * of `sys/internal/ui/mounts`). Vault looks for any rule that grants something, whatever more specific ones take away.
   * @param mount with the slash at its end
   */
  reaches(mount: string): boolean {
    if (this.#isRoot || grants(this.#capabilitiesOf(mount, true))) return true;
    for (const [path, capabilities] of this.#exact) if (path.startsWith(mount) && grants(capabilities)) return true;
    return this.#inexact.some((rule) => grants(rule.capabilities) && rule.pattern.reachesBelow(mount));
  }

  #capabilitiesFor(operation: Operation, path: string): Capabilities {
    const isList = operation === "list" || operation === "scan";
    return this.#capabilitiesOf(isList && !path.endsWith("/") ? `${path}/` : path, isList);
  }

  /** A folder is listed by whoever may list it written with its slash or, where no rule says anything, without. */
  #capabilitiesOf(given: string, isList: boolean): Capabilities {
    const path = given.replace(/^\/+/, "");
    const withoutSlash = isList ? path.replace(/\/$/, "") : path;
    return this.#exact.get(path) ?? this.#exact.get(withoutSlash) ??
      this.#mostSpecific(path) ?? this.#mostSpecific(withoutSlash) ?? NONE;
  }

  #mostSpecific(path: string): Capabilities | undefined {
    return this.#inexact.find(({ pattern }) => pattern.matches(path))?.capabilities;
  }
}

/** `deny` for one path wins over what any policy grants for the same one. */
function union(all: readonly Capabilities[]): Capabilities {
  return all.find((capabilities) => capabilities.has("deny")) ??
    new Set(all.flatMap((capabilities) => [...capabilities]));
}

function grants(capabilities: Capabilities): boolean {
  return capabilities.size > 0 && !capabilities.has("deny");
}
