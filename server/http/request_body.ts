/** The body of a request: read within bounds, and parsed into what `JSON.parse` makes of it. */
import { concat } from "../../core/crypto/bytes.ts";
import { Refusal } from "./refusal.ts";

export const MAX_BODY_BYTES = 1024 * 1024;
/** A client that sends a byte now and then keeps a connection and its buffer for as long. */
export const BODY_MS = 30_000;
/** Vault's own values are nested a handful of levels deep. */
const MAX_DEPTH = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The JSON object in the body; `{}` when there is none. Whatever content type it has: Vault's documentation shows
 * `curl --data`, which says that it sends a form.
 * @throws {Refusal} 400, 408 or 413
 */
export async function readJsonBody(request: Request): Promise<JsonObject> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return {};
  const text = textOf(bytes);
  bytes.fill(0); // there may be secrets in it; the string cannot be wiped
  requireDepth(text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text, keepNumber as (this: unknown, key: string, value: unknown) => unknown);
  } catch {
    throw new Refusal(400, "failed to decode JSON input"); // the parser's own words quote the text
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Refusal(400, "failed to decode JSON input: it is not an object");
  }
  return parsed as JsonObject;
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

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal(400, "failed to decode JSON input: it is not UTF-8");
  }
}

/** V8's parser does not recurse, but what is done with its result does. */
function requireDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++; // \ and what it escapes
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) { // { [
      if (++depth > MAX_DEPTH) {
        throw new Refusal(400, `failed to decode JSON input: nested more than ${MAX_DEPTH} deep`);
      }
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}

interface RawJson {
  rawJSON(text: string): unknown;
}

/** A number that JavaScript would change (an id of 64 bits, 1.10) stays as it is written when it is written again. */
function keepNumber(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  return (JSON as unknown as RawJson).rawJSON(source);
}
