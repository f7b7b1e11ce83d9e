import { fixed } from "./libc.ts";

/** A NULL-terminated array of C strings, as `execve` takes arguments and environment. Disposing wipes the strings. */
export class StringVector {
  readonly #strings: Uint8Array<ArrayBuffer>;
  readonly #pointers: Uint8Array<ArrayBuffer>;

  /** @param items without NUL bytes */
  constructor(items: readonly Uint8Array[]) {
    this.#strings = fixed(items.reduce((sum, item) => sum + item.length + 1, 1));
    this.#pointers = fixed((items.length + 1) * 8);
    const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.#strings));
    const pointers = new BigUint64Array(this.#pointers.buffer);
    let at = 0;
    for (const [i, item] of items.entries()) {
      this.#strings.set(item, at);
      pointers[i] = base + BigInt(at);
      at += item.length + 1;
    }
  }

  /** The array of addresses; valid until this is disposed. */
  get pointers(): Uint8Array<ArrayBuffer> {
    return this.#pointers;
  }

  [Symbol.dispose](): void {
    this.#strings.fill(0);
  }
}
