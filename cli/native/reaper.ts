/** Waiting for children with waitpid(2): the runtime's own wait knows neither stops nor processes that it inherited. */
import { fixed, type Functions, libc } from "./libc.ts";

const SYMBOLS = {
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32", nonblocking: true },
} as const;

const ANY = -1, WUNTRACED = 2;

/** What became of a process: its exit code, 128+n after signal n, or that it was stopped. */
export type Change = { readonly exit: number } | "stopped";

interface Awaited {
  readonly onStop: () => void;
  readonly ended: PromiseWithResolvers<number>;
}

/** By process id. One wait for all of them: two would take each other's children away. */
const awaited = new Map<number, Awaited>();

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

  /** Waits until `pid`, a child that was started just now, ends, and returns its exit code. */
  wait(pid: number, onStop: () => void = () => {}): Promise<number> {
    const ended = Promise.withResolvers<number>();
    awaited.set(pid, { onStop, ended });
    if (awaited.size === 1) void this.#reap();
    return ended.promise;
  }

  /**
   * Takes every child that ends away: as a container's first process we inherit orphans, and nobody else would.
   */
  async #reap(): Promise<void> {
    const status = fixed(4);
    while (awaited.size > 0) {
      const pid = await this.#libc.waitpid(ANY, status, WUNTRACED);
      if (pid < 0) return fail(new Error("waitpid: there is no such child")); // somebody else took it
      const child = awaited.get(pid);
      const change = changeOf(new Int32Array(status.buffer)[0]!);
      if (change === "stopped") {
        child?.onStop();
      } else {
        awaited.delete(pid);
        child?.ended.resolve(change.exit);
      }
    }
  }
}

function fail(error: Error): void {
  for (const { ended } of awaited.values()) ended.reject(error);
  awaited.clear();
}

/** <bits/waitstatus.h> */
export function changeOf(status: number): Change {
  if ((status & 0xff) === 0x7f) return "stopped";
  const signal = status & 0x7f;
  return { exit: signal === 0 ? (status >> 8) & 0xff : 128 + signal };
}
