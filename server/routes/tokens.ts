/** Tokens: made, looked up, renewed, revoked. */
import * as z from "zod/mini";
import { Secret } from "../../core/secret.ts";
import { parseDuration } from "../duration.ts";
import type { Answer } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import type { Deed, Session } from "../session.ts";
import { type Route, route } from "./route.ts";
import { duration, flag, names, text, texts, whole } from "./schemas.ts";
import { authAnswer, authSchema, tokenAnswer, tokenSchema } from "./token_answer.ts";

const deed: Deed = { kind: "token", operation: "token" };
const increment = z.optional(duration);

const newToken = z.object({
  policies: z.optional(names),
  no_default_policy: z.optional(flag),
  no_parent: z.optional(flag),
  ttl: z.optional(duration),
  period: z.optional(duration),
  explicit_max_ttl: z.optional(duration),
  renewable: z.optional(flag),
  num_uses: z.optional(whole),
  display_name: z.optional(text),
  meta: z.optional(z.nullable(texts)),
  type: z.optional(text),
  /** There are no entities; Vault's command line says each time that it wants none. */
  entity_alias: z.optional(z.nullable(z.literal(""))),
});
const oneToken = z.object({ token: z.optional(text) });
const oneAccessor = z.object({ accessor: z.optional(text) });

export const TOKENS: readonly Route[] = [
  route({
    path: "auth/token/create",
    operation: "update",
    summary: "Makes a token, which ends with the one in use",
    deed,
    body: newToken,
    answer: { auth: authSchema },
    handle: ({ session, body }) => create(session, body, false),
  }),
  route({
    path: "auth/token/create-orphan",
    operation: "update",
    summary: "Makes a token that outlives the one in use",
    sudo: true,
    deed,
    body: newToken,
    answer: { auth: authSchema },
    handle: ({ session, body }) => create(session, body, true),
  }),
  ...(["read", "update"] as const).map((operation) =>
    route({
      path: "auth/token/lookup-self",
      operation,
      summary: "What is known of the token in use",
      forRuns: true,
      answer: { data: tokenSchema },
      handle: ({ session: { client } }) => ({ data: tokenAnswer(client.info, client.token) }),
    })
  ),
  ...(["read", "update"] as const).map((operation) =>
    route({
      path: "auth/token/lookup",
      operation,
      summary: "What is known of a token; without one, of that in use",
      body: oneToken,
      answer: { data: tokenSchema },
      handle({ session: { server, client }, body }) {
        if (!body.token) return { data: tokenAnswer(client.info, client.token) };
        using token = Secret.fromText(body.token);
        const info = server.tokens.lookup(token);
        if (!info) throw new Refusal(403, "bad token");
        return { data: tokenAnswer(info, token) };
      },
    })
  ),
  route({
    path: "auth/token/lookup-accessor",
    operation: "update",
    summary: "What is known of the token with an accessor",
    body: oneAccessor,
    answer: { data: tokenSchema },
    handle({ session: { server }, body }) {
      const info = server.tokens.lookupAccessor(given(body.accessor, "accessor"));
      if (!info) throw new Refusal(400, "invalid accessor");
      return { data: tokenAnswer(info) };
    },
  }),
  route({
    path: "auth/token/accessors",
    operation: "list",
    summary: "The accessors of all tokens",
    sudo: true,
    deed: { kind: "list", operation: "token" },
    answer: { data: z.object({ keys: z.array(z.string()) }) },
    handle: ({ session: { server } }) => ({ data: { keys: server.tokens.accessors() } }),
  }),
  route({
    path: "auth/token/renew-self",
    operation: "update",
    summary: "Renews the token in use",
    forRuns: true,
    deed,
    body: z.object({ increment }),
    answer: { auth: authSchema },
    handle: ({ session, body }) => renew(session, session.client.info.accessor, body.increment, session.client.token),
  }),
  route({
    path: "auth/token/renew",
    operation: "update",
    summary: "Renews a token",
    deed,
    body: z.extend(oneToken, { increment }),
    answer: { auth: authSchema },
    handle({ session, body }) {
      using token = Secret.fromText(given(body.token, "token ID"));
      const info = session.server.tokens.lookup(token);
      if (!info) throw new Refusal(400, "token not found");
      return renew(session, info.accessor, body.increment, token.copy());
    },
  }),
  route({
    path: "auth/token/renew-accessor",
    operation: "update",
    summary: "Renews the token with an accessor",
    deed,
    body: z.extend(oneAccessor, { increment }),
    answer: { auth: authSchema },
    handle: ({ session, body }) => renew(session, given(body.accessor, "accessor"), body.increment, undefined),
  }),
  route({
    path: "auth/token/revoke-self",
    operation: "update",
    summary: "Ends the token in use and all that it made",
    forRuns: true,
    deed,
    async handle({ session: { server, client } }) {
      server.tokens.revoke(client.info.accessor);
      await server.save();
      return {};
    },
  }),
  route({
    path: "auth/token/revoke",
    operation: "update",
    summary: "Ends a token and all that it made",
    deed,
    body: oneToken,
    async handle({ session: { server }, body }) {
      using token = Secret.fromText(given(body.token, "token ID"));
      const info = server.tokens.lookup(token);
      if (info) server.tokens.revoke(info.accessor);
      else server.wrappings.revoke(token);
      await server.save();
      return {};
    },
  }),
  route({
    path: "auth/token/revoke-accessor",
    operation: "update",
    summary: "Ends the token with an accessor and all that it made",
    deed,
    body: oneAccessor,
    async handle({ session: { server }, body }) {
      const accessor = given(body.accessor, "accessor");
      const known = server.tokens.revoke(accessor) || server.wrappings.revokeAccessor(accessor);
      await server.save();
      return known ? {} : { warnings: ["No token found with this accessor"] };
    },
  }),
  route({
    path: "auth/token/revoke-orphan",
    operation: "update",
    summary: "Ends a token, but not what it made",
    sudo: true,
    deed,
    body: oneToken,
    async handle({ session: { server }, body }) {
      const accessor = accessorOf(server, given(body.token, "token ID"));
      if (accessor === undefined) throw new Refusal(400, "token to revoke not found");
      server.tokens.revokeOrphan(accessor);
      await server.save();
      return {};
    },
  }),
];

