/** A kind of provider: how one is made from a store's configuration (docs/providers.md). */
import { TableReader } from "../config/table_reader.ts";
import { Fault } from "../fault.ts";
import type { StackName } from "../name.ts";
import type { Ability } from "./ability.ts";
import type { Provider } from "./provider.ts";

/** A store's `config` table, as it was written. */
export type ProviderConfig = Readonly<Record<string, unknown>>;

/** What a provider may have of the process it is made in. */
export interface Surroundings {
  env(name: string): string | undefined;
  /** The working directory, absolute. */
  readonly cwd: string;
  /** The secrets of a stack of the project, the current one when undefined: in it, or with its provider. */
  secretsOf(name: StackName | undefined): Promise<Provider>;
  /** Tells the user something once, that is no error. */
  warn(text: string): void;
}

/** The abilities that users are told of. */
export type ListedAbility = Extract<Ability, "persist" | "list" | "remove" | "history">;

export interface ProviderKind {
  /** What `coffer provider list` says of it. */
  readonly brief: string;
  /** What its providers can do besides resolving, for lists that open none. */
  readonly can: readonly ListedAbility[];
  /**
   * Makes one. It may put off until the first use what takes long or can fail for other reasons than its configuration.
   * @throws {Fault} CONFIG naming every key that is wrong
   */
  open(config: ProviderConfig, around: Surroundings): Promise<Provider>;
  /**
   * Finds out whether one made so would work, for kinds of which that is not known before they are used.
   * @param stackId of the stack whose secrets are to be there
   * @throws {Fault} what is wrong: with the configuration, or at the other end
   */
  check?(config: ProviderConfig, around: Surroundings, stackId: string): Promise<void>;
}

/**
 * Reads a store's configuration.
 * @param known every key that may be there
 * @throws {Fault} CONFIG naming every key that is wrong, and never what it holds
 */
export function readConfig<T>(config: ProviderConfig, known: readonly string[], read: (table: TableReader) => T): T {
  const problems: string[] = [];
  const result = read(new TableReader(config, "config.", known, problems));
  if (problems.length === 0) return result;
  throw new Fault("CONFIG", `the store's configuration is wrong: ${problems.join("; ")}`, {
    hint: known.length > 0 ? `it may have: ${known.join(", ")}` : "it may have nothing",
  });
}

/** `$PORTER_HOME`, or where Porter looks without it. */
export function porterHome({ env }: Pick<Surroundings, "env">): string {
  return env("PORTER_HOME") || `${env("HOME") ?? ""}/.porter`;
}
