/** scrypt in WebAssembly: PBKDF2 around it, and ROMix in slices between which the event loop turns. */
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { ScryptBackend, ScryptOptions } from "./backend.ts";
import { breathe } from "./event_loop.ts";
import { type Lane, LaneKeeper, type LaneOptions } from "./lane.ts";

/** How long the event loop may be kept waiting: a frame of a progress bar. */
const SLICE_MS = 16;

/** ROMix steps between two looks at the clock, for r = 1: about a millisecond. */
const STEPS_PER_LOOK = 8192;

export class WasmScrypt implements ScryptBackend {
  readonly name = "wasm-simd";
  readonly #lanes: LaneKeeper;

  /** Settles when the derivation before is done: they take turns, so there is never more than one table in memory. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LaneOptions = {}) {
    this.#lanes = new LaneKeeper(options);
  }

  async derive(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array> {
    const before = this.#turn;
    const { promise, resolve } = deferred();
    this.#turn = promise;
    await before;
    try {
      return await this.#derive(passphrase, salt, options);
    } finally {
      resolve();
    }
  }

  /** RFC 7914 §6. */
  async #derive(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array> {
    const { logN, r, p, length, onProgress } = options;
    const size = 128 * r;
    const lane = this.#lanes.get(2 ** logN * size);
    const blocks = pbkdf2(sha256, passphrase, salt, { c: 1, dkLen: p * size });
    try {
      for (let i = 0; i < p; i++) {
        const report = onProgress && ((done: number) => onProgress((i + done) / p));
        await romix(lane, blocks.subarray(i * size, (i + 1) * size), logN, r, report);
      }
      return pbkdf2(sha256, passphrase, blocks, { c: 1, dkLen: length });
    } finally {
      blocks.fill(0);
      lane.wasm.wipe(r, 2 ** logN);
      this.#lanes.rest();
    }
  }
}

/** RFC 7914 §5 on `block`, in place. */
async function romix(
  { memory, wasm }: Lane,
  block: Uint8Array,
  logN: number,
  r: number,
  report: ((done: number) => void) | undefined,
): Promise<void> {
  const n = 2 ** logN;
  const bytes = new Uint8Array(memory.buffer, wasm.Y.value, block.length);
  bytes.set(block);
  wasm.load_block(r);
  // Even, because `mix` works in pairs of steps.
  const steps = 2 * Math.floor(STEPS_PER_LOOK / r / 2);
  let begun = performance.now();
  for (const [phase, offset] of [[wasm.fill, 0], [wasm.mix, n]] as const) {
    for (let start = 0; start < n; start += steps) {
      const end = Math.min(n, start + steps);
      phase(r, n, start, end);
      if (performance.now() - begun < SLICE_MS) continue;
      report?.((offset + end) / (2 * n));
      await breathe();
      begun = performance.now();
    }
  }
  wasm.unload_block(r);
  block.set(bytes);
  report?.(1);
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => resolve = settle);
  return { promise, resolve };
}
