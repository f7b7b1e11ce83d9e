/**
 * The keys of an opened stack (docs/format.md §3). A stack has one random 32-byte stack key; while it is being re-keyed
 * it has two, so that an interruption leaves every value readable. Purpose keys are derived from a stack key with
 * distinct labels, so that no key ever serves two algorithms.
 */
import { randomBytes } from "../crypto/bytes.ts";
import { hkdfSha256 } from "../crypto/hkdf.ts";

export const STACK_KEY_BYTES = 32;

/** What a derived key is for; each label is an HKDF `info`. */
export type Purpose =
  | "coffer/1 seal"
  | "coffer/1 mac secret"
  | "coffer/1 mac stack"
  | "coffer/1 seal kv"
  | "coffer/1 seal provider"
  | "coffer/1 seal cache";

export class Keyring {
  readonly #id: Uint8Array;
  readonly #keys: Map<number, Uint8Array>;
  readonly #derived = new Map<string, Uint8Array>();

  /**
   * Takes ownership of the keys.
   * @param id the stack's 16-byte id: the HKDF salt
   * @param keys stack keys by number
   */
  constructor(id: Uint8Array, keys: ReadonlyMap<number, Uint8Array>) {
    this.#id = id;
    this.#keys = new Map(keys);
  }

  /** A keyring with one fresh random key, number 1. */
  static generate(id: Uint8Array): Keyring {
    return new Keyring(id, new Map([[1, randomBytes(STACK_KEY_BYTES)]]));
  }

  /** Key numbers, newest first. */
  get numbers(): readonly number[] {
    return [...this.#keys.keys()].sort((a, b) => b - a);
  }

  /** The number that new values are sealed under. */
  get newest(): number {
    return this.numbers[0]!;
  }

  has(number: number): boolean {
    return this.#keys.has(number);
  }

  /** The 32-byte key for one purpose under stack key `number`. Borrowed: the keyring wipes it. */
  derive(number: number, purpose: Purpose): Uint8Array {
    const cached = this.#derived.get(`${number} ${purpose}`);
    if (cached) return cached;
    const key = this.#keys.get(number);
    if (!key) throw new Error(`internal error: no stack key ${number}`);
    const derived = hkdfSha256(key, this.#id, purpose, 32);
    this.#derived.set(`${number} ${purpose}`, derived);
    return derived;
  }

  /** A keyring with one more random key, the newest. */
  withNewKey(): Keyring {
    const copies = this.#copies();
    copies.set(this.newest + 1, randomBytes(STACK_KEY_BYTES));
    return new Keyring(this.#id, copies);
  }

  /** A keyring with nothing but the newest key. */
  onlyNewest(): Keyring {
    const newest = this.newest;
    return new Keyring(this.#id, new Map([[newest, this.#keys.get(newest)!.slice()]]));
  }

  /** The stack keys in the order of `numbers`, for wrapping. The caller must wipe the result. */
  export(): Uint8Array {
    const out = new Uint8Array(this.#keys.size * STACK_KEY_BYTES);
    this.numbers.forEach((n, i) => out.set(this.#keys.get(n)!, i * STACK_KEY_BYTES));
    return out;
  }

  dispose(): void {
    for (const key of [...this.#keys.values(), ...this.#derived.values()]) key.fill(0);
    this.#keys.clear();
    this.#derived.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #copies(): Map<number, Uint8Array> {
    return new Map([...this.#keys].map(([n, key]) => [n, key.slice()]));
  }
}
