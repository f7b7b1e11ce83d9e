/**
 * Gives the memory that an unlock has taken back to the system. Core holds scrypt's table, 128 MiB, for the next
 * derivation, and lets go of it at the garbage collections that come some time later: of those a server that has little to
 * do, or `coffer run` while its command runs, sees none for hours.
 */
import { HOLD_MS } from "../core/crypto/lane.ts";

/** The first collection tells core that the time is over; what core lets go of then is taken by the second. */
const AFTER_MS = [HOLD_MS + 1000, HOLD_MS + 2000];

export class MemoryReturn implements Disposable {
  readonly #collect: () => void;
  readonly #afterMs: readonly number[];
  #timers: ReturnType<typeof setTimeout>[] = [];

  /** The defaults are for everything but tests. Nothing is collected where the runtime was not told to let us. */
  constructor(collect: () => void = () => runtime.gc?.(), afterMs: readonly number[] = AFTER_MS) {
    this.#collect = collect;
    this.#afterMs = afterMs;
  }

  /** A stack was unlocked just now. Nothing waits for what comes of it. */
  unlocked(): void {
    this[Symbol.dispose]();
    this.#timers = this.#afterMs.map((ms) => setTimeout(this.#collect, ms));
    for (const timer of this.#timers) Deno.unrefTimer(timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }
}

/** V8's, with the flag that the bundle's first line and the executables have. */
const runtime = globalThis as { readonly gc?: () => void };
