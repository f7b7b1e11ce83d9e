/** The stacks, as Vault lists secrets engines, and the question that its clients ask before they touch a secret. */
import * as z from "zod/mini";
import type { StackName } from "../../core/name.ts";
import type { Dependencies } from "../dependencies.ts";
import type { JsonMembers } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import { stackOfPath } from "../session.ts";
import { quoted } from "./kv_engine.ts";
import { type Route, route } from "./route.ts";

const mount = z.object({
  accessor: z.string(),
  config: z.object({ default_lease_ttl: z.int(), force_no_cache: z.boolean(), max_lease_ttl: z.int() }),
  deprecation_status: z.string(),
  description: z.string(),
  external_entropy_access: z.boolean(),
  local: z.boolean(),
  options: z.object({ version: z.literal("2") }),
  plugin_version: z.string(),
  running_plugin_version: z.string(),
  running_sha256: z.string(),
  seal_wrap: z.boolean(),
  type: z.literal("kv"),
  uuid: z.string(),
});

export const MOUNTS: readonly Route[] = [
  route({
    path: "sys/mounts",
    operation: "read",
    summary: "The stacks",
    answer: { data: z.record(z.string(), mount) },
    handle: ({ session: { server } }) => ({ data: all(server, server.mounts.list()), repeated: true }),
  }),
  route({
    path: "sys/mounts/:path{.+}",
    operation: "read",
    summary: "One stack",
    answer: { data: mount },
    handle({ session: { server }, parameters: { path } }) {
      const stack = stackOfPath(path, server);
      if (stack !== path) throw new Refusal(400, "there is no such stack");
      return { data: describe(server, stack), repeated: true };
    },
  }),
  route({
    path: "sys/mounts/:path{.+}",
    operation: "update",
    summary: "Refused: stacks are made with `coffer stack new`",
    handle({ session: { server }, parameters: { path } }) {
      if (stackOfPath(path, server) === path) throw new Refusal(400, `path is already in use at ${path}/`);
      throw new Refusal(400, "stacks cannot be made here: coffer stack new NAME");
    },
  }),
  route({
    path: "sys/mounts/:path{.+}",
    operation: "delete",
    summary: "Refused: stacks are removed with `coffer stack rm`",
    handle() {
      throw new Refusal(400, "stacks cannot be removed here: coffer stack rm NAME");
    },
  }),
  route({
    path: "sys/internal/ui/mounts",
    operation: "read",
    summary: "The stacks in which the token may do anything",
    access: "token",
    answer: { data: z.object({ auth: z.record(z.string(), z.unknown()), secret: z.record(z.string(), mount) }) },
    handle({ session: { server, client } }) {
      const reached = server.mounts.list().filter((stack) => client.acl.reaches(`${stack}/`));
      return { data: { auth: {}, secret: all(server, reached) } };
    },
  }),
  route({
    path: "sys/internal/ui/mounts/:path{.+}",
    operation: "read",
    summary: "The stack that a path is in: what clients ask before they touch a secret",
    access: "token",
    answer: { data: z.extend(mount, { path: z.string() }) },
    handle({ session: { server, client }, parameters: { path } }) {
      const stack = stackOfPath(path, server);
      if (stack && client.acl.reaches(`${stack}/`)) {
        return { data: { ...describe(server, stack), path: `${stack}/` } };
      }
      // 403 also where there is no such stack: 404 makes the command line of Vault go on with version 1 of the engine.
      throw new Refusal(
        403,
        "preflight capability check returned 403, please ensure client's policies grant access to path " +
          quoted(`${path}/`),
      );
    },
  }),
];

function all(server: Dependencies, stacks: readonly StackName[]): JsonMembers {
  return Object.fromEntries(stacks.map((stack) => [`${stack}/`, describe(server, stack)]));
}

function describe({ mounts }: Dependencies, stack: StackName) {
  const { id } = mounts.get(stack)!.header;
  return {
    accessor: `kv_${id.slice(0, 8)}`,
    config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
    deprecation_status: "supported",
    description: "",
    external_entropy_access: false,
    local: false,
    options: { version: "2" },
    plugin_version: "",
    running_plugin_version: "",
    running_sha256: "",
    seal_wrap: false,
    type: "kv",
    uuid: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
  };
}
