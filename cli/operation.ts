/** What the audit log calls a command. */
import type { Operation } from "../core/audit/entry.ts";

/** Those that reach secrets. Not taken from what was typed: that may be anything. */
const OPERATIONS: readonly Operation[] = [
  "set",
  "get",
  "rollback",
  "rm",
  "edit",
  "import",
  "export",
  "run",
  "check",
  "mask",
  "inject",
  "stack rm",
  "credentials apply",
  "credentials edit",
  "credentials delete",
  "passphrase change",
  "rekey",
  "verify",
  "serve",
  "unlock",
  // With a provider, these reach secrets, too.
  "list",
  "history",
  "provider register",
  "provider unregister",
  "provider show",
  "provider migrate",
  "vault configure",
];

/** Undefined for a command that reaches no secret. */
export function operationOf(args: readonly string[]): Operation | undefined {
  const typed = [args[0], args.slice(0, 2).join(" ")];
  return OPERATIONS.find((operation) => typed.includes(operation));
}
