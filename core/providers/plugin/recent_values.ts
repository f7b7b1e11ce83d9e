/** The values that have gone through a plugin lately: what it says of itself may repeat them. */
import { LEAST_MASKED_BYTES } from "../../mask/masker.ts";
import { Secret } from "../../secret.ts";

/** A plugin's log is a moment behind its answers. */
const KEPT = 64;

export class RecentValues implements Iterable<Secret>, Disposable {
  readonly #always: readonly Secret[];
  readonly #values: Secret[] = [];

  /** @param always texts that are never to be shown: what the plugin was configured with */
  constructor(always: readonly string[]) {
    this.#always = always.map((text) => Secret.fromText(text));
  }

  /** @param value is copied */
  add(value: Secret): void {
    if (value.size < LEAST_MASKED_BYTES) return;
    this.#values.push(value.copy());
    if (this.#values.length > KEPT) this.#values.shift()!.dispose();
  }

  *[Symbol.iterator](): Iterator<Secret> {
    yield* this.#always;
    yield* this.#values;
  }

  [Symbol.dispose](): void {
    for (const value of this) value.dispose();
    this.#values.length = 0;
  }
}
