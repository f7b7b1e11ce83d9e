/** The body of a request: read within bounds, and parsed. */
import { concat } from "../../core/crypto/bytes.ts";
import { Fault } from "../../core/fault.ts";
import { Secret } from "../../core/secret.ts";
import { type JsonObject, parseJsonObject } from "../../core/stack/kv/json.ts";
import { Refusal } from "./refusal.ts";

export const MAX_BODY_BYTES = 1024 * 1024;
/** A client that sends a byte now and then keeps a connection and its buffer for as long. */
export const BODY_MS = 30_000;

/**
 * The JSON object in the body; `{}` when there is none. Whatever content type it has: Vault's documentation shows
 * `curl --data`, which says that it sends a form.
 * @throws {Refusal} 400, 408 or 413
 */
export async function readJsonBody(request: Request): Promise<JsonObject> {
  using body = new Secret(await readBody(request));
  if (body.size === 0) return {};
  try {
    // Go's clients make `null` of no body at all.
    return body.size < 8 && body.revealText().trim() === "null" ? {} : parseJsonObject(body);
  } catch (error) {
    if (!(error instanceof Fault || error instanceof TypeError)) throw error;
    throw new Refusal(400, "failed to decode JSON input");
  }
}

async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array(0);
  let late: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Refusal(408, "the body did not arrive in time")), BODY_MS);
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), patience]);
      if (done) return concat(...chunks);
      chunks.push(value);
      if ((size += value.length) > MAX_BODY_BYTES) throw tooLarge();
    }
  } catch (error) {
    reader.cancel().catch(() => {}); // the rest is of no interest
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "the body ended too early");
  } finally {
    clearTimeout(late);
    for (const chunk of chunks) chunk.fill(0);
  }
}

function tooLarge(): Refusal {
  return new Refusal(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
}
