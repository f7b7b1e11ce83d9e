/** What a provider can do besides resolving: found out, or asked for with a fault that says what it cannot. */
import { Fault } from "../fault.ts";
import type {
  BulkProvider,
  ChangeableProvider,
  KvProvider,
  ListableProvider,
  Provider,
  RemovableProvider,
  Source,
  VersionedProvider,
  WritableProvider,
} from "./provider.ts";

/** An ability, by the method that stands for it. */
export type Ability = keyof Abilities;

interface Abilities {
  persist: WritableProvider;
  change: ChangeableProvider;
  persistAll: BulkProvider;
  list: ListableProvider;
  remove: RemovableProvider;
  history: VersionedProvider;
  forward: KvProvider;
}

const WORDS: Readonly<Record<keyof Abilities, string>> = {
  persist: "persisting secrets",
  change: "changing a part of a secret",
  persistAll: "persisting many secrets at once",
  list: "listing secrets",
  remove: "removing secrets",
  history: "versions of secrets",
  forward: "Vault's KV API",
};

/** Whether the provider has the ability that this method stands for. */
export function can<P extends Provider, A extends keyof Abilities>(
  provider: P,
  ability: A,
): provider is P & Abilities[A] {
  return ability in provider;
}

/**
 * The provider, with an ability that the caller cannot do without.
 * @param what what to call it in the error: `the store azure`
 * @throws {Fault} UNSUPPORTED, with the end that Porter's clients look for
 */
export function requireAbility<P extends Provider, A extends keyof Abilities>(
  provider: P,
  ability: A,
  what: string,
): P & Abilities[A] {
  if (can(provider, ability)) return provider;
  throw new Fault("UNSUPPORTED", `${what} does not support ${WORDS[ability]}: not implemented`, {
    hint: "coffer provider list says what each kind can do",
  });
}

/** For a kind of source that a provider does not resolve. In Porter's words. */
export function unsupportedSource({ kind }: Source): Fault {
  return new Fault("UNSUPPORTED", `unsupported keyName ${kind}`, {
    hint: "env, path, command and value are the host's: only secret comes from a secret store",
  });
}
