/**
 * The tokens that a server has given out, by Vault's rules. There are no timers: what has expired is removed by whatever
 * is asked next.
 */
import { Fault } from "../../core/fault.ts";
import type { Secret } from "../../core/secret.ts";
import { hashOfToken, newBearerToken, randomBase62 } from "../bearer_token.ts";
import { grantLease, type Lease, type LeaseLimits } from "./lease.ts";
import { ROOT } from "./token_policies.ts";
import {
  LAST_USE,
  parseTokenStoreState,
  type TokenRecord,
  type TokenStoreState,
  unusableState,
} from "./token_record.ts";
import { acceptRequest, refused, type RequestedFields, type TokenMaker, type TokenRequest } from "./token_request.ts";

export interface IssuedToken {
  /** The token: the only time that it is seen. */
  readonly token: Secret;
  readonly info: TokenInfo;
  readonly warnings: readonly string[];
}

/** What is known of a token at the time that it is asked for. */
export interface TokenInfo extends Readonly<Omit<TokenRecord, "hash" | "parent" | "leaseTtl">> {
  readonly orphan: boolean;
  /** Seconds left, rounded down; 0 when it never expires. */
  readonly ttl: number;
}

export interface RenewedToken {
  readonly info: TokenInfo;
  readonly warnings: readonly string[];
}

export interface TokenStoreOptions extends Partial<LeaseLimits> {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A token in memory; a set of children is what makes revoking a tree cheap. */
interface Node {
  readonly record: TokenRecord;
  readonly children: Set<Node>;
}

/** Vault's default for both limits: 32 days. */
const DEFAULT_LIMITS: LeaseLimits = { defaultTtl: 2_764_800, maxTtl: 2_764_800 };
/** Far more than a local server's clients need: more is somebody's loop. */
const MAX_TOKENS = 10_000;
const ACCESSOR_LENGTH = 24;
const FOREVER: Lease = { ttl: 0, warnings: [] };

export class TokenStore {
  readonly #now: () => number;
  readonly #limits: LeaseLimits;
  readonly #byHash = new Map<string, Node>();
  readonly #byAccessor = new Map<string, Node>();
  /** No token expires before this time. */
  #nextExpiry = Infinity;

