/** What is kept of a token: everything but the token itself. It is JSON as it stands, to be written to a file. */
import { Fault } from "../../core/fault.ts";

/** Times are milliseconds since 1970, durations are seconds. */
export interface TokenRecord {
  /** `hashOfToken`: what it is found by. */
  readonly hash: string;
  /** Names the token wherever the token itself must not be seen. Whoever has it cannot use the token. */
  readonly accessor: string;
  /** The accessor of the token that this one dies with; null for an orphan. */
  parent: string | null;
  readonly policies: readonly string[];
  /** The only names that may be resolved, whatever the policies allow; null for no such limit. */
  readonly only: readonly string[] | null;
  /** The endpoint that it was made at: `auth/token/create`. */
  readonly path: string;
  readonly displayName: string;
  readonly meta: Readonly<Record<string, string>> | null;
  /** Uses left; 0 for any number, and {@linkcode LAST_USE}. */
  numUses: number;
  readonly issueTime: number;
  /** 0 for a token that never expires. */
  readonly creationTtl: number;
  /** Granted last, and so what a renewal grants that does not say how much. */
  leaseTtl: number;
  /** Null for never. */
  expireTime: number | null;
  /** Null for never. */
  lastRenewalTime: number | null;
  /** 0 for none. */
  readonly period: number;
  /** 0 for none. */
  readonly explicitMaxTtl: number;
  readonly renewable: boolean;
}

/** `numUses` while the last use goes on, as OpenBao shows it; nothing finds the token any more. */
export const LAST_USE = -1;

export interface TokenStoreState {
  readonly version: 1;
  /** Parents before their children. */
  readonly tokens: readonly TokenRecord[];
}

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isMeta: Check = (value) => isMembers(value) && Object.values(value).every(isText);
const orNull = (check: Check): Check => (value) => value === null || check(value);

const FIELDS: Readonly<Record<keyof TokenRecord, Check>> = {
  hash: isText,
  accessor: isText,
  parent: orNull(isText),
  policies: isTexts,
  only: orNull(isTexts),
  path: isText,
  displayName: isText,
  meta: orNull(isMeta),
  numUses: isCount,
  issueTime: isCount,
  creationTtl: isCount,
  leaseTtl: isCount,
  expireTime: orNull(isCount),
  lastRenewalTime: orNull(isCount),
  period: isCount,
  explicitMaxTtl: isCount,
  renewable: isFlag,
};

/**
 * @param state what `JSON.parse` made of a file
 * @throws {Fault} CONFIG unless it is a state: every field there, no other, each of its type
 */
export function parseTokenStoreState(state: unknown): TokenStoreState {
  if (isMembers(state) && state.version === 1 && Array.isArray(state.tokens) && state.tokens.every(isRecord)) {
    return { version: 1, tokens: state.tokens };
  }
  throw unusableState();
}

export function unusableState(): Fault {
  return new Fault("CONFIG", "the server's state of its tokens cannot be read", {
    hint: "restore the file, or remove it: then every client needs a new token",
  });
}

function isRecord(value: unknown): value is TokenRecord {
  return isMembers(value) && Object.keys(value).length === Object.keys(FIELDS).length &&
    Object.entries(FIELDS).every(([field, check]) => check(value[field]));
}

function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
