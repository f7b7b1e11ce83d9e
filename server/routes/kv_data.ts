/** Values of a stack's secrets: `<stack>/data/<name>` and `<stack>/subkeys/<name>`. */
import * as z from "zod/mini";
import { Secret } from "../../core/secret.ts";
import { kvDataOf } from "../../core/stack/kv/data.ts";
import type { KvWriteOptions } from "../../core/stack/kv/engine.ts";
import type { JsonObject } from "../../core/stack/kv/json.ts";
import type { Json } from "../http/answer.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import { engineOf, existingName, gone, isGone, newName, versionAnswer, write } from "./kv_engine.ts";
import { remoteKvOf } from "./remote_kv.ts";
import { type Asked, type Route, route } from "./route.ts";
import { texts, time, timeOrNone, whole } from "./schemas.ts";

const version = z.object({
  created_time: time,
  custom_metadata: z.nullable(texts),
  deletion_time: timeOrNone,
  destroyed: z.boolean(),
  version: z.int(),
});

const newData = z.object({
  data: z.optional(z.record(z.string(), z.unknown())),
  options: z.optional(z.nullable(z.object({ cas: z.optional(whole) }))),
});

const ofVersion = z.object({ version: z.optional(whole) });
const path = ":stack/data/:name{.+}";

export const KV_DATA: readonly Route[] = [
  route({
    path,
    operation: "read",
    summary: "A secret's value: the newest version, or another",
    query: ofVersion,
    answer: { data: z.object({ data: z.nullable(z.record(z.string(), z.unknown())), metadata: version }) },
    async handle({ session, parameters: { stack, name }, query }) {
      const found = await engineOf(session, stack).read(existingName(name), query.version || undefined);
      if (!found) throw notFound();
      const metadata = versionAnswer(found.metadata);
      if (isGone(found)) return gone({ data: null, metadata });
      using _value = found.value;
      return { data: { data: kvDataOf(found), metadata } };
    },
  }),
  route({
    path,
    operation: "update",
    summary: "Writes a new version",
    body: newData,
    answer: { data: version },
    exists,
    async handle({ session, parameters: { stack, name }, body, given }) {
      const engine = engineOf(session, stack);
      const secret = newName(name);
      using data = dataIn(given);
      return { data: versionAnswer(await write(() => engine.put(secret, data, optionsIn(body)))) };
    },
  }),
  route({
    path,
    operation: "patch",
    summary: "Writes a new version: the newest with a merge patch (RFC 7396) applied",
    body: newData,
    answer: { data: version },
    async handle({ session, parameters: { stack, name }, body, given }) {
      const engine = engineOf(session, stack);
      const secret = existingName(name);
      using patch = dataIn(given);
      const written = await write(() => engine.patch(secret, patch, optionsIn(body)));
      if (!written) throw notFound();
      const data = versionAnswer(written.metadata);
      return isGone(written) ? gone(data) : { data };
    },
  }),
  route({
    path,
    operation: "delete",
    summary: "Deletes the newest version, so that it can be undeleted",
    async handle({ session, parameters: { stack, name } }) {
      await engineOf(session, stack).delete(existingName(name));
      return {};
    },
  }),
  route({
    path: ":stack/subkeys/:name{.+}",
    operation: "read",
    summary: "The keys of a secret's value, without their values",
    query: z.object({ version: z.optional(whole), depth: z.optional(whole) }),
    answer: { data: z.object({ subkeys: z.nullable(z.record(z.string(), z.unknown())), metadata: version }) },
    async handle({ session, parameters: { stack, name }, query }) {
      const found = await engineOf(session, stack).subkeys(existingName(name), {
        ...(query.version && { version: query.version }),
        depth: Math.max(0, query.depth ?? 0),
      });
      if (!found) throw notFound();
      const metadata = versionAnswer(found.metadata);
      return isGone(found) ? gone({ subkeys: null, metadata }) : { data: { subkeys: found.subkeys as Json, metadata } };
    },
  }),
];

/** Whether a write changes what there is (`update`) or makes it (`create`): also a secret without versions is there. */
export async function exists({ session, parameters }: Asked): Promise<boolean> {
  const { stack = "", name = "" } = parameters;
  const remote = await remoteKvOf(session, stack);
  if (remote) return await remote.holds(existingName(name));
  return await engineOf(session, stack).metadata(existingName(name)) !== undefined;
}

/** The data as it is to be kept; the string that it goes through cannot be wiped, as the body that it came in. */
function dataIn(given: JsonObject): Secret {
  if (given.data === undefined) throw new Refusal(400, "no data provided");
  return Secret.fromText(JSON.stringify(given.data));
}

function optionsIn({ options }: z.infer<typeof newData>): KvWriteOptions {
  return options?.cas === undefined ? {} : { cas: options.cas };
}
