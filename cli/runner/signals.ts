/** Signals for the command: what we receive, it receives. A second SIGINT or SIGTERM kills it. */
import { Dispositions, ignoredSignals as ignoredNumbers } from "../native/signal_dispositions.ts";
import { onUserSignal } from "../native/user_signal.ts";
import type { Mode } from "./process.ts";
import { statOf } from "./process_table.ts";

/**
 * All that the runtime lets a program catch, but for SIGCHLD, which is about our own children. The numbers are those of
 * signal(7) for x86-64 and ARM64.
 */
const CATCHABLE = {
  ...{ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTRAP: 5, SIGABRT: 6, SIGUSR1: 10, SIGUSR2: 12, SIGALRM: 14, SIGTERM: 15 },
  ...{ SIGSTKFLT: 16, SIGCONT: 18, SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25 },
  ...{ SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGIO: 29, SIGPWR: 30, SIGSYS: 31 },
} as const;
type Catchable = keyof typeof CATCHABLE;
const ALL = Object.keys(CATCHABLE) as Catchable[];

/** A terminal sends these to all of the job: in a shared group the command has had them already, or is stopped as we are. */
const FROM_TERMINAL: ReadonlySet<Catchable> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"]);
/**
 * Left to the kernel where it stops the job as a whole; caught, they would not stop us. A command with a terminal of its
 * own is not in our job: it is told to stop, and we stop when it has.
 */
const STOPS: ReadonlySet<Catchable> = new Set(["SIGTSTP", "SIGTTIN", "SIGTTOU"]);
/** Two of a kind within this time are one: `timeout` signals its child, and then its whole process group. */
const SAME_MS = 50;

type Listener = readonly [Deno.Signal, () => void];

export interface Forwarding extends Disposable {
  /** From now on signals go to `command`, those that came before first. Disposing keeps them for the next. */
  attach(command: { signal(signal: Deno.Signal): void }): Disposable;
  /** Whether a signal has asked for the end. */
  readonly ending: boolean;
}

/**
 * Signals that we were started with as ignored, under `nohup` or in a shell's background, the command is to ignore as
 * well. It would not once we caught them: caught signals are reset when a program starts. To be asked before anything
 * is caught, a prompt's Ctrl-C included.
 */
export function ignoredSignals(): ReadonlySet<Catchable> {
  const numbers = new Set(ignoredNumbers());
  return new Set(ALL.filter((signal) => numbers.has(CATCHABLE[signal])));
}

/**
 * Ignores them again: with the first signal that we ask it to catch, the runtime catches SIGHUP, SIGINT and SIGTERM as
 * well, and ends us at one that nobody listens to.
 */
export function ignoreAgain(ignored: ReadonlySet<Catchable>): void {
  if (ignored.size > 0) Dispositions.load()?.ignore([...ignored].map((signal) => CATCHABLE[signal]));
}

/** @param onTerminal told of SIGCONT and SIGWINCH, which concern the person's terminal, when the command has its own */
export function forwardSignals(
  mode: Mode,
  ignored: ReadonlySet<Catchable>,
  onTerminal: (signal: "SIGCONT" | "SIGWINCH") => void = () => {},
): Forwarding {
  const early: Catchable[] = [];
  let command: { signal(signal: Deno.Signal): void } | undefined;
  let asked: { readonly by: Catchable; readonly at: number } | undefined;
  const deliver = (signal: Catchable) => {
    if (mode === "terminal" && (signal === "SIGCONT" || signal === "SIGWINCH")) return onTerminal(signal);
    let again = false;
    if (signal === "SIGINT" || signal === "SIGTERM") {
      const recent = asked !== undefined && performance.now() - asked.at < SAME_MS;
      if (recent && asked?.by === signal) return;
      again = asked !== undefined && !recent;
      asked = { by: signal, at: performance.now() };
    }
    if (!command) early.push(signal);
    else if (again) command.signal("SIGKILL");
    else if (mode !== "shared group" || !FROM_TERMINAL.has(signal) || !inForeground()) command.signal(signal);
  };
  const user = ignored.has("SIGUSR1") ? undefined : onUserSignal(() => deliver("SIGUSR1"));
  const listeners = ALL.filter((signal) => catches(mode, signal) && !(user && signal === "SIGUSR1"))
    .map((signal): Listener => [signal, ignored.has(signal) ? () => {} : () => deliver(signal)])
    .concat([["SIGCHLD", () => {}]]) // whoever was started with it as ignored is not told of a child's end
    .filter(listen);
  ignoreAgain(ignored);
  return {
    get ending() {
      return asked !== undefined;
    },
    attach(started) {
      command = started;
      for (const signal of early.splice(0)) command.signal(signal);
      return { [Symbol.dispose]: () => void (command = undefined) };
    },
    [Symbol.dispose]() {
      user?.[Symbol.dispose]();
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

function catches(mode: Mode, signal: Catchable): boolean {
  return mode === "own group" || !STOPS.has(signal) || (mode === "terminal" && signal === "SIGTSTP");
}

function listen([signal, listener]: Listener): boolean {
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
