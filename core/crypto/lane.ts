/** The memory that scrypt works in: one, reused while it is warm, let go when it has not been used for a while. */
import { SCRYPT_WASM } from "./wasm.generated.ts";
import { compile } from "./wasm_module.ts";

/** The module's functions and addresses; see `assembly/scrypt.ts`. */
export interface ScryptExports {
  readonly Y: { readonly value: number };
  readonly V: { readonly value: number };
  load_block(r: number): void;
  unload_block(r: number): void;
  fill(r: number, n: number, start: number, end: number): void;
  mix(r: number, n: number, start: number, end: number): void;
  wipe(r: number, n: number): void;
}

/** An instance and its memory. They keep each other alive, so a lane is collected whole. */
export interface Lane {
  readonly memory: WebAssembly.Memory;
  readonly wasm: ScryptExports;
}

/** How lanes are made and kept; the defaults are for everything but tests and measurements. */
export interface LaneOptions {
  /** Makes a memory of so many pages. */
  readonly allocate?: (pages: number) => WebAssembly.Memory;
  /** How long a lane that nobody uses is held. */
  readonly holdMs?: number;
}

const PAGE_BYTES = 65536;
/** How long, unless told otherwise. */
export const HOLD_MS = 30_000;

/**
 * Holds the last lane. WebAssembly cannot give memory back, it can only be collected. Holding it for ever would cost a
 * server 128 MiB; letting go of it at once would leave that much garbage per unlock, and the page faults of new memory
 * are a third of a derivation. So it is held for a while after its last use, and then left to the collector.
 */
export class LaneKeeper {
  readonly #module = compile(SCRYPT_WASM);
  readonly #allocate: (pages: number) => WebAssembly.Memory;
  readonly #holdMs: number;
  /**
   * Not a timer, which would keep the process alive: a lane can only go when a collection happens, so that is the
   * clock.
   */
  readonly #collections = new FinalizationRegistry<undefined>(() => this.#afterCollection());
  #held: Lane | undefined;
  #last: WeakRef<Lane> | undefined;
  #lastUse = Infinity;
  #isWatching = false;

  constructor({ allocate = (initial) => new WebAssembly.Memory({ initial }), holdMs = HOLD_MS }: LaneOptions) {
    this.#allocate = allocate;
    this.#holdMs = holdMs;
  }

  /** A lane with room for a table of this many bytes: the last one, grown if need be, or a new one. */
  get(tableBytes: number): Lane {
    const lane = this.#held ?? this.#last?.deref() ?? this.#create();
    const missing = Math.ceil((lane.wasm.V.value + tableBytes - lane.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) lane.memory.grow(missing); // address space only: pages become real when they are written
    this.#held = lane;
    this.#lastUse = Infinity; // in use, until `rest`
    return lane;
  }

  /** Says that a derivation has ended: the time for which its lane is held starts now. */
  rest(): void {
    this.#lastUse = performance.now();
    if (!this.#isWatching) this.#watch();
  }

  #create(): Lane {
    const memory = this.#allocate(1);
    const { exports } = new WebAssembly.Instance(this.#module, { env: { memory } });
    const lane = { memory, wasm: exports as unknown as ScryptExports };
    this.#last = new WeakRef(lane);
    return lane;
  }

  /** Registers an object that is garbage already: when it is collected, a collection has happened. */
  #watch(): void {
    this.#isWatching = true;
    this.#collections.register({}, undefined);
  }

  #afterCollection(): void {
    this.#isWatching = false;
    if (performance.now() - this.#lastUse >= this.#holdMs) this.#held = undefined;
    else this.#watch();
  }
}
