/** What a route answers, and Vault's envelope around it: `{"request_id", "data", "auth", …}`. */
import { Secret } from "../../core/secret.ts";
import type { Refusal } from "./refusal.ts";

/** JSON with secrets in it: each is the UTF-8 text of some JSON, which takes its place. */
export type Json = Secret | string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonMembers = { readonly [name: string]: Json };

/** Nothing in it is an empty answer: 204. */
export interface Answer {
  /** 200 unless given, 204 when there is nothing. */
  readonly status?: number;
  readonly data?: JsonMembers | Secret | null;
  readonly auth?: JsonMembers;
  readonly wrapInfo?: JsonMembers;
  readonly warnings?: readonly string[];
  /** `data` is also repeated beside the envelope's members, as Vault does in some of `sys/`. */
  readonly repeated?: boolean;
  /** Instead of all of the above: what {@linkcode keepable} made of an earlier answer. */
  readonly kept?: Secret;
  /** Instead of all of the above: a body without the envelope. */
  readonly bare?: JsonMembers;
}

const HEADERS = {
  "Content-Type": "application/json", // exactly: hvac takes anything else for no error at all
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Fetch standard, "null body status": `Response` throws for a body there. `sys/health` can be asked for any. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** Writes an answer; its secrets are disposed of. */
export function respond(answer: Answer, requestId: string): Response {
  try {
    const body = bodyOf(answer, requestId);
    const { status = body ? 200 : 204 } = answer;
    return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers: HEADERS });
  } finally {
    disposeOf(answer);
  }
}

export function respondRefusal({ status, errors, data, headers }: Refusal): Response {
  const body = JSON.stringify(data ? { errors, data } : { errors });
  return new Response(`${body}\n`, { status, headers: { ...HEADERS, ...headers } });
}

/** Wipes the secrets in an answer. */
export function disposeOf(answer: Answer): void {
  for (const part of [answer.data, answer.auth, answer.kept, answer.bare]) disposeOfSecrets(part ?? null);
}

export function isSuccess({ status = 200 }: Answer): boolean {
  return status < 300;
}

/** What is left of an answer when it is kept to be sent later, in another envelope. The answer is disposed of. */
export function keepable(answer: Answer): Secret {
  try {
    return answer.kept?.copy() ?? new Secret(encodeJson(contentOf(answer)).subarray(OPENING.length));
  } finally {
    disposeOf(answer);
  }
}

const OPENING = "{";

function bodyOf(answer: Answer, requestId: string): Uint8Array<ArrayBuffer> | null {
  if (answer.bare) return encodeJson(answer.bare);
  const { data, auth, wrapInfo, warnings, kept, repeated = false } = answer;
  if (data === undefined && !auth && !wrapInfo && !kept && !warnings?.length) return null;
  const envelope = { request_id: wrapInfo ? "" : requestId, lease_id: "", renewable: false, lease_duration: 0 };
  if (kept) return joined([`${JSON.stringify(envelope).slice(0, -1)},`, kept]);
  return encodeJson({ ...(repeated ? data : {}), ...envelope, ...contentOf(answer) });
}

function contentOf({ data, auth, wrapInfo, warnings }: Answer): JsonMembers {
  return {
    data: data ?? null,
    wrap_info: wrapInfo ?? null,
    warnings: warnings?.length ? warnings : null,
    auth: auth ?? null,
  };
}

const encoder = new TextEncoder();

/**
 * The value's text in UTF-8, with the bytes of the secrets put in: a value never becomes a string, which could not be
 * wiped, on its way from the file to the socket.
 */
export function encodeJson(value: Json): Uint8Array<ArrayBuffer> {
  const pieces: (string | Secret)[] = [];
  let text = "";
  const write = (value: Json): void => {
    if (value instanceof Secret) {
      pieces.push(text, value);
      text = "";
    } else if (Array.isArray(value)) {
      text += "[";
      value.forEach((element: Json, i) => {
        if (i > 0) text += ",";
        write(element);
      });
      text += "]";
    } else if (typeof value === "object" && value !== null) {
      let mark = "{";
      for (const [name, member] of Object.entries(value as JsonMembers)) {
        text += `${mark}${JSON.stringify(name)}:`;
        write(member);
        mark = ",";
      }
      text += mark === "{" ? "{}" : "}";
    } else text += JSON.stringify(value);
  };
  write(value);
  pieces.push(`${text}\n`);
  return joined(pieces);
}

function joined(pieces: readonly (string | Secret)[]): Uint8Array<ArrayBuffer> {
  const parts = pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const out = new Uint8Array(
    parts.reduce((size, part) => size + (part instanceof Secret ? part.size : part.length), 0),
  );
  let at = 0;
  for (const part of parts) {
    if (part instanceof Secret) part.use((bytes) => out.set(bytes, at));
    else out.set(part, at);
    at += part instanceof Secret ? part.size : part.length;
  }
  return out;
}

function disposeOfSecrets(value: Json): void {
  if (value instanceof Secret) value.dispose();
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(disposeOfSecrets);
}