  constructor({ now, ...limits }: TokenStoreOptions) {
    this.#now = now;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /**
   * The store that {@linkcode toState} was called on.
   * @throws {Fault} CONFIG when `state` is none
   */
  static fromState(state: unknown, options: TokenStoreOptions): TokenStore {
    const store = new TokenStore(options);
    for (const record of parseTokenStoreState(state).tokens) {
      const parent = record.parent === null ? undefined : store.#byAccessor.get(record.parent);
      const isTwice = store.#byHash.has(record.hash) || store.#byAccessor.has(record.accessor);
      if (isTwice || (record.parent !== null && !parent)) throw unusableState();
      store.#add({ ...record }, parent);
    }
    return store;
  }

  /** All that there is to keep, without any token: whoever reads it can use none of them. */
  toState(): TokenStoreState {
    this.#prune();
    return { version: 1, tokens: [...this.#byHash.values()].map(({ record }) => ({ ...record })) };
  }

  /**
   * Makes a token that may do everything, never expires and has no parent.
   * @throws {Fault} UNAVAILABLE when there are too many tokens
   */
  createRoot(): IssuedToken {
    return this.#issue({
      policies: [ROOT],
      only: null,
      path: "auth/token/root",
      displayName: "root",
      meta: null,
      numUses: 0,
      period: 0,
      explicitMaxTtl: 0,
      renewable: false,
    }, FOREVER);
  }

  /**
   * Makes a token. Its faults have Vault's words where Vault has some: there are clients that look for them.
   * @throws {Fault} USAGE when the one that asks may not have that; UNAVAILABLE when there are too many tokens
   */
  create(request: TokenRequest, maker: TokenMaker): IssuedToken {
    this.#prune();
    const parent = this.#byAccessor.get(maker.accessor);
    if (!parent) throw refused("parent token lookup failed: no parent found");
    const { fields, lease, isOrphan } = acceptRequest(request, maker, parent.record, this.#limits);
    return this.#issue(fields, lease, isOrphan ? undefined : parent);
  }

  /**
   * For the token that a request is made with: counts the use. The last one removes the token, so that only what is
   * returned here is left for the rest of the request.
   * @returns undefined when there is no such token
   */
  use(token: Secret): TokenInfo | undefined {
    const node = this.#find(token);
    if (!node) return undefined;
    const { record } = node;
    if (record.numUses === 1) {
      record.numUses = LAST_USE;
      this.#remove(node);
    } else if (record.numUses > 1) record.numUses--;
    return this.#infoOf(record);
  }

  /** For a token that a request is about. Undefined when there is no such token. */
  lookup(token: Secret): TokenInfo | undefined {
    const node = this.#find(token);
    return node && this.#infoOf(node.record);
  }

  lookupAccessor(accessor: string): TokenInfo | undefined {
    this.#prune();
    const node = this.#byAccessor.get(accessor);
    return node && this.#infoOf(node.record);
  }

  /** Of all tokens, oldest first. */
  accessors(): string[] {
    this.#prune();
    return [...this.#byAccessor.keys()];
  }

  /**
   * @param increment the seconds wanted from now on; 0 for as many as were granted last; a periodic token gets its period
   * @throws {Fault} USAGE when there is no such token, or it cannot be renewed
   */
  renew(accessor: string, increment: number): RenewedToken {
    this.#prune();
    const record = this.#byAccessor.get(accessor)?.record;
    if (!record) throw refused("token not found");
    if (!record.renewable) throw refused("lease is not renewable");
    const now = this.#now();
    const terms = { ...record, ttl: increment || record.leaseTtl };
    const { ttl, warnings } = grantLease(terms, now - record.issueTime, this.#limits);
    record.leaseTtl = ttl;
    record.lastRenewalTime = now;
    record.expireTime = now + ttl * 1000;
    this.#nextExpiry = Math.min(this.#nextExpiry, record.expireTime);
    return { info: this.#infoOf(record), warnings };
  }

  /** Ends a token and all that descend from it. False when there is no such token. */
  revoke(accessor: string): boolean {
    this.#prune();
    const node = this.#byAccessor.get(accessor);
    if (node) this.#remove(node);
    return node !== undefined;
  }

  /** Ends a token and makes its children orphans. False when there is no such token. */
  revokeOrphan(accessor: string): boolean {
    this.#prune();
    const node = this.#byAccessor.get(accessor);
    if (!node) return false;
    for (const child of node.children) child.record.parent = null;
    node.children.clear();
    this.#remove(node);
    return true;
  }

  #find(token: Secret): Node | undefined {
    this.#prune();
    return this.#byHash.get(hashOfToken(token));
  }

  #issue(fields: RequestedFields, { ttl, warnings }: Lease, parent?: Node): IssuedToken {
    this.#prune();
    if (this.#byHash.size >= MAX_TOKENS) {
      throw new Fault("UNAVAILABLE", `there are ${MAX_TOKENS} tokens, which is as many as are kept`, {
        hint: "revoke tokens that are no longer needed, and ask for shorter TTLs",
      });
    }
    const [token, now] = [newBearerToken(), this.#now()];
    const record = {
      ...fields,
      hash: hashOfToken(token),
      accessor: randomBase62(ACCESSOR_LENGTH),
      parent: parent?.record.accessor ?? null,
      issueTime: now,
      creationTtl: ttl,
      leaseTtl: ttl,
      expireTime: ttl === 0 ? null : now + ttl * 1000,
      lastRenewalTime: null,
    };
    this.#add(record, parent);
    return { token, info: this.#infoOf(record), warnings };
  }

  #add(record: TokenRecord, parent: Node | undefined): void {
    const node = { record, children: new Set<Node>() };
    parent?.children.add(node);
    this.#byHash.set(record.hash, node);
    this.#byAccessor.set(record.accessor, node);
    this.#nextExpiry = Math.min(this.#nextExpiry, record.expireTime ?? Infinity);
  }

  /** With all its descendants; without recursion, since a chain of them can be as long as there are tokens. */
  #remove(top: Node): void {
    this.#byAccessor.get(top.record.parent ?? "")?.children.delete(top);
    const doomed = [top];
    for (let node = doomed.pop(); node; node = doomed.pop()) {
      this.#byHash.delete(node.record.hash);
      this.#byAccessor.delete(node.record.accessor);
      doomed.push(...node.children);
    }
  }

  /** Afterwards every token that is left may be used: it has not expired, and neither has any that it descends from. */
  #prune(): void {
    const now = this.#now();
    if (now < this.#nextExpiry) return;
    const expired = [...this.#byHash.values()].filter(({ record }) => (record.expireTime ?? Infinity) <= now);
    for (const node of expired) this.#remove(node);
    this.#nextExpiry = [...this.#byHash.values()].reduce(
      (next, { record }) => Math.min(next, record.expireTime ?? Infinity),
      Infinity,
    );
  }

  #infoOf({ hash: _hash, parent, leaseTtl: _leaseTtl, ...record }: TokenRecord): TokenInfo {
    const left = record.expireTime === null ? 0 : record.expireTime - this.#now();
    return { ...record, orphan: parent === null, ttl: Math.floor(left / 1000) };
  }
}
