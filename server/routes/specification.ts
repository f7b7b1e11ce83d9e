/** What the server says of itself. */
import * as z from "zod/mini";
import { type Route, route } from "./route.ts";

export const SPECIFICATION: readonly Route[] = [
  route({
    path: "sys/internal/specs/openapi",
    operation: "read",
    summary: "The OpenAPI 3.1 document of this API",
    access: "token",
    answer: { body: z.record(z.string(), z.unknown()) },
    async handle({ session: { server } }) {
      // The table has this route in it; and what makes the document is of no use to any other request.
      const { openApiDocument } = await import("../openapi.ts");
      return { bare: openApiDocument(server.version) };
    },
  }),
];
