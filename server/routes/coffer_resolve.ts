/** Many values with one request, for `coffer run` and whatever does the same: all of them, or none. */
import * as z from "zod/mini";
import { Fault } from "../../core/fault.ts";
import { describeReference } from "../../core/reference.ts";
import { findSecrets } from "../../core/providers/all_or_none.ts";
import { lookUp, type Resolved } from "../../core/resolve.ts";
import { encodeBase64 } from "../../core/seal/base64.ts";
import { timestampNow } from "../../core/seal/timestamp.ts";
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

/** What is missing is listed too, without opening anything: no value will be handed out. */
async function refused(sources: readonly (Located | Source | undefined)[], failures: Failures, session: Session) {
  if (failures.includes("DENIED")) {
    await session.record({ kind: "read", operation: "resolve", outcome: "DENIED" });
  }
  for (const [index, source] of sources.entries()) {
    if (!source || !isLocated(source) || failures.has(index)) continue;
    if (!await isThere(source, session)) {
      failures.add(index, "NOT_FOUND", `there is no secret ${describeReference(source)}`);
    }
  }
  return failures.refusal("references");
}

/** Without opening anything, where the secret is in the stack itself. */
async function isThere({ stack, name }: Located, session: Session): Promise<boolean> {
  const provider = await session.remote(stack, "resolve");
  if (!provider) {
    const now = timestampNow();
    return await session.stack(stack, "resolve").inspect(name, (record) => record.present(now) !== undefined);
  }
  const found = await findSecrets(provider, [name]);
  for (const { value } of found.values()) value.dispose();
  return found.has(name);
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
  using resolved = await lookUp(
    sources.filter(isLocated),
    (stack) => session.source(stack!, "resolve"),
  );
  for (const [index, source] of sources.entries()) {
    const fault = isLocated(source) ? missing(source, resolved) : undefined;
    if (fault) failures.addFault(index, fault);
  }
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

/** A secret that is missing is so for all of its fields. */
function missing(source: Located, { missing }: Resolved): Fault | undefined {
  return missing.get(describeReference(source)) ?? missing.get(describeReference({ ...source, field: undefined }));
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
