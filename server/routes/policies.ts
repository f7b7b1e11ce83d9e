/** Policies by name, at the two places where Vault has them. */
import * as z from "zod/mini";
import { Fault } from "../../core/fault.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import type { Deed, Session } from "../session.ts";
import { type Route, route } from "./route.ts";
import { text } from "./schemas.ts";

const deed: Deed = { kind: "policy", operation: "policy" };
const keys = { keys: z.array(z.string()) };

export const POLICIES: readonly Route[] = [
  route({
    path: "sys/policies/acl",
    operation: "list",
    summary: "The names of the policies",
    answer: { data: z.object(keys) },
    handle: ({ session: { server } }) => ({ data: { keys: server.policies.list() } }),
  }),
  route({
    path: "sys/policies/acl/:name",
    operation: "read",
    summary: "A policy",
    answer: { data: z.object({ name: z.string(), policy: z.string() }) },
    handle({ session, parameters }) {
      const { name, text } = read(session, parameters.name);
      return { data: { name, policy: text } };
    },
  }),
  route({
    path: "sys/policies/acl/:name",
    operation: "update",
    summary: "Writes a policy, in HCL or JSON",
    deed,
    body: z.object({ policy: z.optional(text) }),
    handle: ({ session, parameters, body }) => write(session, parameters.name, body.policy),
  }),
  route({
    path: "sys/policies/acl/:name",
    operation: "delete",
    summary: "Deletes a policy; tokens that have it lose what it grants",
    deed,
    handle: ({ session, parameters }) => remove(session, parameters.name),
  }),
  ...(["read", "list"] as const).map((operation) =>
    route({
      path: "sys/policy",
      operation,
      summary: "The names of the policies, at their old place",
      answer: { data: z.object({ ...keys, policies: z.array(z.string()) }) },
      handle({ session: { server } }) {
        const names = server.policies.list();
        return { data: { keys: names, policies: names }, repeated: true };
      },
    })
  ),
  route({
    path: "sys/policy/:name",
    operation: "read",
    summary: "A policy, at its old place",
    answer: { data: z.object({ name: z.string(), rules: z.string() }) },
    handle({ session, parameters }) {
      const { name, text } = read(session, parameters.name);
      return { data: { name, rules: text }, repeated: true };
    },
  }),
  route({
    path: "sys/policy/:name",
    operation: "update",
    summary: "Writes a policy, at its old place",
    deed,
    body: z.object({ policy: z.optional(text), rules: z.optional(text) }),
    handle: ({ session, parameters, body }) => write(session, parameters.name, body.policy || body.rules),
  }),
  route({
    path: "sys/policy/:name",
    operation: "delete",
    summary: "Deletes a policy, at its old place",
    deed,
    handle: ({ session, parameters }) => remove(session, parameters.name),
  }),
];

function read({ server }: Session, name: string) {
  const policy = server.policies.read(name);
  if (!policy) throw notFound();
  return policy;
}

async function write({ server }: Session, name: string, text: string | undefined) {
  if (!text) throw new Refusal(400, "'policy' parameter not supplied or empty");
  try {
    server.policies.write(name, text);
  } catch (error) {
    if (!(error instanceof Fault && error.code === "CONFIG")) throw error;
    throw new Refusal(400, `failed to parse policy: ${error.message}`);
  }
  await server.save();
  return {};
}

async function remove({ server }: Session, name: string) {
  server.policies.delete(name);
  await server.save();
  return {};
}
