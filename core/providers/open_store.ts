/** A configured store as a provider. */
import { renderConfig } from "../config/render.ts";
import type { Store, Stores } from "../config/stores.ts";
import { Fault } from "../fault.ts";
import type { Surroundings } from "./kind.ts";
import type { ProvidedValue, Provider } from "./provider.ts";
import { providerKind } from "./registry.ts";

/**
 * Opens a store. Where its configuration has secrets in it, they come from the default store, which is opened for that.
 * @throws {Fault} CONFIG naming every key and variable that is wrong; what the default store throws
 */
export async function openStore(store: Store, stores: Stores, around: Surroundings): Promise<Provider> {
  const kind = await providerKind(store.provider);
  const secrets = store === stores.default ? undefined : async (keys: readonly string[]) => {
    await using source = await openStore(stores.default, stores, around);
    const found = await source.resolve(keys.map((key) => ({ kind: "secret", hint: key })));
    return new Map(keys.map((key, i) => [key, textOf(found[i]!)]));
  };
  return await kind.open(await renderConfig(store, around.env, secrets), around);
}

function textOf(found: ProvidedValue | Fault): string | Fault {
  if (found instanceof Fault) return found;
  using value = found.value;
  try {
    return value.revealText(); // a configuration holds texts
  } catch {
    return new Fault("CONFIG", "it is not UTF-8 text");
  }
}

/** @throws {Fault} NOT_FOUND when there is no store of that name */
export function namedStore(name: string, { named }: Stores): Store {
  const found = named.find((store) => store.name === name);
  if (found) return found;
  throw new Fault("NOT_FOUND", `secrets ${JSON.stringify(name)} not defined`, { hint: "coffer provider list" });
}
