/** A store's configuration with its placeholders replaced, in two passes: the environment's, then the secrets. */
import { Fault } from "../fault.ts";
import { placeholdersIn, showPlaceholder, withPlaceholders } from "./placeholders.ts";
import type { Store } from "./stores.ts";
import type { Table } from "./table.ts";

/**
 * Looks secrets up, each by its key.
 * @returns for each its text, or why it has none
 */
export type LookUpSecrets = (keys: readonly string[]) => Promise<ReadonlyMap<string, string | Fault>>;

/**
 * @param env reads a variable of the environment
 * @param secrets undefined for the store that secrets come from itself
 * @throws {Fault} naming every variable that cannot be replaced, and no value
 */
export async function renderConfig(
  store: Store,
  env: (name: string) => string | undefined,
  secrets: LookUpSecrets | undefined,
): Promise<Table> {
  const problems: string[] = [];
  const placeholders = placeholdersIn(store.config, `the store ${store.name}`, problems);
  const named = (scope: string) => [
    ...new Set(placeholders.filter((one) => one.scope === scope).map(({ name }) => name)),
  ];
  const [variables, keys] = [named("env"), named("secret")];
  for (const name of variables.filter((name) => env(name) === undefined)) {
    problems.push(`the store ${store.name}: the variable ${showPlaceholder({ scope: "env", name })} is not set`);
  }
  if (keys.length > 0 && !secrets) {
    const shown = keys.map((name) => showPlaceholder({ scope: "secret", name })).join(", ");
    problems.push(`the store ${store.name} is the default one, which secrets come from: it cannot have ${shown}`);
  }
  if (problems.length > 0) {
    throw new Fault("CONFIG", problems.join("; "), { hint: "export the variable, or change the configuration" });
  }
  const found = keys.length > 0 ? await secrets!(keys) : new Map<string, string>();
  requireAll(keys, found);
  return withPlaceholders(store.config, ({ scope, name }) => scope === "env" ? env(name)! : found.get(name) as string);
}

/** In Porter's words. */
function requireAll(keys: readonly string[], found: ReadonlyMap<string, string | Fault>): void {
  const failed = keys.map((key) => [key, found.get(key)] as const).filter(([, value]) => value instanceof Fault);
  if (failed.length === 0) return;
  const texts = failed.map(([name, fault]) =>
    `could not render config file because ${showPlaceholder({ scope: "secret", name })} could not be resolved: ${
      (fault as Fault).message
    }`
  );
  const { code, hint } = failed[0]![1] as Fault;
  throw new Fault(code, texts.join("; "), hint === undefined ? {} : { hint });
}
