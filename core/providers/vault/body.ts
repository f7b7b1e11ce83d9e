/** The body of a response: read within bounds, and parsed. */
import { Fault } from "../../fault.ts";
import { readAtMost } from "../../read_at_most.ts";
import { MAX_VALUE_BYTES } from "../../seal/padding.ts";
import { Secret } from "../../secret.ts";
import { type JsonObject, parseJsonObject } from "../../stack/kv/json.ts";

/** Of the largest value each byte as `\u003c`, which is how a Vault writes `<`, and some room for what is around it. */
const MAX_BYTES = 6 * MAX_VALUE_BYTES + 1024 * 1024;

/**
 * An empty object for an empty body; undefined when it is no JSON object.
 * @throws {Fault} UNAVAILABLE when it is too large; what the network throws
 */
export async function readBody(response: Response, where: string): Promise<JsonObject | undefined> {
  using text = new Secret(await readBounded(response, where));
  if (text.size === 0) return {};
  try {
    return parseJsonObject(text);
  } catch {
    return undefined;
  }
}

async function readBounded(response: Response, where: string): Promise<Uint8Array<ArrayBuffer>> {
  // HTTP holds a server to the length that it names, unless something is unpacked on the way; chunk by chunk, a small
  // answer would take twice as long.
  const named = Number(response.headers.get("content-length") ?? Infinity);
  const isPacked = response.headers.has("content-encoding");
  if (named <= MAX_BYTES && !isPacked) return new Uint8Array(await response.arrayBuffer());
  if (!response.body) return new Uint8Array(0);
  const bytes = await readAtMost(response.body, MAX_BYTES);
  if (bytes) return bytes;
  throw new Fault("UNAVAILABLE", `${where} answers with more than ${MAX_BYTES / 1024 / 1024} MiB`, {
    hint: "check url: a Vault has no secrets as large as that",
  });
}
