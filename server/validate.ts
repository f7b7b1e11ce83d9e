/** What a request says, held against the schemas of its route. */
import type { JsonObject } from "../core/stack/kv/json.ts";
import { Refusal } from "./http/refusal.ts";
import type { Members } from "./routes/route.ts";

/**
 * @returns what the schema makes of it
 * @throws {Refusal} 400 naming the members that are wrong: those of the schema, never what was sent
 */
export function validate(schema: Members | undefined, given: JsonObject): unknown {
  if (!schema) return {};
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const wrong = new Set(result.error.issues.map(({ path }) => String(path[0])));
  throw new Refusal(400, [...wrong].map((member) => `error converting input for field ${JSON.stringify(member)}`));
}

/** In Vault's words, for what a route takes no notice of: often a typing error. */
export function ignoredWarning(schema: Members | undefined, given: JsonObject): string[] {
  if (schema?.def.catchall) return []; // it takes anything
  const ignored = Object.keys(given).filter((member) => !schema || !Object.hasOwn(schema.shape, member)).sort();
  return ignored.length === 0 ? [] : [`Endpoint ignored these unrecognized parameters: [${ignored.join(" ")}]`];
}
