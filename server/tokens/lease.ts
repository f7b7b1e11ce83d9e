/** How long a token lives, when it is made and when it is renewed. Compared with OpenBao's answers. */
import { Fault } from "../../core/fault.ts";
import { formatDuration } from "../duration.ts";

/** In seconds. */
export interface LeaseLimits {
  /** Of a token that does not say. */
  readonly defaultTtl: number;
  /** Of any token, counted from its issue; a periodic one may be renewed beyond it, a period at a time. */
  readonly maxTtl: number;
}

/** In seconds; 0 where something was not asked for. */
export interface LeaseTerms {
  readonly ttl: number;
  /** Instead of `ttl`, for as long as the token is renewed in time. */
  readonly period: number;
  /** Not even renewing leads beyond it. */
  readonly explicitMaxTtl: number;
}

export interface Lease {
  /** Seconds; 0 is for ever. */
  readonly ttl: number;
  /** What was not granted as asked, in Vault's words. */
  readonly warnings: readonly string[];
}

/**
 * Grants at least a second, and never for ever.
 * @param age milliseconds since the token was issued; less than 0 after a clock was set back
 * @throws {Fault} USAGE when not a second is left to grant
 */
export function grantLease({ ttl, period, explicitMaxTtl }: LeaseTerms, age: number, limits: LeaseLimits): Lease {
  const warnings: string[] = [];
  const cap = (name: string, asked: number, max: number) => {
    if (asked <= max) return asked;
    const [given, end] = [asked, max].map(formatDuration);
    warnings.push(
      `${name} of "${given}" exceeded the effective max_ttl of "${end}"; ${name} value is capped accordingly`,
    );
    return max;
  };
  const max = Math.min(limits.maxTtl, explicitMaxTtl || Infinity);
  const wanted = period > 0 ? cap("period", period, max) : ttl || limits.defaultTtl;
  const lifetime = period > 0 ? explicitMaxTtl || Infinity : max;
  const left = Math.floor(lifetime - Math.max(0, age) / 1000);
  if (left < 1) throw new Fault("USAGE", "past the max TTL, cannot renew", { hint: "create a new token" });
  return { ttl: cap("TTL", wanted, left), warnings };
}
