/**
 * A child process with secrets in its environment: arguments byte-exact, signals forwarded, output masked, exit code
 * passed through.
 */
import { Fault } from "../../core/fault.ts";
import type { Masker } from "../../core/mask/masker.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import { forwardSignals } from "./signals.ts";

/** What `env`, `timeout` and `docker run` exit with when the command does not start. */
export const CANNOT_EXECUTE = 126;
export const NOT_FOUND = 127;
/** How long to wait for output of what the child left running in the background, and how often to look. */
const STRAGGLERS_MS = 1000;
const LOOK_MS = 50;
/** What the child itself wrote is in the pipe when it ends, and a pipe holds no more than this. */
const LARGEST_PIPE_BYTES = 1024 * 1024;

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
  const outputs = masker
    ? [
      new Output(child.stdout, masker, Deno.stdout),
      new Output(child.stderr, masker, Deno.stderr),
    ]
    : [];
  const { code } = await child.status;
  await Promise.all(outputs.map((output) => output.finish()));
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

/** A stream of ours. */
interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Copies a stream of the child, masked, to one of ours. */
class Output {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What went wrong, if anything. */
  readonly #copied: Promise<unknown>;
  #reading = false;
  #bytes = 0;

  constructor(from: ReadableStream<Uint8Array>, masker: Masker, to: Sink) {
    this.#reader = from.getReader();
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => this.#pull(controller),
      // Our reader is gone or our disk is full: closing the pipe gives the child SIGPIPE, as without us.
      cancel: (reason) => this.#reader.cancel(reason),
    }, { highWaterMark: 0 });
    this.#copied = writeAll(source.pipeThrough(masker.stream()), to).catch((error) => error);
  }

  /**
   * Waits for the rest after the child has ended: for all that it wrote, however slowly our own reader takes it, but
   * not for ever for what it left running, which may hold the pipe open.
   * @throws {Fault} UNAVAILABLE when output was lost for another reason than that nobody reads it
   */
  async finish(): Promise<void> {
    const before = this.#bytes;
    let silentMs = 0;
    const timer = setInterval(() => {
      if (this.#reading) silentMs += LOOK_MS;
      const stragglers = silentMs >= STRAGGLERS_MS || this.#bytes - before > LARGEST_PIPE_BYTES;
      if (stragglers) this.#reader.cancel().catch(() => {}); // ends the copy, which writes what the masker held back
    }, LOOK_MS);
    const failure = await this.#copied;
    clearInterval(timer);
    if (failure !== undefined && !(failure instanceof Deno.errors.BrokenPipe)) throw hostFault(failure, "the output");
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#reading = true;
    const { done, value } = await this.#reader.read();
    this.#reading = false;
    if (done) {
      controller.close();
    } else {
      this.#bytes += value.length;
      controller.enqueue(value);
    }
  }
}

/** `pipeTo` would not tell when the last write fails. Leaving the loop early cancels `from`. */
async function writeAll(from: ReadableStream<Uint8Array>, to: Sink): Promise<void> {
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length;) at += await to.write(chunk.subarray(at));
  }
}
