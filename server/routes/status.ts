/** How the server is: what load balancers and command lines ask first, without a token. */
import * as z from "zod/mini";
import type { Dependencies } from "../dependencies.ts";
import { Refusal } from "../http/refusal.ts";
import { type Route, route } from "./route.ts";
import { flag, whole } from "./schemas.ts";

const ofCluster = { cluster_name: z.optional(z.string()), cluster_id: z.optional(z.string()) };

const health = z.object({
  initialized: z.boolean(),
  sealed: z.boolean(),
  standby: z.boolean(),
  replication_performance_mode: z.string(),
  replication_dr_mode: z.string(),
  server_time_utc: z.int(),
  version: z.string(),
  ...ofCluster,
});

const sealStatus = z.object({
  type: z.literal("shamir"),
  initialized: z.boolean(),
  sealed: z.boolean(),
  t: z.int(),
  n: z.int(),
  progress: z.int(),
  nonce: z.string(),
  recovery_seal: z.boolean(),
  version: z.string(),
  commit_date: z.string(),
  migration: z.boolean(),
  ...ofCluster,
  storage_type: z.string(),
});

const codes = z.object({
  activecode: z.optional(whole),
  sealedcode: z.optional(whole),
  standbycode: z.optional(whole),
  uninitcode: z.optional(whole),
  standbyok: z.optional(flag),
});

export const STATUS: readonly Route[] = [
  route({
    path: "sys/health",
    operation: "read",
    summary: "200 when secrets can be had, 503 when locked; other codes by the query",
    access: "anyone",
    query: codes,
    answer: { body: health },
    handle({ session: { server }, query }) {
      for (const code of [query.activecode, query.sealedcode, query.standbycode, query.uninitcode]) {
        if (code !== undefined && (code < 200 || code > 599)) throw new Refusal(400);
      }
      const sealed = server.isLocked();
      return {
        status: sealed ? query.sealedcode ?? 503 : query.activecode ?? 200,
        bare: {
          initialized: true,
          sealed,
          standby: false,
          replication_performance_mode: "disabled",
          replication_dr_mode: "disabled",
          server_time_utc: Math.floor(server.now() / 1000),
          version: server.version,
          ...cluster(server),
        },
      };
    },
  }),
  route({
    path: "sys/seal-status",
    operation: "read",
    summary: "Whether the server is locked",
    access: "anyone",
    answer: { body: sealStatus },
    handle: ({ session: { server } }) => ({
      bare: {
        type: "shamir", // of one share: the passphrase
        initialized: true,
        sealed: server.isLocked(),
        t: 1,
        n: 1,
        progress: 0,
        nonce: "",
        recovery_seal: false,
        version: server.version,
        commit_date: "",
        migration: false,
        ...cluster(server),
        storage_type: "file",
      },
    }),
  }),
  route({
    path: "sys/leader",
    operation: "read",
    summary: "There is one server only",
    access: "anyone",
    answer: { body: z.object({ ha_enabled: z.boolean() }) },
    handle: () => ({ bare: { ha_enabled: false } }),
  }),
  route({
    path: "sys/init",
    operation: "read",
    summary: "Stacks are made before the server starts",
    access: "anyone",
    answer: { body: z.object({ initialized: z.boolean() }) },
    handle: () => ({ bare: { initialized: true } }),
  }),
  route({
    path: "sys/seal",
    operation: "update",
    summary: "Locks: the server forgets all keys",
    sudo: true,
    deed: { kind: "lock", operation: "lock" },
    async handle({ session: { server } }) {
      await server.lock();
      return {};
    },
  }),
  route({
    path: "coffer/stop",
    operation: "update",
    summary: "Ends the server",
    sudo: true,
    deed: { kind: "lock", operation: "stop" },
    handle({ session: { server } }) {
      server.stop();
      return {};
    },
  }),
];

/** What tells this server from another, as Vault calls it. Not told while it is locked, as there. */
function cluster({ id, isLocked }: Dependencies) {
  return isLocked() ? {} : { cluster_name: `coffer-${id.slice(0, 8)}`, cluster_id: id };
}
