/** Signals for the child: what we receive, it receives. A second SIGINT or SIGTERM kills it. */

const FORWARDED = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;
type Forwarded = (typeof FORWARDED)[number];
/** The terminal sends these to the whole foreground process group: the child has had them already. */
const FROM_TERMINAL: ReadonlySet<Forwarded> = new Set(["SIGINT", "SIGQUIT"]);

export interface Forwarding extends Disposable {
  /** From now on signals go to `child`, those that came before first. */
  attach(child: { kill(signal: Deno.Signal): void }): void;
}

export function forwardSignals(): Forwarding {
  const early: Forwarded[] = [];
  const atTerminal = Deno.stdin.isTerminal();
  let child: { kill(signal: Deno.Signal): void } | undefined;
  let endings = 0;
  const deliver = (signal: Forwarded) => {
    if (!child) {
      early.push(signal);
      return;
    }
    const again = (signal === "SIGINT" || signal === "SIGTERM") && ++endings > 1;
    if (!again && atTerminal && FROM_TERMINAL.has(signal)) return;
    try {
      child.kill(again ? "SIGKILL" : signal);
    } catch {
      // it has ended already
    }
  };
  const listeners = FORWARDED.map((signal) => [signal, () => deliver(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    attach(started) {
      child = started;
      for (const signal of early.splice(0)) deliver(signal);
    },
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
