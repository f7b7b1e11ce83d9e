import type { BaoClient } from "./bao_client.ts";
import type { Subject } from "./subject.ts";

/** Tokens that ask for others, by what they are themselves made with; all by the root token. */
export const MAKERS = {
  root: { policies: ["root"] },
  "expiring root": { policies: ["root"], ttl: "1h" },
  sudo: { policies: ["sudo"] },
  "sudo without default": { policies: ["sudo"], no_default_policy: true },
  plain: { policies: ["a", "b"] },
  "without default": { policies: ["a"], no_default_policy: true },
  limited: { policies: ["a"], num_uses: 5 },
} as const;

export type MakerName = keyof typeof MAKERS;

/** As the body of a request to `auth/token/create` has it. */
export interface RequestBody {
  readonly policies?: readonly string[];
  readonly no_default_policy?: boolean;
  readonly no_parent?: boolean;
  readonly ttl?: string;
  readonly period?: string;
  readonly explicit_max_ttl?: string;
  readonly renewable?: boolean;
  readonly num_uses?: number;
  readonly display_name?: string;
  readonly meta?: Readonly<Record<string, string>>;
}

export interface TokenQuestion {
  readonly maker: MakerName;
  readonly endpoint: "create" | "create-orphan";
  readonly request: RequestBody;
  /** Increments, one after the other. */
  readonly renewals?: readonly number[];
}

export type TokenAnswer =
  | { readonly error: string }
  | {
    /** What looking it up says, without what differs each time. */
    readonly token: Readonly<Record<string, unknown>>;
    /** But those about policies that do not exist. */
    readonly warnings: readonly string[];
    /** What each renewal granted; null where it was refused. */
    readonly renewals: readonly (number | null)[];
  };

const FIELDS = ["creation_ttl", "display_name", "explicit_max_ttl", "meta", "num_uses", "orphan", "path", "period"]
  .concat("policies", "renewable");

export const tokenRequests: Subject<TokenQuestion, TokenAnswer> = {
  name: "token_requests",
  questions: [
    ...each(["root", "expiring root", "sudo", "sudo without default", "plain", "without default", "limited"], [
      {},
      { policies: [] },
      { policies: [""] },
      { policies: ["a"] },
      { policies: ["A ", "a", ""] },
      { policies: ["b", "a"] },
      { policies: ["a", "c"] },
      { policies: ["default"] },
      { policies: ["root"] },
      { policies: ["root"], ttl: "2h" },
      { policies: ["root", "a"] },
      { policies: ["response-wrapping"] },
      { no_default_policy: true },
      { policies: ["a"], no_default_policy: true },
      { policies: ["default"], no_default_policy: true },
      { no_parent: true },
      { policies: ["a"], no_parent: true },
      { policies: ["a"], period: "1h" },
      { policies: ["a"], ttl: "1h" },
    ]),
    ...each(["root", "plain"], [{ policies: ["a"] }, { policies: ["a"], no_parent: true }], "create-orphan"),
    ...each(["sudo"], [
      { ttl: "0" },
      { ttl: "768h" },
      { ttl: "9999h" },
      { ttl: "2h", explicit_max_ttl: "1h" },
      { explicit_max_ttl: "1h" },
      { explicit_max_ttl: "9999h" },
      { period: "0" },
      { period: "1h", ttl: "5m" },
      { period: "1h", explicit_max_ttl: "30m" },
      { period: "1h", explicit_max_ttl: "2h" },
      { period: "9999h" },
      { period: "9999h", explicit_max_ttl: "9998h" },
      { renewable: false },
      { num_uses: 3 },
      { num_uses: -1 },
      { meta: {} },
      { meta: { user: "ann" } },
      ...["x", "-", "x-", "x--", " ", "a/b.c_d", "Ann Example!", "wörld", "😀"].map((display_name) => ({
        display_name,
      })),
    ]),
    ...each(["root"], [
      { policies: ["root"], ttl: "1h" },
      { policies: ["root"], period: "1h" },
      { policies: ["root"], explicit_max_ttl: "1h" },
      { policies: ["root"], explicit_max_ttl: "9999h" },
      { policies: ["root"], ttl: "2h", explicit_max_ttl: "1h" },
      { renewable: false },
      { num_uses: 3 },
    ]),
    // None that a whole second more or less could change.
    ...[
      { request: { ttl: "100s" }, renewals: [50, 0, 7200, 0, 10] },
      { request: { ttl: "100s", explicit_max_ttl: "1h" }, renewals: [50, 0] },
      { request: { period: "100s" }, renewals: [50, 500, 0] },
      { request: { renewable: false }, renewals: [50] },
      { request: { policies: ["root"], ttl: "1h" }, renewals: [50, 0] },
      { request: { policies: ["root"] }, renewals: [50] },
      { request: { ttl: "1h", num_uses: 5 }, renewals: [0] },
    ].map((rest) => ({ maker: "root" as const, endpoint: "create" as const, ...rest })),
  ],
  async ask(bao, { maker, endpoint, request, renewals = [] }) {
    const path = `auth/token/${endpoint}`;
    const { status, json } = await bao.call("POST", path, request, await makerToken(bao, maker));
    if (status === 400) return { error: json.errors.join("\n") };
    if (status !== 200) throw new Error(`${path}: ${status}`);
    const token: string = json.auth.client_token;
    const found = await bao.get("POST", "auth/token/lookup", { token });
    const granted: (number | null)[] = [];
    for (const increment of renewals) {
      const { json } = await bao.call("POST", "auth/token/renew", { token, increment });
      granted.push(json.auth?.lease_duration ?? null);
    }
    return {
      token: Object.fromEntries(FIELDS.filter((field) => field in found).map((field) => [field, found[field]])),
      warnings: (json.warnings ?? []).filter((text: string) => !text.endsWith("does not exist")),
      renewals: granted,
    };
  },
};

function each(makers: readonly MakerName[], requests: RequestBody[], endpoint: "create" | "create-orphan" = "create") {
  return makers.flatMap((maker) => requests.map((request): TokenQuestion => ({ maker, endpoint, request })));
}

/** A new one each time, since a limited one has its uses counted. */
async function makerToken(bao: BaoClient, name: MakerName): Promise<string> {
  await bao.get("PUT", "sys/policies/acl/a", { policy: 'path "auth/token/*" { capabilities = ["update"] }' });
  await bao.get("PUT", "sys/policies/acl/sudo", {
    policy: 'path "auth/token/*" { capabilities = ["update", "sudo"] }',
  });
  return (await bao.get("POST", "auth/token/create", MAKERS[name])).client_token;
}
