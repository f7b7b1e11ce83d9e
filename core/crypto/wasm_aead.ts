/** XChaCha20-Poly1305 in WebAssembly: copies in, calls, copies out, and leaves zeros behind. */
import { type AeadBackend, TAG_BYTES } from "./backend.ts";
import { AEAD_WASM } from "./wasm.generated.ts";
import { compile } from "./wasm_module.ts";

/** The module's functions and addresses; `assembly/xchacha20poly1305.ts` says what each does and in which order. */
export interface AeadExports {
  begin(): void;
  keyed(): void;
  absorb(n: number): void;
  expect(n: number): void;
  seal(n: number, isFirst: boolean): void;
  open(n: number, isFirst: boolean): void;
  lengths(aad: number, text: number): void;
  finish(): void;
  matches(): number;
  wipe(n: number): void;
}

/** Addresses and sizes that the module exports, read once. See the map in `assembly/memory.ts`. */
type Layout = Record<"KEY" | "NONCE" | "TAG" | "TEXT" | "FIRST" | "CHUNK", number>;

const PAGES = 2;

/**
 * One instance serves a whole process: an operation never yields, so no two of them are ever inside at once.
 * @param memory two pages; given by tests, which look into it
 */
export class WasmAead implements AeadBackend {
  readonly name = "wasm-relaxed-simd";
  readonly #wasm: AeadExports;
  readonly #bytes: Uint8Array;
  readonly #at: Layout;

  constructor(memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })) {
    const instance = new WebAssembly.Instance(compile(AEAD_WASM), { env: { memory } });
    this.#wasm = instance.exports as unknown as AeadExports;
    this.#bytes = new Uint8Array(memory.buffer);
    const address = (name: keyof Layout) => (instance.exports[name] as { readonly value: number }).value;
    this.#at = {
      KEY: address("KEY"),
      NONCE: address("NONCE"),
      TAG: address("TAG"),
      TEXT: address("TEXT"),
      FIRST: address("FIRST"),
      CHUNK: address("CHUNK"),
    };
  }

  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
    const wasm = this.#wasm, bytes = this.#bytes, { TAG, TEXT } = this.#at;
    const length = plaintext.length;
    const out = new Uint8Array(length + TAG_BYTES);
    try {
      this.#begin(key, nonce, aad);
      let from = 0;
      do {
        const to = this.#chunkEnd(from, length);
        bytes.set(from === 0 && to === length ? plaintext : plaintext.subarray(from, to), TEXT);
        wasm.seal(to - from, from === 0);
        out.set(bytes.subarray(TEXT, TEXT + to - from), from);
        from = to;
      } while (from < length);
      wasm.lengths(aad.length, length);
      wasm.finish();
      out.set(bytes.subarray(TAG, TAG + TAG_BYTES), length);
      return out;
    } finally {
      this.#wipe(length, aad.length);
    }
  }

  /**
   * Decrypts as it authenticates, inside linear memory. The last chunk, which is all of a message up to 64 KiB, is
   * copied out only after the tags compare; earlier ones wait in an array that nobody else has seen, and that is zeroed
   * if they do not.
   */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
    const wasm = this.#wasm, bytes = this.#bytes, { TEXT } = this.#at;
    const length = sealed.length - TAG_BYTES;
    const out = new Uint8Array(length);
    let authentic = false;
    try {
      this.#begin(key, nonce, aad);
      let from = 0, to = this.#chunkEnd(0, length);
      for (; to < length; from = to, to = this.#chunkEnd(from, length)) {
        bytes.set(sealed.subarray(from, to), TEXT);
        wasm.open(to - from, from === 0);
        out.set(bytes.subarray(TEXT, TEXT + to - from), from);
      }
      bytes.set(from === 0 ? sealed : sealed.subarray(from), TEXT); // with the tag at its end
      wasm.expect(to - from);
      wasm.open(to - from, from === 0);
      wasm.lengths(aad.length, length);
      wasm.finish();
      authentic = wasm.matches() === 1;
      if (!authentic) return undefined;
      out.set(bytes.subarray(TEXT, TEXT + to - from), from);
      return out;
    } finally {
      if (!authentic) out.fill(0);
      this.#wipe(length, aad.length);
    }
  }

  #begin(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): void {
    const wasm = this.#wasm, bytes = this.#bytes, { KEY, NONCE, TEXT, CHUNK } = this.#at;
    bytes.set(key, KEY);
    bytes.set(nonce, NONCE);
    wasm.begin();
    for (let from = 0; from < aad.length; from += CHUNK) {
      const piece = aad.subarray(from, from + CHUNK);
      bytes.set(piece, TEXT);
      wasm.absorb(piece.length);
    }
  }

  /** Where the chunk that starts at `from` ends: the first one is longer, see the memory map. */
  #chunkEnd(from: number, length: number): number {
    const { FIRST, CHUNK } = this.#at;
    return Math.min(length, (from === 0 ? FIRST : from) + CHUNK);
  }

  #wipe(text: number, aad: number): void {
    const { FIRST, CHUNK } = this.#at;
    this.#wasm.wipe(Math.min(Math.max(text, aad), FIRST + CHUNK));
  }
}
