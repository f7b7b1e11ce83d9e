/** Instead of an answer: the token that it waits under. */
import * as z from "zod/mini";
import { type Answer, isSuccess, keepable } from "../http/answer.ts";
import type { Session } from "../session.ts";
import type { Wrapped } from "../wrapping.ts";
import { time } from "./schemas.ts";
import { isoTime } from "./token_answer.ts";

export const wrapInfoSchema = z.object({
  token: z.string(),
  accessor: z.string(),
  ttl: z.int(),
  creation_time: time,
  creation_path: z.string(),
  wrapped_accessor: z.optional(z.string()),
});

/** The answer as it is sent: wrapped, when the request asks for that and there is something to wrap. */
export function wrapIfAsked(answer: Answer, { server, path, wrapTtl }: Session): Answer {
  const isContent = answer.data || answer.auth || answer.kept;
  if (wrapTtl === 0 || !isContent || !isSuccess(answer)) return answer;
  const accessor = answer.auth?.accessor;
  return wrapAnswer(server.wrappings.wrap(keepable(answer), {
    ttl: wrapTtl,
    creationPath: path,
    ...(typeof accessor === "string" && { wrappedAccessor: accessor }),
  }));
}

/** Takes ownership of the token. */
export function wrapAnswer({ token, info }: Wrapped): Answer {
  using _token = token;
  return {
    wrapInfo: {
      token: token.revealText(),
      accessor: info.accessor,
      ttl: info.ttl,
      creation_time: isoTime(info.creationTime),
      creation_path: info.creationPath,
      ...(info.wrappedAccessor !== undefined && { wrapped_accessor: info.wrappedAccessor }),
    },
  };
}
