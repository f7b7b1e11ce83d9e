/** What is known of a stack's secrets besides their values, their names, and the settings of the stack's engine. */
import * as z from "zod/mini";
import { isSecretName } from "../../core/name.ts";
import { recorded } from "../../core/stack/access.ts";
import type { KvMetadata } from "../../core/stack/kv/metadata.ts";
import { notFound } from "../http/refusal.ts";
import type { Session } from "../session.ts";
import { exists } from "./kv_data.ts";
import { engineOf, existingName, newName, orNull, servedStack, settingsAnswer, settingsOf } from "./kv_engine.ts";
import { type Route, route } from "./route.ts";
import { duration, flag, texts, time, timeOrNone, whole } from "./schemas.ts";

const path = ":stack/metadata/:name{.+}";
const settings = {
  cas_required: z.optional(flag),
  max_versions: z.optional(whole),
  delete_version_after: z.optional(duration),
};
const settingsShown = { cas_required: z.boolean(), delete_version_after: z.string(), max_versions: z.int() };
const names = z.object({ keys: z.array(z.string()) });

export const KV_METADATA: readonly Route[] = [
  route({
    path,
    operation: "read",
    summary: "What is known of a secret: its versions and settings",
    answer: {
      data: z.object({
        ...settingsShown,
        created_time: time,
        current_version: z.int(),
        custom_metadata: z.nullable(texts),
        oldest_version: z.int(),
        updated_time: time,
        versions: z.record(
          z.string(),
          z.object({ created_time: time, deletion_time: timeOrNone, destroyed: z.boolean() }),
        ),
      }),
    },
    async handle({ session, parameters: { stack, name } }) {
      const engine = engineOf(session, stack);
      const secret = existingName(name);
      // Custom metadata is sealed as values are: whoever gets it leaves a line as well.
      const recorder = session.recorder(servedStack(session, stack), "kv");
      const metadata = await recorded(recorder, "read", async (access) => {
        const found = await engine.metadata(secret);
        if (found) access.secrets.set(secret, undefined);
        else access.missing = 1;
        await access.grant();
        return found;
      });
      if (!metadata) throw notFound();
      return { data: metadataAnswer(metadata) };
    },
  }),
  route({
    path,
    operation: "update",
    summary: "Sets metadata; a secret that does not exist yet is made, without versions",
    body: z.object({ ...settings, custom_metadata: z.optional(z.nullable(texts)) }),
    exists,
    async handle({ session, parameters: { stack, name }, body }) {
      const { custom_metadata } = body;
      await engineOf(session, stack).putMetadata(newName(name), {
        ...settingsOf(body),
        ...(custom_metadata !== undefined && { customMetadata: custom_metadata ?? {} }),
      });
      return {};
    },
  }),
  route({
    path,
    operation: "patch",
    summary: "Changes metadata of a secret that there is; null removes a key of the custom metadata",
    body: z.object({
      ...settings,
      custom_metadata: z.optional(z.nullable(z.record(z.string(), z.nullable(z.string())))),
    }),
    async handle({ session, parameters: { stack, name }, body }) {
      const { custom_metadata } = body;
      const patched = await engineOf(session, stack).patchMetadata(existingName(name), {
        ...settingsOf(body),
        ...(custom_metadata !== undefined && { customMetadata: custom_metadata }),
      });
      if (!patched) throw notFound();
      return {};
    },
  }),
  route({
    path,
    operation: "delete",
    summary: "Removes a secret with all its versions and metadata",
    async handle({ session, parameters: { stack, name } }) {
      await engineOf(session, stack).remove(existingName(name));
      return {};
    },
  }),
  route({
    path,
    operation: "list",
    summary: "The names in a folder",
    answer: { data: names },
    handle: ({ session, parameters: { stack, name } }) => list(session, stack, name),
  }),
  route({
    path: ":stack/metadata",
    operation: "list",
    summary: "The names in a stack; those of folders end with `/`",
    answer: { data: names },
    handle: ({ session, parameters: { stack } }) => list(session, stack, ""),
  }),
  route({
    path: ":stack/config",
    operation: "read",
    summary: "The settings of a stack's engine",
    answer: { data: z.object(settingsShown) },
    async handle({ session, parameters: { stack } }) {
      return { data: settingsAnswer(await engineOf(session, stack).config()) };
    },
  }),
  route({
    path: ":stack/config",
    operation: "update",
    summary: "Changes the settings of a stack's engine",
    body: z.object(settings),
    async handle({ session, parameters: { stack }, body }) {
      await engineOf(session, stack).putConfig(settingsOf(body));
      return {};
    },
  }),
];

async function list(session: Session, stack: string, folder: string) {
  const name = servedStack(session, stack);
  if (folder !== "" && !isSecretName(folder)) throw notFound();
  await session.record({ kind: "list", operation: "kv", stack: name });
  const keys = await engineOf(session, stack).list(folder);
  if (keys.length === 0) throw notFound();
  return { data: { keys } };
}

function metadataAnswer({ versions, customMetadata, ...metadata }: KvMetadata) {
  const { createdTime, currentVersion, oldestVersion, updatedTime } = metadata;
  return {
    ...settingsAnswer(metadata),
    created_time: createdTime,
    current_version: currentVersion,
    custom_metadata: orNull(customMetadata),
    oldest_version: oldestVersion,
    updated_time: updatedTime,
    versions: Object.fromEntries(versions.map(({ version, createdTime, deletionTime, destroyed }) => [
      version,
      { created_time: createdTime, deletion_time: deletionTime ?? "", destroyed },
    ])),
  };
}
