/** Waiting for children with waitpid(2): the runtime's own wait knows neither stops nor processes that it inherited. */
import { fixed, type Functions, libc } from "./libc.ts";

const SYMBOLS = {
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32", nonblocking: true },
} as const;

const ANY = -1, WUNTRACED = 2;

/** What became of a process: its exit code, 128+n after signal n, or that it was stopped. */
export type Change = { readonly exit: number } | "stopped";

export class Reaper {
  readonly #libc: Functions<typeof SYMBOLS>;

  private constructor(functions: Functions<typeof SYMBOLS>) {
    this.#libc = functions;
  }

  /** Undefined where there is no such C library. */
  static load(): Reaper | undefined {
    const functions = libc(SYMBOLS);
    return functions && new Reaper(functions);
  }

  /**
   * Waits until `pid`, a child, ends, and returns its exit code. Takes every other child that ends away as well: as a
   * container's first process we inherit orphans, and nobody else would.
   */
  async wait(pid: number, onStop: () => void): Promise<number> {
    const status = fixed(4);
    for (;;) {
      const ended = await this.#libc.waitpid(ANY, status, WUNTRACED);
      if (ended < 0) throw new Error("waitpid: there is no such child"); // somebody else took it
      if (ended !== pid) continue;
      const change = changeOf(new Int32Array(status.buffer)[0]!);
      if (change === "stopped") onStop();
      else return change.exit;
    }
  }
}

/** <bits/waitstatus.h> */
export function changeOf(status: number): Change {
  if ((status & 0xff) === 0x7f) return "stopped";
  const signal = status & 0x7f;
  return { exit: signal === 0 ? (status >> 8) & 0xff : 128 + signal };
}
