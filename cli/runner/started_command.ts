/** What every way of starting a command gives: its outputs, its end, and what it leaves behind. */

/** A stream of ours that output goes to. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Output of the command that is ours to pass on. */
export interface OutputSource {
  readonly to: Sink;
  /** The next bytes, which are valid until the next call; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Nobody wants more. The command learns that as it would without us: by SIGPIPE. */
  close(): void;
}

export interface StartedCommand {
  readonly outputs: readonly OutputSource[];
  /** Its exit code, or 128+n when signal n ended it. */
  readonly exit: Promise<number>;
  /** To the command and whatever it has started in its process group. */
  signal(signal: Deno.Signal): void;
  readonly leftovers: Leftovers;
  /** As a shell's `kill` names what is to end when we are killed ourselves: a process, or `-` and a process group. */
  readonly target: string;
}

/** What runs on in the command's process group after the command itself has ended. */
export interface Leftovers {
  exist(): boolean;
  end(signal: "SIGTERM" | "SIGKILL"): void;
}

export const NO_LEFTOVERS: Leftovers = { exist: () => false, end: () => {} };

/** Signals a process, or a group when negative. Returns whether there was one. */
export function kill(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch {
    return false; // it has ended
  }
}
