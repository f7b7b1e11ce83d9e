/** Secrets in memory, for as long as the process runs: for tests, and as the shortest example of a provider. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { ValueType } from "../seal/secret_file.ts";
import type { Secret } from "../secret.ts";
import { missingSecrets } from "../stack/missing.ts";
import type { NewValue } from "../stack/stack.ts";
import { unsupportedSource } from "./ability.ts";
import { nameOfKey } from "./key_name.ts";
import type { ChangeableProvider, ListableProvider, ProvidedValue, RemovableProvider, Source } from "./provider.ts";

interface Kept {
  readonly value: Secret;
  readonly type: ValueType;
}

export class MemoryProvider implements ChangeableProvider, ListableProvider, RemovableProvider {
  readonly #secrets = new Map<SecretName, Kept>();

  resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    return Promise.resolve(sources.map((source) => {
      if (source.kind !== "secret") return unsupportedSource(source);
      const name = nameOfKey(source.hint);
      const kept = this.#secrets.get(name);
      return kept ? { value: kept.value.copy(), type: kept.type } : missingSecrets([name]);
    }));
  }

  persist(source: Source, next: NewValue): Promise<undefined> {
    if (source.kind !== "secret") return Promise.reject(unsupportedSource(source));
    this.#keep(nameOfKey(source.hint), next);
    return Promise.resolve(undefined);
  }

  change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<undefined> {
    return Promise.resolve().then(() => {
      const next = decide(this.#secrets.get(name));
      if (next) this.#keep(name, next);
      return undefined;
    });
  }

  list(): Promise<SecretName[]> {
    return Promise.resolve([...this.#secrets.keys()].sort());
  }

  remove(names: readonly SecretName[]): Promise<void> {
    const missing = names.filter((name) => !this.#secrets.has(name));
    if (missing.length > 0) return Promise.reject(missingSecrets(missing));
    for (const name of names) this.#forget(name);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#secrets.keys()]) this.#forget(name);
    return Promise.resolve();
  }

  #keep(name: SecretName, { value, type }: NewValue): void {
    const kept = { value: value.copy(), type }; // first: it may be the very value that is there
    this.#forget(name);
    this.#secrets.set(name, kept);
  }

  #forget(name: SecretName): void {
    this.#secrets.get(name)?.value.dispose();
    this.#secrets.delete(name);
  }
}
