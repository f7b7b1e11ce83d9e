/** Values as a Vault keeps them: JSON objects, as `core/stack/kv/data.ts` maps them. */
import { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import type { Secret } from "../../secret.ts";
import { kvDataOf, valueOfKvData } from "../../stack/kv/data.ts";
import { type JsonObject, writeJson } from "../../stack/kv/json.ts";
import type { NewValue } from "../../stack/stack.ts";

/**
 * The text of the object that a value is kept as. The caller disposes of it.
 * @throws {Fault} UNSUPPORTED for an object that would be read as plain bytes: nothing in a Vault says which it was
 */
export function dataOf(next: NewValue, name: SecretName): Secret {
  const data = kvDataOf(next);
  if (next.type === "bytes") return data;
  const { value, type } = valueOfText(data);
  value.dispose();
  if (type === "json") return data;
  data.dispose();
  throw new Fault("UNSUPPORTED", `${name} would have one field only, which in a Vault is how plain values are kept`, {
    hint: `give the field another name, or keep its value as the secret's own: coffer set ${name}`,
  });
}

/** What an object in a Vault is to Coffer: whoever has put it there, `{"value": "…"}` is plain text. */
export function valueOf(data: JsonObject): NewValue {
  using text = writeJson(data);
  return valueOfText(text);
}

/** As {@linkcode valueOf}, for an object's text, which is borrowed. */
export function valueOfText(data: Secret): NewValue {
  return valueOfKvData(data, "bytes");
}
