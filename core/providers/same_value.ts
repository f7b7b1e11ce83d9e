/** Whether two values are the same, wherever each is kept. */
import { isJsonObject, parseJsonObject } from "../stack/kv/json.ts";
import type { Secret } from "../secret.ts";
import type { NewValue } from "../stack/stack.ts";
import { digitsOf } from "./vault/numbers.ts";

/**
 * Bytes byte for byte; fields in whatever order they are, and numbers however they are written: a Vault gives back
 * `{"a":1,"b":2}` for `{"b":2.0,"a":1e0}`.
 */
export function isSame(one: NewValue, other: NewValue): boolean {
  if (one.type !== other.type) return false;
  return one.value.equals(other.value) || one.type === "json" && canonical(one.value) === canonical(other.value);
}

function canonical(object: Secret): string {
  const write = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(write).join()}]`;
    if (isJsonObject(value)) {
      const members = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
      return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join()}}`;
    }
    const text = JSON.stringify(value);
    return typeof value === "string" ? text : digitsOf(text);
  };
  return write(parseJsonObject(object));
}
