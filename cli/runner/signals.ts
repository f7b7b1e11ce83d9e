/** Signals for the command: what we receive, it receives. A second SIGINT or SIGTERM kills it. */
import type { Mode } from "./process.ts";
import { statOf } from "./process_table.ts";

/** All that the runtime lets a program catch, but for SIGCHLD, which is about our own children. */
const CATCHABLE = [
  ...["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCONT", "SIGWINCH", "SIGTSTP"],
  ...["SIGTTIN", "SIGTTOU", "SIGABRT", "SIGTRAP", "SIGSYS", "SIGURG", "SIGIO", "SIGXCPU", "SIGXFSZ", "SIGVTALRM"],
  ...["SIGPROF", "SIGPWR", "SIGSTKFLT"],
] as const;
type Catchable = (typeof CATCHABLE)[number] & Deno.Signal;

/** A terminal sends these to all of the job: in a shared group the command has had them already, or is stopped as we are. */
const FROM_TERMINAL: ReadonlySet<string> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"]);
/** Left to the kernel where it stops the job as a whole; caught, they would not stop us. */
const STOPS: ReadonlySet<string> = new Set(["SIGTSTP", "SIGTTIN", "SIGTTOU"]);
/** Two of a kind within this time are one: `timeout` signals its child, and then its whole process group. */
const SAME_MS = 50;

export interface Forwarding extends Disposable {
  /** From now on signals go to `command`, those that came before first. */
  attach(command: { signal(signal: Deno.Signal): void }): void;
  /** Whether a signal has asked for the end. */
  readonly ending: boolean;
}

/** @param onTerminal told of SIGCONT and SIGWINCH, which concern the person's terminal, when the command has its own */
export function forwardSignals(
  mode: Mode,
  onTerminal: (signal: "SIGCONT" | "SIGWINCH") => void = () => {},
): Forwarding {
  const early: Catchable[] = [];
  let command: { signal(signal: Deno.Signal): void } | undefined;
  let asked: number | undefined;
  const deliver = (signal: Catchable) => {
    if (mode === "terminal" && (signal === "SIGCONT" || signal === "SIGWINCH")) return onTerminal(signal);
    const ends = signal === "SIGINT" || signal === "SIGTERM";
    const again = ends && asked !== undefined;
    if (again && performance.now() - asked! < SAME_MS) return;
    if (ends) asked = performance.now();
    if (!command) early.push(signal);
    else if (again) command.signal("SIGKILL");
    else if (mode !== "shared group" || !FROM_TERMINAL.has(signal) || !inForeground()) command.signal(signal);
  };
  const ignored = ignoredSignals();
  const listeners = CATCHABLE.filter((signal) => !ignored.has(signal) && !(mode !== "own group" && STOPS.has(signal)))
    .map((signal) => [signal, () => deliver(signal as Catchable)] as const)
    .filter(([signal, listener]) => listen(signal as Catchable, listener));
  return {
    get ending() {
      return asked !== undefined;
    },
    attach(started) {
      command = started;
      for (const signal of early.splice(0)) command.signal(signal);
    },
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal as Catchable, listener);
    },
  };
}

function listen(signal: Catchable, listener: () => void): boolean {
  try {
    Deno.addSignalListener(signal, listener);
    return true;
  } catch {
    return false; // this system does not have it
  }
}

/** Whether keys at the terminal reach our process group. */
function inForeground(): boolean {
  const stat = statOf(Deno.pid);
  return stat ? stat.foregroundGroup === stat.group : Deno.stdin.isTerminal();
}

/**
 * What we were started with as ignored, under `nohup` or in a shell's background, the command is to ignore as well. It
 * would not once we caught it: caught signals are reset when a program starts.
 */
function ignoredSignals(): Set<string> {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    const bits = BigInt(`0x${mask ?? "0"}`);
    return new Set(Object.entries(NUMBERS).filter(([, n]) => (bits >> BigInt(n - 1)) & 1n).map(([signal]) => signal));
  } catch {
    return new Set(); // no such file on this system
  }
}

/** signal(7), the numbers of x86-64 and ARM64; those that a program can be started with as ignored in practice. */
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12, SIGALRM: 14, SIGTERM: 15, SIGTSTP: 20 };
