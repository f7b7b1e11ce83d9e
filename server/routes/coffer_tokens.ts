/** Tokens for one run: they resolve the names that they were made for, and nothing else. */
import * as z from "zod/mini";
import { parseDuration } from "../duration.ts";
import { isLocated, locate, mayRead, runName, sourceSchema } from "./coffer_references.ts";
import { Failures } from "./failures.ts";
import { type Route, route } from "./route.ts";
import { duration, text, whole } from "./schemas.ts";
import { authAnswer, authSchema } from "./token_answer.ts";

/** They are kept with the token. */
const MAX_NAMES = 200;

export const COFFER_TOKENS: readonly Route[] = [
  route({
    path: "coffer/tokens",
    operation: "update",
    summary:
      "Makes a token for one run, which can only resolve these names; it ends with the one in use, or revokes itself",
    forRuns: true,
    deed: { kind: "token", operation: "token" },
    body: z.object({
      references: z.array(sourceSchema).check(z.maxLength(MAX_NAMES)),
      ttl: z.optional(duration),
      num_uses: z.optional(whole),
      display_name: z.optional(text),
    }),
    answer: { auth: authSchema },
    async handle({ session: { server, client, path }, body }) {
      const failures = new Failures();
      const only = body.references.flatMap((given, index) => {
        try {
          const source = locate(given, server.mounts.current);
          if (isLocated(source) && mayRead(client, source)) return [runName(source)];
          failures.add(index, "DENIED", "permission denied");
        } catch (error) {
          failures.addFault(index, error);
        }
        return [];
      });
      if (!failures.isEmpty) throw failures.refusal("references");
      const { token, info, warnings } = server.tokens.create({
        only,
        ttl: parseDuration(body.ttl, "ttl"),
        numUses: body.num_uses ?? 0,
        displayName: body.display_name ?? "",
      }, { accessor: client.info.accessor, sudo: false, path });
      using _token = token;
      await server.save();
      return authAnswer(info, token, warnings);
    },
  }),
];
