/** Where a stack's secrets are, opened for one command: in the stack itself, or with the provider registered for it. */
import { can, requireAbility } from "../core/providers/ability.ts";
import { findSecrets } from "../core/providers/all_or_none.ts";
import type {
  ChangeableProvider,
  ListableProvider,
  ProvidedValue,
  Provider,
  RemovableProvider,
  VersionedProvider,
  WritableProvider,
} from "../core/providers/provider.ts";
import { SealedProvider } from "../core/providers/sealed.ts";
import type { SecretName, StackName } from "../core/name.ts";
import type { RegisteredProvider } from "../core/providers/registered.ts";
import type { SecretSource } from "../core/resolve.ts";
import type { NewValue, Stack } from "../core/stack/stack.ts";

/** What became of a secret that was imported. */
export type Outcome = "added" | "updated" | "unchanged";

/** The kind that keeps secrets in the stack itself. */
export const SEALED = "sealed";

export class OpenedStack implements SecretSource, AsyncDisposable {
  readonly name: StackName;
  /** The kind of provider. */
  readonly kind: string;
  readonly provider: Provider;
  readonly #stack: Stack;

  /**
   * Takes both over.
   * @param registered the provider registered for the stack, if there is one
   */
  constructor(name: StackName, stack: Stack, registered?: RegisteredProvider) {
    this.name = name;
    this.kind = registered?.kind ?? SEALED;
    this.provider = registered?.provider ?? new SealedProvider(stack);
    this.#stack = stack;
  }

  /** Whether the secrets are in the stack itself. */
  get isSealed(): boolean {
    return this.kind === SEALED;
  }

  find(names: readonly SecretName[]): Promise<Map<SecretName, ProvidedValue>> {
    return findSecrets(this.provider, names);
  }

  get listable(): ListableProvider {
    return requireAbility(this.provider, "list", this.#what);
  }

  get writable(): WritableProvider {
    return requireAbility(this.provider, "persist", this.#what);
  }

  get changeable(): ChangeableProvider {
    return requireAbility(this.provider, "change", this.#what);
  }

  get removable(): RemovableProvider {
    return requireAbility(this.provider, "remove", this.#what);
  }

  /** What can be copied to, and taken back from. */
  get migratable(): ChangeableProvider & RemovableProvider {
    return requireAbility(this.changeable, "remove", this.#what);
  }

  /** What is in the stack itself, which is not used while a provider is registered. */
  get local(): SealedProvider {
    return new SealedProvider(this.#stack);
  }

  get versioned(): VersionedProvider {
    return requireAbility(this.provider, "history", this.#what);
  }

  /** Keeps many values, of which one that is there already, byte for byte, is left as it is. */
  async persistAll(values: ReadonlyMap<SecretName, NewValue>): Promise<Map<SecretName, Outcome>> {
    if (can(this.provider, "persistAll")) return await this.provider.persistAll(values);
    const outcomes = new Map<SecretName, Outcome>();
    for (const [name, next] of values) {
      await this.changeable.change(name, (current) => {
        const isSame = current?.type === next.type && current.value.equals(next.value);
        outcomes.set(name, isSame ? "unchanged" : current ? "updated" : "added");
        return isSame ? undefined : next;
      });
    }
    return outcomes;
  }

  /** What a command has done with a secret, for people: `sealed db/password, version 2`. */
  said(what: string, version: number | undefined): string {
    const place = this.isSealed ? "" : ` with ${this.kind}`;
    return `${this.isSealed ? "sealed" : "stored"} ${what}${place}${
      version === undefined ? "" : `, version ${version}`
    }`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider[Symbol.asyncDispose]();
    this.#stack.dispose();
  }

  get #what(): string {
    return `the provider of stack ${this.name}, ${this.kind},`;
  }
}
