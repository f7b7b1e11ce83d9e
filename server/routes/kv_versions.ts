/** Versions of secrets: deleted, undeleted, destroyed. */
import * as z from "zod/mini";
import { engineOf, existingName, requireVersions } from "./kv_engine.ts";
import { type Route, route } from "./route.ts";
import { versionNumbers } from "./schemas.ts";

const body = z.object({ versions: z.optional(versionNumbers) });

export const KV_VERSIONS: readonly Route[] = [
  route({
    path: ":stack/delete/:name{.+}",
    operation: "update",
    summary: "Deletes versions, so that they can be undeleted",
    body,
    async handle({ session, parameters: { stack, name }, body }) {
      const engine = engineOf(session, stack);
      await engine.delete(existingName(name), requireVersions(body.versions, "No version number provided"));
      return {};
    },
  }),
  route({
    path: ":stack/undelete/:name{.+}",
    operation: "update",
    summary: "Takes the deletion of versions back",
    body,
    async handle({ session, parameters: { stack, name }, body }) {
      const engine = engineOf(session, stack);
      await engine.undelete(existingName(name), requireVersions(body.versions, "No version number provided"));
      return {};
    },
  }),
  route({
    path: ":stack/destroy/:name{.+}",
    operation: "update",
    summary: "Removes the values of versions for good",
    body,
    async handle({ session, parameters: { stack, name }, body }) {
      const engine = engineOf(session, stack);
      await engine.destroy(existingName(name), requireVersions(body.versions, "no version number provided"));
      return {};
    },
  }),
];
