/** Which secrets there are. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Store } from "../store/store.ts";

/** Names of all secrets that have a document of any kind. */
export async function everyName(store: Store): Promise<Set<SecretName>> {
  return new Set([...await store.list("secret"), ...await store.list("kv")]);
}

/**
 * Those names that start with `prefix` and whose secret `holds`. Only those with a KV file are asked about: of the others
 * there are values, and no more. A secret that cannot be read is among them, so that whoever asks for it is told why.
 */
export async function namesWhere(
  store: Store,
  prefix: string,
  holds: (name: SecretName) => Promise<boolean>,
): Promise<SecretName[]> {
  const secrets = (await store.list("secret")).filter((name) => name.startsWith(prefix));
  const described = new Set((await store.list("kv")).filter((name) => name.startsWith(prefix)));
  if (described.size === 0) return secrets;
  const found: SecretName[] = [];
  for (const name of [...new Set([...secrets, ...described])].sort()) {
    if (!described.has(name) || await orUnreadable(holds(name))) found.push(name);
  }
  return found;
}

async function orUnreadable(answer: Promise<boolean>): Promise<boolean> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Fault && error.code !== "LOCKED") return true;
    throw error;
  }
}
