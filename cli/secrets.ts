import type { SecretName } from "../core/name.ts";
import type { Origin } from "../core/origin.ts";
import type { Resolved } from "../core/resolve.ts";

/**
 * Where the commands that hand secrets over have them from: stacks that they open, or a server that they ask. It can be
 * disposed of more than once.
 */
export interface Secrets extends AsyncDisposable {
  /** All or nothing. @throws {Fault} NOT_FOUND listing every missing name */
  resolve(origins: readonly Origin[]): Promise<Resolved>;
  /** What is missing is in the result. */
  lookUp(origins: readonly Origin[]): Promise<Resolved>;
  /** The names in the current stack. */
  list(): Promise<SecretName[]>;
  /** What to watch for changes. @throws {Fault} UNSUPPORTED where changes cannot be seen */
  folders(): Promise<string[]>;
}
