/** What the audit log says of an access (docs/audit.md). No member could hold a value. */
import type { StackName } from "../name.ts";
import type { Access, AccessKind } from "../stack/access.ts";

/** What was asked for: a command, or a part of the server's API. Lower-case words, and never from a request. */
export type Operation =
  | "stack rm"
  | "credentials apply"
  | "credentials edit"
  | "credentials delete"
  | "set"
  | "get"
  | "rollback"
  | "rm"
  | "edit"
  | "import"
  | "export"
  | "run"
  | "check"
  | "mask"
  | "inject"
  | "plugin"
  | "passphrase change"
  | "rekey"
  | "verify"
  | "kv"
  | "resolve"
  | "token"
  | "policy"
  | "wrapping"
  | "list"
  | "history"
  | "provider register"
  | "provider unregister"
  | "provider show"
  | "provider migrate"
  | "vault configure"
  | "serve"
  | "lock"
  | "unlock"
  | "stop"
  | "request";

/** Who asked. */
export type Actor =
  | { readonly kind: "cli" }
  | {
    readonly kind: "server";
    readonly via: "unix" | "loopback" | "network";
    /** The public name of the token, never the token: letters, digits and `-`, at most 64. Undefined without a token. */
    readonly accessor: string | undefined;
  };

export interface AuditEntry extends Omit<Access, "kind"> {
  readonly actor: Actor;
  readonly operation: Operation;
  /**
   * Besides what a stack tells of itself, a server hands out names (`list`), has clients (`authenticate`, `token`,
   * `policy`) and forgets its keys (`lock`).
   */
  readonly kind: AccessKind | "list" | "authenticate" | "token" | "policy" | "lock";
  /** Undefined where no stack is concerned. The id is unknown where the stack could not be read. */
  readonly stack: { readonly name: StackName; readonly id: string | undefined } | undefined;
}

/** Where entries are kept. */
export interface AuditTrail {
  /**
   * Resolves once the entry is kept; until then, what it tells of must not take effect.
   * @throws {Fault} UNAVAILABLE when it cannot be kept; DENIED when the place is not safe to write to; TAMPERED when what
   * is there cannot be continued
   */
  append(entry: AuditEntry): Promise<void>;
}
