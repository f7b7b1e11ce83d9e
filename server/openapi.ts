/** The OpenAPI 3.1 document, made from the routes (https://spec.openapis.org/oas/v3.1.1). */
import * as z from "zod/mini";
import type { JsonMembers } from "./http/answer.ts";
import { MERGE_PATCH, type RequestOperation } from "./http/operation.ts";
import type { AnswerSchema, Members, Route } from "./routes/route.ts";
import { ROUTES } from "./routes/table.ts";

/** There is no `list` in OpenAPI 3.1: as Vault's own document does, it is written as a GET with a query. */
const METHOD: Readonly<Record<RequestOperation, string>> = {
  read: "get",
  list: "get",
  update: "post",
  patch: "patch",
  delete: "delete",
};

export function openApiDocument(version: string): JsonMembers {
  const paths = new Map<string, Record<string, JsonMembers>>();
  for (const [heading, routes] of ROUTES) {
    for (const route of routes) {
      const path = pathOf(route);
      const methods = paths.get(path) ?? {};
      paths.set(path, { ...methods, [METHOD[route.operation]]: described(route, heading) });
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Coffer",
      version,
      description: "Secrets of Coffer's stacks, by the HTTP API of Vault's KV version 2. PUT means the same as POST, " +
        "and the method LIST the same as GET with list=true.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ token: [] }, { bearer: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        token: { type: "apiKey", in: "header", name: "X-Vault-Token" },
        bearer: { type: "http", scheme: "bearer" },
      },
      responses: { error: { description: "what was wrong", content: json({ $ref: "#/components/schemas/errors" }) } },
      schemas: {
        errors: {
          type: "object",
          properties: { errors: { type: "array", items: { type: "string" } } },
          required: ["errors"],
        },
      },
    },
  };
}

/** `/v1/{stack}/metadata/{name}/` for a list, which Vault writes with a slash at the end. */
function pathOf({ path, operation }: Route): string {
  return `/v1/${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}${operation === "list" ? "/" : ""}`;
}

function described(route: Route, heading: string): JsonMembers {
  const { path, operation, summary, access, sudo, query, body, answer } = route;
  return {
    tags: [heading],
    operationId: `${operation}-${path.replace(/[:{}.+]/g, "").replaceAll("/", "-")}`,
    summary,
    ...(access === "anyone" && { security: [] }),
    ...(sudo && { "x-vault-sudo": true }),
    parameters: [
      ...pathParameters(path),
      ...operation === "list" ? [LIST] : [],
      ...query ? queryParameters(query) : [],
    ],
    ...(body && {
      requestBody: { content: json(schemaOf(body, "input"), operation === "patch" ? MERGE_PATCH : undefined) },
    }),
    responses: {
      [answer ? "200" : "204"]: answer
        ? { description: "done", content: json(answered(answer)) }
        : { description: "done" },
      default: { $ref: "#/components/responses/error" },
    },
  };
}

const LIST: JsonMembers = { name: "list", in: "query", required: true, schema: { type: "string", enum: ["true"] } };

function pathParameters(path: string): JsonMembers[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name: name!,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: Members): JsonMembers[] {
  const { properties = {} } = schemaOf(query, "input") as { properties?: Record<string, JsonMembers> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }));
}

function answered(answer: AnswerSchema): JsonMembers {
  if ("body" in answer) return schemaOf(answer.body, "output");
  const parts = Object.entries(answer).map(([member, schema]) => [member, schemaOf(schema, "output")]);
  return { type: "object", properties: { request_id: { type: "string" }, ...Object.fromEntries(parts) } };
}

function json(schema: JsonMembers, type = "application/json"): JsonMembers {
  return { [type]: { schema } };
}

/** @param io what is sent, or what comes back: some of what is sent is read as something else */
function schemaOf(schema: z.ZodMiniType, io: "input" | "output"): JsonMembers {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonMembers;
  return rest;
}
