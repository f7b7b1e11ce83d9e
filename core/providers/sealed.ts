/** A stack's own secrets, sealed on disk: the default. */
import { Fault } from "../fault.ts";
import { parseStackName, type SecretName } from "../name.ts";
import { missingSecrets } from "../stack/missing.ts";
import type { VersionInfo } from "../stack/secret_record.ts";
import type { NewValue, OpenedValue, Stack } from "../stack/stack.ts";
import { unsupportedSource } from "./ability.ts";
import { nameOfKey } from "./key_name.ts";
import { type ProviderKind, readConfig } from "./kind.ts";
import type {
  BulkProvider,
  ChangeableProvider,
  ListableProvider,
  ProvidedValue,
  RemovableProvider,
  Source,
  VersionedProvider,
} from "./provider.ts";

export const sealed: ProviderKind = {
  brief: "a stack of Coffer's own: sealed on disk, with versions",
  can: ["persist", "list", "remove", "history"],
  async open(config, around) {
    const { stack } = readConfig(config, ["stack"], (table) => ({ stack: table.text("stack") }));
    return await around.secretsOf(stack === undefined ? undefined : parseStackName(stack));
  },
};

export class SealedProvider
  implements ChangeableProvider, BulkProvider, ListableProvider, RemovableProvider, VersionedProvider {
  readonly #stack: Stack;

  /** Takes the stack over: disposing of the provider wipes its keys. */
  constructor(stack: Stack) {
    this.#stack = stack;
  }

  async resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    const names = sources.map((source) =>
      source.kind === "secret" ? nameOfKey(source.hint) : unsupportedSource(source)
    );
    const found = await this.#stack.find(names.filter((name) => typeof name === "string"));
    const taken = new Set<SecretName>();
    return names.map((name) => {
      if (name instanceof Fault) return name;
      const opened = found.get(name);
      if (!opened) return missingSecrets([name]);
      // Each of several that ask for the same has a value of its own to dispose of.
      return taken.has(name) ? { ...opened, value: opened.value.copy() } : (taken.add(name), opened);
    });
  }

  async persist(source: Source, next: NewValue): Promise<number> {
    if (source.kind !== "secret") throw unsupportedSource(source);
    return await this.#stack.set(nameOfKey(source.hint), next);
  }

  change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<number | undefined> {
    return this.#stack.change(name, decide);
  }

  persistAll(values: ReadonlyMap<SecretName, NewValue>): Promise<Map<SecretName, "added" | "updated" | "unchanged">> {
    return this.#stack.setAll(values);
  }

  list(): Promise<SecretName[]> {
    return this.#stack.list();
  }

  remove(names: readonly SecretName[]): Promise<void> {
    return this.#stack.remove(names);
  }

  history(name: SecretName): Promise<VersionInfo[]> {
    return this.#stack.history(name);
  }

  at(name: SecretName, version?: number): Promise<OpenedValue> {
    return this.#stack.get(name, version);
  }

  rollback(name: SecretName, version: number): Promise<number> {
    return this.#stack.rollback(name, version);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stack.dispose();
    return Promise.resolve();
  }
}
