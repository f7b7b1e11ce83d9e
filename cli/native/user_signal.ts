/**
 * SIGUSR1, which is the runtime's for its debugger: from half a second after the start it catches the signal, and then
 * opens a port where whoever connects, every user of this machine, can read our memory. There is no switch for it
 * (https://github.com/denoland/deno/pull/35738), so the signal is taken from it.
 */
import { pause } from "../pause.ts";
import { Dispositions, ignoredSignals } from "./signal_dispositions.ts";

const SIGUSR1 = 10;
/** SIGHUP, SIGINT and SIGTERM come with the first: the runtime catches them all from then on. */
const CAUGHT = [1, 2, SIGUSR1, 15];
/** Before the runtime does. Most processes of ours have ended by then, and are spared the cost. */
const CLAIM_MS = 250;
/** How often to look whether the signal has come. */
const LOOK_MS = 50;

let isClaimed = false;

/** From now on the debugger stays closed. To be called early, before rights are given up. */
export async function keepDebuggerClosed(): Promise<void> {
  const dispositions = Dispositions.load();
  if (!dispositions) return;
  const ignored = ignoredSignals().filter((signal) => CAUGHT.includes(signal));
  await pause(CLAIM_MS);
  if (isClaimed) return;
  claim();
  dispositions.catch(SIGUSR1);
  dispositions.ignore(ignored);
}

/** Calls `listener` at each SIGUSR1, two in short succession being one. Undefined where that cannot be done. */
export function onUserSignal(listener: () => void): Disposable | undefined {
  const dispositions = Dispositions.load();
  if (!dispositions) return undefined;
  claim();
  dispositions.catchOnce(SIGUSR1);
  let isOver = false;
  const look = async () => {
    for (; !isOver; await pause(LOOK_MS)) if (dispositions.catchOnce(SIGUSR1)) listener();
  };
  void look();
  return { [Symbol.dispose]: () => void (isOver = true) };
}

/** The runtime installs its handler with the first listener, and not once more when it listens for its debugger. */
function claim(): void {
  if (!isClaimed) Deno.addSignalListener("SIGUSR1", () => {});
  isClaimed = true;
}
