/** A token with what is known of its life. */
import type { Secret } from "../../secret.ts";

export class Lease {
  readonly token: Secret;
  renewable: boolean;
  /** Whether the server has let it do anything. */
  hasWorked = false;
  /** Whether the server does not know it, and nothing else can be had. */
  isDead = false;
  /** Whether it could look itself up when it was new, if it was tried: not every policy lets a token do that. */
  canLookUp: boolean | undefined;
  /** Milliseconds since 1970; undefined for a token that does not end. */
  #ends: number | undefined;
  /** How long it was given for, last time. */
  #ms = 0;
  #notBefore = 0;
  #users = 0;
  #isReplaced = false;

  constructor(token: Secret, renewable: boolean) {
    this.token = token;
    this.renewable = renewable;
  }

  /**
   * @param seconds how long it has from `at` on; 0 for ever
   * @param ofSeconds how long it was given for, of which that is what is left
   */
  extend(at: number, seconds: number, ofSeconds = seconds): void {
    this.#ends = seconds > 0 ? at + seconds * 1000 : undefined;
    this.#ms = Math.max(seconds, ofSeconds) * 1000;
  }

  /** Milliseconds that are left at a time. */
  left(at: number): number {
    return this.#ends === undefined ? Infinity : this.#ends - at;
  }

  /** Whether less than a third of its time is left. */
  isDue(at: number): boolean {
    return this.left(at) < this.#ms / 3 && at >= this.#notBefore;
  }

  /** Not due before then. */
  postpone(until: number): void {
    this.#notBefore = until;
  }

  /** Lends the token; one that was replaced is wiped when nobody uses it any more. */
  async use<T>(borrow: (token: Secret) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await borrow(this.token);
    } finally {
      this.#users--;
      this.#wipe();
    }
  }

  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  replaced(): void {
    this.#isReplaced = true;
    this.#wipe();
  }

  #wipe(): void {
    if (this.#isReplaced && this.#users === 0) this.token.dispose();
  }
}
