/** Answers that wait under a token of their own. */
import * as z from "zod/mini";
import { Secret } from "../../core/secret.ts";
import type { Answer } from "../http/answer.ts";
import { permissionDenied, Refusal, sealed } from "../http/refusal.ts";
import type { Deed, Session } from "../session.ts";
import { type Route, route } from "./route.ts";
import { text, time } from "./schemas.ts";
import { isoTime } from "./token_answer.ts";
import { wrapAnswer, wrapInfoSchema } from "./wrap_answer.ts";

const deed: Deed = { kind: "read", operation: "wrapping" };
const body = z.object({ token: z.optional(text) });

export const WRAPPING: readonly Route[] = [
  route({
    path: "sys/wrapping/wrap",
    operation: "update",
    summary: "Wraps what is sent; takes X-Vault-Wrap-TTL",
    body: z.looseObject({}),
    answer: { wrap_info: wrapInfoSchema },
    handle({ session, given }) {
      if (session.wrapTtl === 0) throw new Refusal(400, "endpoint requires response wrapping to be used");
      return { data: Secret.fromText(JSON.stringify(given)) };
    },
  }),
  ...(["read", "update"] as const).map((operation) =>
    route({
      path: "sys/wrapping/lookup",
      operation,
      summary: "Where a wrapping token comes from; does not use it up",
      access: "anyone",
      body,
      answer: { data: z.object({ creation_path: z.string(), creation_time: time, creation_ttl: z.int() }) },
      handle({ session, body }) {
        if (session.server.isLocked()) throw sealed(); // which has wiped all answers, and nobody has used the token
        using token = wrappingToken(session, body.token);
        const { creationPath, creationTime, ttl } = session.server.wrappings.lookup(token);
        return { data: { creation_path: creationPath, creation_time: isoTime(creationTime), creation_ttl: ttl } };
      },
    })
  ),
  route({
    path: "sys/wrapping/unwrap",
    operation: "update",
    summary: "Hands over what was wrapped, once",
    access: "wrapping",
    deed,
    body,
    answer: { data: z.unknown() },
    handle({ session, body }): Answer {
      using token = wrappingToken(session, body.token);
      return { kept: session.server.wrappings.unwrap(token) };
    },
  }),
  route({
    path: "sys/wrapping/rewrap",
    operation: "update",
    summary: "Keeps what was wrapped under another token; the old one opens nothing any more",
    access: "wrapping",
    deed,
    body,
    answer: { wrap_info: wrapInfoSchema },
    handle({ session, body }): Answer {
      using token = wrappingToken(session, body.token);
      return wrapAnswer(session.server.wrappings.rewrap(token));
    },
  }),
];

/** The one in the body or, without that, the one in the header. */
function wrappingToken({ token, isWrapping }: Session, given: string | undefined): Secret {
  if (given && isWrapping) throw new Refusal(400, "a wrapping token was sent as the client token and in the body");
  if (given) return Secret.fromText(given);
  if (!token) throw permissionDenied();
  return token.copy();
}
