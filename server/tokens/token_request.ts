/** What may be asked for when a token is made, and what comes of it. Compared with OpenBao's answers. */
import { Fault } from "../../core/fault.ts";
import { show } from "../../core/interchange/checks.ts";
import { grantLease, type Lease, type LeaseLimits } from "./lease.ts";
import { policiesFor, type PolicyRequest, ROOT } from "./token_policies.ts";
import type { TokenRecord } from "./token_record.ts";

/** What is asked for. Durations are seconds, and 0 is none. */
export interface TokenRequest extends PolicyRequest {
  /** An orphan, which outlives the token that asks. Takes sudo. */
  readonly noParent?: boolean;
  readonly ttl?: number;
  /** Takes sudo: such a token never dies while it is renewed in time. */
  readonly period?: number;
  readonly explicitMaxTtl?: number;
  /** True unless it says otherwise. */
  readonly renewable?: boolean;
  /** 0 for any number. */
  readonly numUses?: number;
  readonly displayName?: string;
  readonly meta?: Readonly<Record<string, string>> | null;
  /** Makes a token for one run: it resolves these names only, and so do its children. */
  readonly only?: readonly string[];
}

/** Who asks for a token, and where. */
export interface TokenMaker {
  /** Of the token that asks. */
  readonly accessor: string;
  /** Whether it has sudo on the endpoint. */
  readonly sudo: boolean;
  /** The endpoint: `auth/token/create`. */
  readonly path: string;
  /** Whether the endpoint makes orphans, as `auth/token/create-orphan` does: allowed by having access to it. */
  readonly orphan?: boolean;
}

/** What a request decides of a token's record. */
export type RequestedFields = Pick<
  TokenRecord,
  "policies" | "only" | "path" | "displayName" | "meta" | "numUses" | "period" | "explicitMaxTtl" | "renewable"
>;

export interface AcceptedRequest {
  readonly fields: RequestedFields;
  readonly lease: Lease;
  readonly isOrphan: boolean;
}

/** Of a request as JSON: its display name, policies, meta and names are kept with the token. */
const MAX_REQUEST_LENGTH = 16_384;

/**
 * The faults have Vault's words where Vault has some: there are clients that look for them.
 * @param parent the token that asks
 * @throws {Fault} USAGE when it may not have that
 */
export function acceptRequest(
  request: TokenRequest,
  maker: TokenMaker,
  parent: TokenRecord,
  limits: LeaseLimits,
): AcceptedRequest {
  // A child could be used as often as it likes.
  if (parent.numUses > 0) throw refused("restricted use token cannot generate child tokens");
  if (JSON.stringify(request).length > MAX_REQUEST_LENGTH) throw refused("there is too much to keep with the token");
  const { numUses = 0, ttl = 0, period = 0, explicitMaxTtl = 0 } = request;
  if (numUses < 0) throw refused("number of uses cannot be negative");
  if (![numUses, ttl, period, explicitMaxTtl].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw refused("numbers of uses and durations are whole and not negative");
  }
  const policies = policiesFor(request, parent.policies, maker.sudo);
  if (request.noParent && !maker.sudo) throw refused("root or sudo privileges required to create orphan token");
  if (period > 0 && !maker.sudo) throw refused("root or sudo privileges required to create periodic token");
  // Root has neither a default nor a limit that it has not asked for.
  const isUnlimited = policies.includes(ROOT) && ttl === 0 && period === 0;
  const lease = isUnlimited
    ? { ttl: explicitMaxTtl, warnings: [] }
    : grantLease({ ttl, period, explicitMaxTtl }, 0, limits);
  if (lease.ttl === 0 && parent.creationTtl > 0) {
    throw refused("expiring root tokens cannot create non-expiring root tokens");
  }
  return {
    fields: {
      policies,
      only: onlyFor(request.only, parent.only),
      path: maker.path,
      displayName: displayNameFor(request.displayName),
      meta: request.meta ? { ...request.meta } : null,
      numUses,
      period,
      explicitMaxTtl,
      renewable: lease.ttl > 0 && request.renewable !== false,
    },
    lease,
    isOrphan: Boolean(request.noParent || maker.orphan),
  };
}

export function refused(message: string): Fault {
  return new Fault("USAGE", message);
}

/** Without anything that a log could mistake for something else, as Vault has it. */
function displayNameFor(asked: string | undefined): string {
  return asked ? `token-${asked}`.replace(/[^a-zA-Z0-9-]/gu, "-").replace(/-$/, "") : "token";
}

/** Sudo does not help here: what a run was not given, nothing that it starts can give itself. */
function onlyFor(asked: readonly string[] | undefined, parent: readonly string[] | null): readonly string[] | null {
  if (asked === undefined) return parent;
  const names = new Set(asked);
  const beyond = parent === null ? new Set<string>() : names.difference(new Set(parent));
  if (beyond.size === 0) return [...names];
  throw new Fault("USAGE", `the token in use has no access to ${[...beyond].map(show).join(", ")}`, {
    hint: "a token can give others only what it has been given itself",
  });
}
