/**
 * Values of a stack as KV v2 data and back. KV v2 knows JSON objects only; a stack also holds plain bytes.
 *
 * | a value of type  | is the data                           |
 * | ---------------- | ------------------------------------- |
 * | `json`           | the object                            |
 * | `bytes`, UTF-8   | `{"value": "<the text>"}`             |
 * | `bytes`, other   | `{"base64": "<the bytes in base64>"}` |
 *
 * `coffer get --json` has the same two names for the same.
 */
import { decodeBase64, encodeBase64 } from "../../seal/base64.ts";
import type { ValueType } from "../../seal/secret_file.ts";
import { Secret } from "../../secret.ts";
import type { NewValue } from "../stack.ts";
import { type JsonObject, parseJsonObject, writeJson } from "./json.ts";

/** The data of a value, as the UTF-8 text of a JSON object. The caller disposes of it. */
export function kvDataOf({ value, type }: { readonly value: Secret; readonly type: ValueType }): Secret {
  if (type === "json") return value.copy();
  const text = textOf(value);
  return writeJson(text === undefined ? { base64: value.use(encodeBase64) } : { value: text });
}

/**
 * The value that data is kept as. On top of plain bytes, data that `kvDataOf` makes of bytes is bytes again, so that
 * reading and writing back changes nothing; all other data is `json`.
 * @param newest the type of the newest version there is
 * @throws {Fault} USAGE when the data is not the text of a JSON object
 */
export function valueOfKvData(data: Secret, newest: ValueType | undefined): NewValue {
  const object = parseJsonObject(data);
  const bytes = newest === "bytes" ? bytesOf(object) : undefined;
  return bytes ? { value: bytes, type: "bytes" } : { value: writeJson(object), type: "json" };
}

/** The bytes of which `kvDataOf` makes this object; undefined when there are none. */
function bytesOf(data: JsonObject): Secret | undefined {
  const [member, ...others] = Object.entries(data);
  if (!member || others.length > 0) return undefined;
  const [key, content] = member;
  if (typeof content !== "string") return undefined;
  // A lone surrogate has no bytes of its own.
  if (key === "value") return content.isWellFormed() ? Secret.fromText(content) : undefined;
  if (key !== "base64") return undefined;
  const decoded = decodeBase64(content);
  if (!decoded || encodeBase64(decoded) !== content) return undefined;
  const secret = new Secret(decoded);
  if (textOf(secret) === undefined) return secret;
  secret.dispose();
  return undefined;
}

function textOf(value: Secret): string | undefined {
  try {
    return value.revealText();
  } catch {
    return undefined;
  }
}
