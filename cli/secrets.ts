import type { SecretName } from "../core/name.ts";
import type { Reference } from "../core/reference.ts";
import type { Resolved } from "../core/resolve.ts";

/** Where the commands that hand secrets over have them from: stacks that they open, or a server that they ask. */
export interface Secrets extends AsyncDisposable {
  /** All or nothing. @throws {Fault} NOT_FOUND listing every missing name */
  resolve(references: readonly Reference[]): Promise<Resolved>;
  /** What is missing is in the result. */
  lookUp(references: readonly Reference[]): Promise<Resolved>;
  /** The names in the current stack. */
  list(): Promise<SecretName[]>;
  /** What to watch for changes. @throws {Fault} UNSUPPORTED where changes cannot be seen */
  folders(): Promise<string[]>;
}
