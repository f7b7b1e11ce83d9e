/** Which secrets there are. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Store } from "../store/store.ts";

/** Names of all secrets that have a document of any kind, in code-unit order. */
export async function everyName(store: Store): Promise<SecretName[]> {
  const [secrets, described] = [await store.list("secret"), await store.list("kv")];
  return described.length === 0 ? secrets : [...new Set([...secrets, ...described])].sort();
}

/**
 * Those names whose secret `holds`. Only those with a KV file are asked about: of the others there are values, and no
 * more. A secret that cannot be read is among them, so that whoever asks for it is told why.
 */
export async function namesWhere(store: Store, holds: (name: SecretName) => Promise<boolean>): Promise<SecretName[]> {
  const names = await everyName(store);
  const described = new Set(await store.list("kv"));
  const found: SecretName[] = [];
  for (const name of names) if (!described.has(name) || await orUnreadable(holds(name))) found.push(name);
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
