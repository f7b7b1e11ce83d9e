/**
 * A child process with secrets in its environment: arguments byte-exact, signals forwarded, output masked, exit code
 * passed through.
 */
import { Fault } from "../../core/fault.ts";
import type { Masker } from "../../core/mask.ts";
import { forwardSignals } from "./signals.ts";

/** What `env`, `timeout` and `docker run` exit with when the command does not start. */
export const CANNOT_EXECUTE = 126;
export const NOT_FOUND = 127;
/** How long output may still come from what the child left running in the background. */
const STRAGGLERS_MS = 1000;

export interface ProcessSpec {
  readonly command: readonly [program: string, ...args: string[]];
  /** Set on top of the inherited environment, or alone when `pristine`. */
  readonly env: ReadonlyMap<string, string>;
  readonly pristine: boolean;
  /** Undefined: the child writes to our stdout and stderr itself. */
  readonly masker: Masker | undefined;
}

/** Runs the process to its end and returns its exit code, or 128+n when signal n ended it. */
export async function runProcess(spec: ProcessSpec): Promise<number> {
  const { command: [program, ...args], env, pristine, masker } = spec;
  const output = masker ? "piped" : "inherit";
  const command = new Deno.Command(program, {
    args,
    env: Object.fromEntries(env),
    clearEnv: pristine,
    stdin: "inherit",
    stdout: output,
    stderr: output,
  });
  // Before the spawn: a signal that arrives in between must not kill us and leave the child behind.
  using signals = forwardSignals();
  let child: Deno.ChildProcess;
  try {
    child = command.spawn();
  } catch (error) {
    throw new SpawnFailure(program, error);
  }
  signals.attach(child);
  const pumps = masker
    ? Promise.all([
      pump(child.stdout, masker, Deno.stdout.writable),
      pump(child.stderr, masker, Deno.stderr.writable),
    ])
    : Promise.resolve();
  const { code } = await child.status;
  await settled(pumps);
  return code;
}

/** The command did not start. */
export class SpawnFailure extends Error {
  readonly exitCode: number;
  readonly fault: Fault;

  constructor(program: string, cause: unknown) {
    super("the command did not start");
    const shown = JSON.stringify(program);
    if (cause instanceof Deno.errors.NotFound) {
      this.exitCode = NOT_FOUND;
      this.fault = new Fault("NOT_FOUND", `there is no command ${shown}`, {
        hint: "check its spelling and PATH; for shell syntax: coffer run -- sh -c '…'",
      });
    } else {
      this.exitCode = CANNOT_EXECUTE;
      this.fault = new Fault("DENIED", `the command ${shown} cannot be executed`, {
        hint: "check that it is a program and executable, and that arguments and environment are not too large",
        cause,
      });
    }
  }
}

/** Copies a stream, masked. When our reader is gone, cancelling gives the child SIGPIPE, as without us. */
async function pump(from: ReadableStream<Uint8Array>, masker: Masker, to: WritableStream<Uint8Array>): Promise<void> {
  try {
    await from.pipeThrough(masker.stream()).pipeTo(to, { preventClose: true });
  } catch {
    // the reader of our output went away
  }
}

/** Waits for the output to end, but not for ever: a daemon that the child started may hold the pipe open. */
async function settled(pumps: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([pumps, new Promise((resolve) => timer = setTimeout(resolve, STRAGGLERS_MS))]);
  clearTimeout(timer);
}
