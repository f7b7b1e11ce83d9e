/** One request whose sender is known: who it is, what it may do, and under whose name its accesses are recorded. */
import type { AuditEntry } from "../core/audit/entry.ts";
import { isStackName, type StackName } from "../core/name.ts";
import type { Secret } from "../core/secret.ts";
import { findSecrets } from "../core/providers/all_or_none.ts";
import type { Provider } from "../core/providers/provider.ts";
import { recordedProvider } from "../core/providers/recorded.ts";
import type { SecretSource } from "../core/resolve.ts";
import type { RecordAccess } from "../core/stack/access.ts";
import type { Stack } from "../core/stack/stack.ts";
import type { Dependencies } from "./dependencies.ts";
import { isLoopback, type Peer } from "./http/peer.ts";
import type { Acl } from "./policies/acl.ts";
import type { TokenInfo } from "./tokens/token_store.ts";

/** The holder of a token. */
export interface Client {
  readonly token: Secret;
  readonly info: TokenInfo;
  readonly acl: Acl;
}

/** What a request does, for the audit log. */
export interface Deed extends Pick<AuditEntry, "kind" | "operation"> {
  readonly stack?: StackName;
  /** `ok` unless given. */
  readonly outcome?: AuditEntry["outcome"];
}

/** What is known of a request once its headers are read. */
export interface Requested {
  readonly server: Dependencies;
  readonly peer: Peer;
  /** Below `/v1/`, without a final `/`. */
  readonly path: string;
  /** Seconds that the answer is to be wrapped for; 0: not at all. */
  readonly wrapTtl: number;
  /** What was sent as the client's token, whether there is such a token or not. */
  readonly token: Secret | undefined;
}

export class Session implements Requested {
  readonly server: Dependencies;
  readonly peer: Peer;
  readonly path: string;
  readonly wrapTtl: number;
  readonly token: Secret | undefined;
  /** Whether it is a wrapping token that was sent as the client's. */
  readonly isWrapping: boolean;
  readonly #client: Client | undefined;

  constructor({ server, peer, path, wrapTtl, token }: Requested, client: Client | "wrapping token" | "nobody") {
    this.server = server;
    this.peer = peer;
    this.path = path;
    this.wrapTtl = wrapTtl;
    this.token = token;
    this.isWrapping = client === "wrapping token";
    this.#client = typeof client === "string" ? undefined : client;
  }

  /** Whose token it is. There is none for routes that are open to anyone, or to wrapping tokens. */
  get client(): Client {
    if (!this.#client) throw new TypeError("this request has no client");
    return this.#client;
  }

  /** A stack that is served, whose accesses are recorded under this request's token. */
  stack(name: StackName, operation: AuditEntry["operation"]): Stack {
    return this.server.mounts.get(name)!.recordedBy(this.recorder(name, operation));
  }

  /** The provider that a served stack's secrets are with, recorded as well; undefined: they are in the stack itself. */
  async remote(name: StackName, operation: AuditEntry["operation"]): Promise<Provider | undefined> {
    const provider = await this.server.mounts.remote(name);
    return provider && recordedProvider(provider, this.recorder(name, operation));
  }

  /** Where the secrets of a served stack are looked up. */
  async source(name: StackName, operation: AuditEntry["operation"]): Promise<SecretSource> {
    const provider = await this.remote(name, operation);
    return provider ? { find: (names) => findSecrets(provider, names) } : this.stack(name, operation);
  }

  /** Records accesses to a served stack under this request's token. */
  recorder(name: StackName, operation: AuditEntry["operation"]): RecordAccess {
    const id = this.server.mounts.get(name)?.header.id;
    return (access) => this.server.audit.append({ ...access, actor: this.#actor, operation, stack: { name, id } });
  }

  /**
   * Records what is about to be done, or was refused, where no stack does.
   * @throws {Fault} when that cannot be: then it must not be done
   */
  async record({ kind, operation, stack, outcome = "ok" }: Deed): Promise<void> {
    await this.server.audit.append({
      actor: this.#actor,
      operation,
      kind,
      stack: stack && { name: stack, id: this.server.mounts.get(stack)?.header.id },
      secrets: new Map(),
      missing: 0,
      outcome,
    });
  }

  get #actor(): AuditEntry["actor"] {
    const via = this.peer.kind === "unix" ? "unix" : isLoopback(this.peer) ? "loopback" : "network";
    return { kind: "server", via, accessor: this.#client?.info.accessor };
  }
}

/** The stack that a path is in, if it is in one. */
export function stackOfPath(path: string, { mounts }: Dependencies): StackName | undefined {
  const [first = ""] = path.split("/", 1);
  return isStackName(first) && mounts.get(first) ? first : undefined;
}
