/**
 * Values of a stack as KV v2 data and back. KV v2 knows JSON objects only; a stack also holds plain bytes.
 *
 * | a value of type  | is the data                                 |
 * | ---------------- | ------------------------------------------- |
 * | `json`           | the object                                  |
 * | `bytes`, UTF-8   | `{"value": "<the text>"}`                   |
 * | `bytes`, other   | `{"base64": "<the bytes in base64>"}`       |
 *
 * `coffer get --json` says `value` and `base64` for the same.
 */
import { Fault } from "../../fault.ts";
import type { ValueType } from "../../seal/secret_file.ts";
import type { Secret } from "../../secret.ts";
import type { NewValue } from "../stack.ts";

/** The data of a value, as the UTF-8 text of a JSON object. The caller disposes of it. */
export function kvDataOf(_opened: { readonly value: Secret; readonly type: ValueType }): Secret {
  throw new Fault("UNSUPPORTED", "not there yet");
}

/**
 * The value that data is kept as. On top of plain bytes, data that `kvDataOf` makes of bytes is bytes again, so that
 * reading and writing back changes nothing; all other data is `json`.
 * @param newest the type of the newest version there is
 * @throws {Fault} USAGE when the data is not the text of a JSON object
 */
export function valueOfKvData(_data: Secret, _newest: ValueType | undefined): NewValue {
  throw new Fault("UNSUPPORTED", "not there yet");
}
