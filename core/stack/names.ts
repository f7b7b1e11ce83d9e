/** Which secrets there are. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import { timestampNow } from "../seal/timestamp.ts";
import type { Store } from "../store/store.ts";
import type { SecretRecord } from "./secret_record.ts";

/** Names of all secrets that have a document of any kind, in code-unit order. */
export async function everyName(store: Store): Promise<SecretName[]> {
  const [secrets, described] = [await store.list("secret"), await store.list("kv")];
  return described.length === 0 ? secrets : [...new Set([...secrets, ...described])].sort();
}

/**
 * Names of the secrets that have a value. Only what has a KV file is read; a secret that cannot be read is named, so
 * that whoever asks for its value is told why.
 */
export async function presentNames(
  store: Store,
  read: (name: SecretName) => Promise<SecretRecord>,
): Promise<SecretName[]> {
  const names = await store.list("secret");
  const described = new Set(await store.list("kv"));
  const now = timestampNow();
  const isPresent = async (name: SecretName) => {
    try {
      return (await read(name)).present(now) !== undefined;
    } catch (error) {
      if (error instanceof Fault) return true;
      throw error;
    }
  };
  const present: SecretName[] = [];
  for (const name of names) if (!described.has(name) || await isPresent(name)) present.push(name);
  return present;
}
