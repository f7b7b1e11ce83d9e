/** What a token may do on paths. */
import * as z from "zod/mini";
import { Secret } from "../../core/secret.ts";
import { Refusal } from "../http/refusal.ts";
import type { Session } from "../session.ts";
import type { TokenInfo } from "../tokens/token_store.ts";
import { type Route, route } from "./route.ts";
import { names, text } from "./schemas.ts";

const paths = { paths: z.optional(names), path: z.optional(names) };
/** By path; `capabilities` too when there is one path only. */
const answer = z.record(z.string(), z.array(z.string()));

interface Paths {
  readonly paths?: string[] | undefined;
  readonly path?: string[] | undefined;
}

export const CAPABILITIES: readonly Route[] = [
  route({
    path: "sys/capabilities-self",
    operation: "update",
    summary: "What the token in use may do on paths",
    body: z.object(paths),
    answer: { data: answer },
    handle: ({ session, body }) => capabilities(session, session.client.info, body),
  }),
  route({
    path: "sys/capabilities",
    operation: "update",
    summary: "What a token may do on paths",
    body: z.object({ ...paths, token: z.optional(text) }),
    answer: { data: answer },
    handle({ session, body }) {
      using token = Secret.fromText(body.token ?? "");
      return capabilities(session, session.server.tokens.lookup(token) ?? refuse("invalid token"), body);
    },
  }),
  route({
    path: "sys/capabilities-accessor",
    operation: "update",
    summary: "What the token with an accessor may do on paths",
    body: z.object({ ...paths, accessor: z.optional(text) }),
    answer: { data: answer },
    handle({ session, body }) {
      const { tokens } = session.server;
      return capabilities(session, tokens.lookupAccessor(body.accessor ?? "") ?? refuse("invalid accessor"), body);
    },
  }),
];

function refuse(words: string): never {
  throw new Refusal(400, words);
}

function capabilities({ server }: Session, { policies }: TokenInfo, body: Paths) {
  const paths = body.paths?.length ? body.paths : body.path ?? [];
  const [first] = paths;
  if (first === undefined) throw new Refusal(400, "paths must be supplied");
  const acl = server.policies.aclOf(policies);
  const byPath = paths.map((path) => [path, acl.capabilities(path)] as const);
  return {
    data: Object.fromEntries([...byPath, ...paths.length === 1 ? [["capabilities", byPath[0]![1]] as const] : []]),
    repeated: true,
  };
}
