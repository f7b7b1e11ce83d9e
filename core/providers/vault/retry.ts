/** When a request is sent again, and how long to wait before that. */
import type { Fault } from "../../fault.ts";

export interface Failure {
  readonly fault: Fault;
  /** Whether it was carried out: `no` is certain, as when no connection came about. */
  readonly executed: "no" | "maybe";
  /** Seconds, as the server asks for: `Retry-After`. */
  readonly retryAfter?: number;
  /** There is nothing to be hoped for. */
  readonly isFinal?: boolean;
  /** It took as long as a request may take. */
  readonly isLate?: boolean;
}

export interface RetryRules {
  /** In all, with the first. */
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one. */
  readonly firstMs: number;
}

/** With the waits in between, a Vault that elects another leader is back within the last attempts. */
export const RETRY: RetryRules = { attempts: 5, firstMs: 200 };
/** A server that does not answer at all has been waited for long enough after that many. */
const LATE_ATTEMPTS = 2;
/** The longest that a server may ask to wait for. */
const MOST_SECONDS = 10;

/**
 * The wait before the next attempt; undefined when there is to be none. What was perhaps carried out is repeated only
 * where twice is the same as once. Half of a wait is random, so that many clients do not come back at once.
 * @param attempt how many there were
 */
export function waitMs(
  attempt: number,
  { executed, retryAfter = 0, isFinal, isLate }: Failure,
  repeatable: boolean,
  { attempts, firstMs }: RetryRules,
): number | undefined {
  const isSafe = repeatable || executed === "no";
  const most = isLate ? Math.min(attempts, LATE_ATTEMPTS) : attempts;
  if (isFinal || !isSafe || attempt >= most || retryAfter > MOST_SECONDS) return undefined;
  return Math.max(retryAfter * 1000, firstMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
}

/** The seconds of a `Retry-After` header, which may also be a date. */
export function secondsOf(header: string | null): number {
  if (header === null) return 0;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}
