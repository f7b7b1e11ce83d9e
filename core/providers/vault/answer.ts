/** What a Vault answers, once it is read. Its texts are looked at, and shown to nobody: they may quote what they got. */
import { isJsonObject, type JsonObject } from "../../stack/kv/json.ts";
import { notVault } from "./faults.ts";

export interface VaultAnswer {
  readonly status: number;
  /** Empty where there is none, as after a write. */
  readonly body: JsonObject;
  /** Whether an earlier attempt at the same request may have been carried out. */
  readonly isRepeated: boolean;
}

/** Whether the server says this, as a Vault puts its errors and warnings. */
export function says({ body }: Pick<VaultAnswer, "body">, words: RegExp): boolean {
  return [body.errors, body.warnings].flat().some((text) => typeof text === "string" && words.test(text));
}

/** Whether there is nothing at a path that there could be something at. What else is 404 says more than that. */
export function isMissing({ status, body }: VaultAnswer): boolean {
  return status === 404 && Array.isArray(body.errors) && body.errors.length === 0;
}

/** An object inside an answer; an empty one where there is none. */
export function objectIn(object: JsonObject, key: string): JsonObject {
  const inner = object[key];
  return isJsonObject(inner) ? inner : {};
}

/** The keys in the answer to LIST. */
export function keysIn({ body }: VaultAnswer, where: string): readonly string[] {
  const { keys } = objectIn(body, "data");
  if (Array.isArray(keys) && keys.every((key) => typeof key === "string")) return keys;
  throw notVault(where);
}
