/** Many values with one request, for `coffer run` and whatever does the same: all of them, or none. */
import * as z from "zod/mini";
import { describeReference } from "../../core/reference.ts";
import { lookUp, type Resolved } from "../../core/resolve.ts";
import { encodeBase64 } from "../../core/seal/base64.ts";
import { Secret } from "../../core/secret.ts";
import type { Json } from "../http/answer.ts";
import type { Session } from "../session.ts";
import { isLocated, locate, type Located, mayRead, type Source, sourceSchema } from "./coffer_references.ts";
import { Failures } from "./failures.ts";
import { type Route, route } from "./route.ts";

/** As many as a stack may sensibly have; what a request may hold of them is bounded by its size anyway. */
const MAX_REFERENCES = 10_000;

export const COFFER_RESOLVE: readonly Route[] = [
  route({
    path: "coffer/resolve",
    operation: "update",
    summary: "Values of references and of Porter's sources, in their order: all of them, or none",
    access: "token",
    forRuns: true,
    body: z.object({ references: z.array(sourceSchema).check(z.maxLength(MAX_REFERENCES)) }),
    answer: {
      data: z.object({
        values: z.array(z.union([z.object({ text: z.string() }), z.object({ base64: z.string() })])),
      }),
    },
    async handle({ session, body: { references } }) {
      const failures = new Failures();
      const sources = references.map((given, index) => {
        try {
          const source = locate(given, session.server.mounts.current);
          if (mayResolve(source, session)) return source;
          failures.add(index, "DENIED", "permission denied");
        } catch (error) {
          failures.addFault(index, error);
        }
        return undefined;
      });
      for (const [index, source] of sources.entries()) {
        if (!source || !isLocated(source) || session.server.mounts.get(source.stack)) continue;
        failures.add(index, "NOT_FOUND", `there is no stack ${source.stack}`);
      }
      if (!failures.isEmpty) throw await refused(sources, failures, session);
      return { data: { values: await valuesOf(sources as (Located | Source)[], session) } };
    },
  }),
];

/** Whether it is there or not. */
function mayResolve(source: Located | Source, { server, client }: Session): boolean {
  if (isLocated(source)) return mayRead(client, source);
  if (source.kind === "value") return true;
  // Off unless the server was started with it; and then still not for everyone.
  const hasRight = client.info.only === null && client.acl.allows("read", `coffer/sources/${source.kind}`);
  return server.sources[source.kind] !== undefined && hasRight;
}

/** What is missing is listed too. Secrets are opened for that, since fields are in them; no value is handed out. */
async function refused(sources: readonly (Located | Source | undefined)[], failures: Failures, session: Session) {
  if (failures.includes("DENIED")) {
    await session.record({ kind: "read", operation: "resolve", outcome: "DENIED" });
  }
  const others = sources.map((source, index) =>
    source && isLocated(source) && !failures.has(index) ? source : undefined
  );
  using resolved = await lookUpAll(others.filter((source) => source !== undefined), session);
  addMissing(others, resolved, failures);
  return failures.refusal("references");
}

async function valuesOf(sources: readonly (Located | Source)[], session: Session): Promise<Json[]> {
  const failures = new Failures();
  using fromHost = new HostValues();
  // What is read is not told: it may be anything, also a value that was typed in the wrong place.
  if (sources.some((source) => !isLocated(source) && source.kind !== "value")) {
    await session.record({ kind: "read", operation: "resolve" });
  }
  for (const [index, source] of sources.entries()) {
    if (isLocated(source)) continue;
    try {
      fromHost.values.set(index, await read(source, session));
    } catch (error) {
      failures.addFault(index, error);
    }
  }
  using resolved = await lookUpAll(sources.filter(isLocated), session);
  addMissing(sources, resolved, failures);
  if (!failures.isEmpty) throw failures.refusal("references");
  return sources.map((source, index) => jsonOf(isLocated(source) ? resolved.of(source) : fromHost.values.get(index)!));
}

/** Values that are no secrets of a stack, by their place in the request. */
class HostValues implements Disposable {
  readonly values = new Map<number, Secret>();

  [Symbol.dispose](): void {
    for (const value of this.values.values()) value.dispose();
  }
}

async function read({ kind, value }: Source, { server }: Session): Promise<Secret> {
  return kind === "value" ? Secret.fromText(value) : await server.sources[kind]!(value);
}

async function lookUpAll(sources: readonly Located[], session: Session): Promise<Resolved> {
  return await lookUp(sources, (stack) => session.source(stack!, "resolve"));
}

/** A secret that is missing is so for all of its fields. */
function addMissing(
  sources: readonly (Located | Source | undefined)[],
  { missing }: Resolved,
  failures: Failures,
): void {
  for (const [index, source] of sources.entries()) {
    if (!source || !isLocated(source)) continue;
    const fault = missing.get(describeReference(source)) ??
      missing.get(describeReference({ ...source, field: undefined }));
    if (fault) failures.addFault(index, fault);
  }
}

function jsonOf(value: Secret): Json {
  let text: string;
  try {
    text = value.revealText();
  } catch {
    return { base64: Secret.fromText(`"${value.use(encodeBase64)}"`) };
  }
  return { text: Secret.fromText(JSON.stringify(text)) };
}
