/** What this process does at a signal, where the runtime has no word for it (signal(2)). */
import { type Functions, libc } from "./libc.ts";

const SYMBOLS = {
  signal: { parameters: ["i32", "usize"], result: "usize" },
  abs: { type: "pointer" },
  sigignore: { type: "pointer" },
} as const;

const SIG_IGN = 1n, LAST_SIGNAL = 64;

export class Dispositions {
  readonly #libc: Functions<typeof SYMBOLS>;
  readonly #doesNothing: bigint;
  readonly #ignoresFromNowOn: bigint;

  /** Functions of the C library that take a number are handlers. Nothing of ours may run where a signal is caught. */
  private constructor(functions: Functions<typeof SYMBOLS>) {
    this.#libc = functions;
    this.#doesNothing = Deno.UnsafePointer.value(functions.abs);
    this.#ignoresFromNowOn = Deno.UnsafePointer.value(functions.sigignore);
  }

  /** Undefined where there is no such C library. */
  static load(): Dispositions | undefined {
    const functions = libc(SYMBOLS);
    return functions && new Dispositions(functions);
  }

  /** Unlike what is caught, what is ignored stays so in a child. */
  ignore(signals: readonly number[]): void {
    for (const signal of signals) this.#libc.signal(signal, SIG_IGN);
  }

  /** Catches it without doing anything. */
  catch(signal: number): void {
    this.#libc.signal(signal, this.#doesNothing);
  }

  /** Catches it, and ignores it once it has come. Returns whether it was ignored. */
  catchOnce(signal: number): boolean {
    return this.#libc.signal(signal, this.#ignoresFromNowOn) === SIG_IGN;
  }
}

/** The numbers of the signals that are ignored. Empty where the system does not tell. */
export function ignoredSignals(): number[] {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    const bits = BigInt(`0x${mask ?? "0"}`);
    return Array.from({ length: LAST_SIGNAL }, (_, i) => i + 1).filter((signal) => (bits >> BigInt(signal - 1)) & 1n);
  } catch {
    return []; // no such file on this system
  }
}
