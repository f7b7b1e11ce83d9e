/**
 * Answers that are kept back under a token of their own, which opens them once (Vault's response wrapping). Whoever finds
 * that the token opens nothing any more knows that somebody else has used it.
 */
import { Fault } from "../core/fault.ts";
import type { Secret } from "../core/secret.ts";
import { hashOfToken, newBearerToken, randomBase62 } from "./bearer_token.ts";

/** Where an answer came from, and for how long it is kept. */
export interface WrapTerms {
  /** Seconds, at least 1. */
  readonly ttl: number;
  /** The path of the request, `stack/data/name`. */
  readonly creationPath: string;
  /** The accessor of the token that the answer holds, when it holds one. */
  readonly wrappedAccessor?: string;
}

/** What is known of a wrapping token. */
export interface WrapInfo extends WrapTerms {
  readonly accessor: string;
  /** Milliseconds since 1970. */
  readonly creationTime: number;
}

export interface Wrapped {
  /** The wrapping token: the only time that it is seen. */
  readonly token: Secret;
  readonly info: WrapInfo;
}

interface Entry {
  readonly answer: Secret;
  readonly info: WrapInfo;
}

/** More than anything waits for on one machine. */
const MAX_ANSWERS = 1000;
/** 64 MiB. */
const MAX_BYTES = 67_108_864;
/** 32 days, as for tokens. */
const MAX_TTL = 2_764_800;
const ACCESSOR_LENGTH = 24;

export class WrappedAnswers implements Disposable {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Keeps an answer. It takes ownership of `answer`, also when it throws.
   * @throws {Fault} USAGE for a TTL of less than a second or more than 32 days; UNAVAILABLE when too much is kept
   */
  wrap(answer: Secret, terms: WrapTerms): Wrapped {
    try {
      this.prune();
      if (!Number.isInteger(terms.ttl) || terms.ttl < 1 || terms.ttl > MAX_TTL) {
        throw new Fault("USAGE", "the wrap TTL is less than a second or more than 32 days");
      }
      const bytes = this.#entries.values().reduce((sum, entry) => sum + entry.answer.size, answer.size);
      if (this.#entries.size >= MAX_ANSWERS || bytes > MAX_BYTES) {
        throw new Fault("UNAVAILABLE", "too many wrapped answers wait to be unwrapped", {
          hint: "unwrap them, and ask for shorter wrap TTLs",
        });
      }
      return this.#keep(answer, terms);
    } catch (error) {
      answer.dispose();
      throw error;
    }
  }

  /**
   * Says where a wrapping token comes from, without using it up.
   * @throws {Fault} USAGE when it opens nothing (any more)
   */
  lookup(token: Secret): WrapInfo {
    this.prune();
    const entry = this.#entries.get(hashOfToken(token));
    if (!entry) throw invalid();
    return entry.info;
  }

  /**
   * Hands the answer over, which the caller then owns. Nothing opens it a second time.
   * @throws {Fault} USAGE when the token opens nothing (any more)
   */
  unwrap(token: Secret): Secret {
    return this.#takeOut(token).answer;
  }

  /**
   * Keeps the answer under another token, from now on for as long as at first. The old one opens nothing any more.
   * @throws {Fault} USAGE when it does so already
   */
  rewrap(token: Secret): Wrapped {
    const { answer, info } = this.#takeOut(token);
    return this.#keep(answer, info);
  }

  /**
   * Wipes an answer. For a wrapping token that comes in place of another kind of token, too: its owner would know better,
   * and so Vault lets it die of that.
   * @returns false when it opens nothing anyway
   */
  revoke(token: Secret): boolean {
    this.prune();
    return this.#forget(hashOfToken(token));
  }

  /** As `revoke`, for whoever knows the token by its accessor only. */
  revokeAccessor(accessor: string): boolean {
    this.prune();
    const hash = this.#entries.entries().find(([, { info }]) => info.accessor === accessor)?.[0];
    return hash !== undefined && this.#forget(hash);
  }

  /** Wipes what has expired. Everything else here does so first; an answer stays until one of them is called. */
  prune(): void {
    const now = this.#now();
    for (const [hash, { info }] of this.#entries) {
      if (now >= info.creationTime + info.ttl * 1000) this.#forget(hash);
    }
  }

  /** Wipes all: when the server locks, and when it ends. */
  [Symbol.dispose](): void {
    for (const hash of this.#entries.keys()) this.#forget(hash);
  }

  #keep(answer: Secret, terms: WrapTerms): Wrapped {
    const token = newBearerToken();
    const info = { ...terms, accessor: randomBase62(ACCESSOR_LENGTH), creationTime: this.#now() };
    this.#entries.set(hashOfToken(token), { answer, info });
    return { token, info };
  }

  #takeOut(token: Secret): Entry {
    this.prune();
    const hash = hashOfToken(token);
    const entry = this.#entries.get(hash);
    if (!entry) throw invalid();
    this.#entries.delete(hash);
    return entry;
  }

  #forget(hash: string): boolean {
    this.#entries.get(hash)?.answer.dispose();
    return this.#entries.delete(hash);
  }
}

/** In Vault's words, which its clients know; it does not say whether there has ever been such a token. */
function invalid(): Fault {
  return new Fault("USAGE", "wrapping token is not valid or does not exist", {
    hint: "if it should be, somebody else has used it: have what it wrapped replaced",
  });
}
