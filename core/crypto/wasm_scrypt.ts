/** scrypt in WebAssembly: PBKDF2 around it, ROMix in slices, and one memory that is reused, wiped and never held. */
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { ScryptBackend, ScryptOptions } from "./backend.ts";
import { breathe } from "./event_loop.ts";
import { SCRYPT_WASM } from "./wasm.generated.ts";
import { compile } from "./wasm_module.ts";

/** The module's functions and addresses; see `assembly/scrypt.ts`. */
interface ScryptExports {
  readonly Y: { readonly value: number };
  readonly V: { readonly value: number };
  load_block(r: number): void;
  unload_block(r: number): void;
  fill(r: number, n: number, start: number, end: number): void;
  mix(r: number, n: number, start: number, end: number): void;
  wipe(r: number, n: number): void;
}

/** An instance and its memory. They keep each other alive, so a lane is collected whole. */
interface Lane {
  readonly memory: WebAssembly.Memory;
  readonly wasm: ScryptExports;
}

const PAGE_BYTES = 65536;

/** How long the event loop may be kept waiting: a frame of a progress bar. */
const SLICE_MS = 16;

/** ROMix steps between two looks at the clock: about a millisecond. The unit is 128 bytes of block. */
const STEPS_PER_LOOK = 8192;

/** @param allocate makes the memory; given by tests, which look into it */
export class WasmScrypt implements ScryptBackend {
  readonly name = "wasm-simd";
  readonly #module = compile(SCRYPT_WASM);
  readonly #allocate: (pages: number) => WebAssembly.Memory;

  /**
   * The last lane, for as long as the collector leaves it. WebAssembly cannot give memory back, so the choices are to
   * hold 128 MiB for ever, to leave 128 MiB of garbage per unlock, or this: reuse what is still there (20 % faster as
   * well: no page faults) and own nothing in between.
   */
  #last: WeakRef<Lane> | undefined;

  /** Settles when the derivation before is done: they take turns, so there is never more than one memory. */
  #turn: Promise<void> = Promise.resolve();

  constructor(allocate = (pages: number) => new WebAssembly.Memory({ initial: pages })) {
    this.#allocate = allocate;
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
    const lane = this.#lane(2 ** logN * size);
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
    }
  }

  /** A lane with room for a table of this many bytes: the last one, grown if need be, or a new one. */
  #lane(tableBytes: number): Lane {
    const last = this.#last?.deref();
    const wasm = last?.wasm;
    const memory = last?.memory ?? this.#allocate(1);
    const instance = wasm ??
      new WebAssembly.Instance(this.#module, { env: { memory } }).exports as unknown as ScryptExports;
    const missing = Math.ceil((instance.V.value + tableBytes - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing); // address space only: pages become real when they are written
    const lane = last ?? { memory, wasm: instance };
    if (!last) this.#last = new WeakRef(lane);
    return lane;
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
