/**
 * How many failed authentications are answered as such, and from when on with "too many requests".
 *
 * Authenticate first, and ask here only when that has failed. A valid token then always passes, however many guesses
 * come from the same address: on the loopback interface every process has the same one, so that whoever was refused
 * beforehand because of its neighbour could be locked out at will. Refusing beforehand would not hinder guessing
 * either, since tokens have 190 bits. What is bounded is what a failure costs: its line in the audit log, its answer.
 */

/** Failures at once and then per second, of one peer. */
const PEER = { burst: 10, perSecond: 1 };
/** Of all peers together: whoever has many addresses (127.0.0.0/8 are 16 million) still has this one. */
const ALL = { burst: 100, perSecond: 10 };
/** Forgetting a peer gives it its burst again, which the limit for all of them bounds. */
const MAX_PEERS = 1024;

export class FailureLimiter {
  readonly #now: () => number;
  readonly #all: Bucket;
  /** The one that has failed most recently is last. */
  readonly #peers = new Map<string, Bucket>();

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#all = new Bucket(ALL, now());
  }

  /**
   * Counts a failed authentication.
   * @param peer who failed, as its transport tells: an address, a user's id; never what the request says
   * @returns undefined within the limits; beyond them the whole seconds to wait, at least 1 (`Retry-After`)
   */
  fail(peer: string): number | undefined {
    const now = this.#now();
    const bucket = this.#peers.get(peer) ?? new Bucket(PEER, now);
    this.#peers.delete(peer);
    this.#peers.set(peer, bucket);
    if (this.#peers.size > MAX_PEERS) this.#peers.delete(this.#peers.keys().next().value!);
    // Nothing is taken unless both have something: one peer alone cannot use up what is there for all.
    const wait = bucket.wait(now) || this.#all.wait(now);
    if (wait > 0) return wait;
    bucket.take();
    this.#all.take();
    return undefined;
  }
}

class Bucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #level: number;
  #at: number;

  constructor({ burst, perSecond }: { burst: number; perSecond: number }, now: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#level = burst;
    this.#at = now;
  }

  /** Whole seconds until there is something to take; 0 when there is. */
  wait(now: number): number {
    const seconds = Math.max(0, now - this.#at) / 1000; // a clock may be set back
    this.#level = Math.min(this.#burst, this.#level + seconds * this.#perSecond);
    this.#at = now;
    return this.#level >= 1 ? 0 : Math.ceil((1 - this.#level) / this.#perSecond);
  }

  take(): void {
    this.#level--;
  }
}
