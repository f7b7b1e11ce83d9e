/** Keeps a set, and the literal values of its credentials where secrets are kept: never in the set. */
import { Fault } from "../../core/fault.ts";
import type { SecretName } from "../../core/name.ts";
import { can, requireAbility } from "../../core/providers/ability.ts";
import { Secret } from "../../core/secret.ts";
import { type Literal, literalKeys, withoutLiterals } from "../../core/sets/literals.ts";
import { CREDENTIALS, describeSet, type SourceSet, type StoredSet } from "../../core/sets/set.ts";
import type { SetFolder } from "../../core/sets/set_folder.ts";
import type { OpenStores } from "../open_stores.ts";
import type { Report } from "../report.ts";

export interface Keeping {
  readonly report: Report;
  readonly stores: OpenStores;
  readonly folder: SetFolder;
}

/**
 * Keeps a set in the place of one that may be there. What that one had in the store, and the new one has not, is
 * removed from it, where it can be.
 * @param decide is given the set that is there; throws to leave it
 * @throws {Fault} UNSUPPORTED when there are literal values and the default store persists nothing: nothing is changed
 */
export async function keepSet(
  { report, stores, folder }: Keeping,
  given: SourceSet,
  decide: (current: StoredSet | undefined) => void = () => {},
): Promise<void> {
  const { set, literals } = folder.kind === CREDENTIALS ? withoutLiterals(given) : { set: given, literals: [] };
  decide(await folder.find(set)); // before anything is persisted
  if (literals.length > 0) await persist(literals, stores);
  const before = await folder.replace(set, decide);
  const kept = literalKeys(set);
  const stale = before ? literalKeys(before).filter((key) => !kept.includes(key)) : [];
  try {
    await forgetLiterals(stores, stale);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report.warning(`in the secret store stay: ${stale.join(", ")} (${error.message})`); // the set has been replaced
  }
  report.data(
    { namespace: set.namespace, name: set.name, sealed: literals.map(({ name, key }) => ({ name, key })) },
    () => [],
  );
  for (const { name, key } of literals) report.note(`the value of ${name} is in the secret store, as ${key}`);
  report.note(`applied ${folder.kind.singular} set ${describeSet(set)}`);
}

async function persist(literals: readonly Literal[], stores: OpenStores): Promise<void> {
  const provider = await stores.providerOf("secret");
  const values = new Map(
    literals.map(({ key, text }) => [key, { value: Secret.fromText(text), type: "bytes" as const }]),
  );
  try {
    if (can(provider, "persistAll")) return void await provider.persistAll(values);
    const writable = requireAbility(provider, "persist", `the store ${(await stores.configured()).default.name}`);
    for (const [key, value] of values) await writable.persist({ kind: "secret", hint: key }, value);
  } finally {
    for (const { value } of values.values()) value.dispose();
  }
}

/** Removes values that sets had put into the store. One that is not there any more is none to remove. */
export async function forgetLiterals(stores: OpenStores, keys: readonly SecretName[]): Promise<void> {
  if (keys.length === 0) return;
  const provider = await stores.providerOf("secret");
  const removable = requireAbility(provider, "remove", `the store ${(await stores.configured()).default.name}`);
  for (const key of keys) {
    try {
      await removable.remove([key]);
    } catch (error) {
      if (!(error instanceof Fault && error.code === "NOT_FOUND")) throw error;
    }
  }
}