async function create({ server, client, path }: Session, body: z.infer<typeof newToken>, orphan: boolean) {
  if (body.type === "batch") throw new Refusal(400, "batch tokens are not supported");
  if (body.type !== undefined && body.type !== "" && body.type !== "service" && body.type !== "default") {
    throw new Refusal(400, "invalid 'token_type' value");
  }
  const { token, info, warnings } = server.tokens.create({
    ...(body.policies && { policies: body.policies }),
    noDefaultPolicy: body.no_default_policy ?? false,
    noParent: body.no_parent ?? false,
    ttl: parseDuration(body.ttl, "ttl"),
    period: parseDuration(body.period, "period"),
    explicitMaxTtl: parseDuration(body.explicit_max_ttl, "explicit_max_ttl"),
    renewable: body.renewable ?? true,
    numUses: body.num_uses ?? 0,
    displayName: body.display_name ?? "",
    meta: body.meta ?? null,
  }, { accessor: client.info.accessor, sudo: client.acl.hasSudo("update", path), path, orphan });
  using _token = token;
  await server.save();
  const unknown = info.policies.filter((name) => !server.policies.read(name));
  return authAnswer(info, token, [
    ...warnings,
    ...unknown.map((name) => `Policy ${JSON.stringify(name)} does not exist`),
  ]);
}

async function renew(
  { server }: Session,
  accessor: string,
  increment: string | number | null | undefined,
  token: Secret | undefined,
): Promise<Answer> {
  using _token = token;
  const { info, warnings } = server.tokens.renew(accessor, parseDuration(increment, "increment"));
  await server.save();
  return authAnswer(info, token, warnings);
}

function accessorOf({ tokens }: Session["server"], text: string): string | undefined {
  using token = Secret.fromText(text);
  return tokens.lookup(token)?.accessor;
}

function given(value: string | undefined, what: string): string {
  if (!value) throw new Refusal(400, `missing ${what}`);
  return value;
}
