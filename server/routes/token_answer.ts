/** How Vault writes what is known of a token. */
import * as z from "zod/mini";
import type { Secret } from "../../core/secret.ts";
import type { Answer, JsonMembers } from "../http/answer.ts";
import type { TokenInfo } from "../tokens/token_store.ts";
import { texts, time } from "./schemas.ts";

/** What a look-up answers. */
export const tokenSchema = z.object({
  accessor: z.string(),
  creation_time: z.int().check(z.describe("seconds since 1970")),
  creation_ttl: z.int(),
  display_name: z.string(),
  entity_id: z.string(),
  expire_time: z.nullable(time),
  explicit_max_ttl: z.int(),
  id: z.string().check(z.describe("the token; empty when it was looked up by its accessor")),
  issue_time: time,
  last_renewal: z.optional(time),
  last_renewal_time: z.optional(z.int()),
  meta: z.nullable(texts),
  num_uses: z.int(),
  orphan: z.boolean(),
  path: z.string(),
  period: z.optional(z.int()),
  policies: z.array(z.string()),
  renewable: z.boolean(),
  ttl: z.int(),
  type: z.literal("service"),
});

/** What making and renewing answer. */
export const authSchema = z.object({
  client_token: z.string().check(z.describe("empty when it was renewed by its accessor")),
  accessor: z.string(),
  policies: z.array(z.string()),
  token_policies: z.array(z.string()),
  metadata: z.nullable(texts),
  lease_duration: z.int(),
  renewable: z.boolean(),
  entity_id: z.string(),
  token_type: z.literal("service"),
  orphan: z.boolean(),
  mfa_requirement: z.null(),
  num_uses: z.int(),
});

/** @param token the token itself, where whoever asks has it */
export function tokenAnswer(info: TokenInfo, token?: Secret): JsonMembers {
  const { expireTime, issueTime, lastRenewalTime, period } = info;
  return {
    accessor: info.accessor,
    creation_time: seconds(issueTime),
    creation_ttl: info.creationTtl,
    display_name: info.displayName,
    entity_id: "",
    expire_time: expireTime === null ? null : isoTime(expireTime),
    explicit_max_ttl: info.explicitMaxTtl,
    id: token?.revealText() ?? "",
    issue_time: isoTime(issueTime),
    ...(lastRenewalTime !== null &&
      { last_renewal: isoTime(lastRenewalTime), last_renewal_time: seconds(lastRenewalTime) }),
    meta: info.meta,
    num_uses: info.numUses,
    orphan: info.orphan,
    path: info.path,
    ...(period > 0 && { period }),
    policies: info.policies,
    renewable: info.renewable,
    ttl: info.ttl,
    type: "service", // External Secrets takes a token without a type for an error
  };
}

/** A token that was made or renewed: the whole answer. */
export function authAnswer(info: TokenInfo, token: Secret | undefined, warnings: readonly string[] = []): Answer {
  return {
    auth: {
      client_token: token?.revealText() ?? "",
      accessor: info.accessor,
      policies: info.policies,
      token_policies: info.policies,
      metadata: info.meta,
      lease_duration: info.ttl,
      renewable: info.renewable,
      entity_id: "",
      token_type: "service",
      orphan: info.orphan,
      mfa_requirement: null,
      num_uses: info.numUses,
    },
    warnings,
  };
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
