/** What the audit log says of an access (docs/audit.md). No member could hold a value. */
import type { StackName } from "../name.ts";
import type { Access } from "../stack/access.ts";

/** What was asked for: a command of the command line, or an operation of the server. Lower-case words, from here only. */
export type Operation =
  | "init"
  | "stack new"
  | "stack rm"
  | "set"
  | "get"
  | "rollback"
  | "rm"
  | "edit"
  | "import"
  | "export"
  | "run"
  | "check"
  | "inject"
  | "passphrase change"
  | "rekey"
  | "verify"
  | "kv"
  | "resolve";

/** Who asked. */
export type Actor =
  | { readonly kind: "cli" }
  | {
    readonly kind: "server";
    readonly via: "unix" | "loopback" | "network";
    /** The public name of the token, never the token: 8 to 64 letters, digits and `-`. Undefined without a token. */
    readonly accessor: string | undefined;
  };

export interface AuditEntry extends Access {
  readonly actor: Actor;
  readonly operation: Operation;
  readonly stack: { readonly name: StackName; readonly id: string };
}

/** Where entries are kept. */
export interface AuditTrail {
  /**
   * Resolves once the entry is kept; until then, what it tells of must not take effect.
   * @throws {Fault} UNAVAILABLE when it cannot be kept; DENIED when the place is not safe to write to
   */
  append(entry: AuditEntry): Promise<void>;
}
