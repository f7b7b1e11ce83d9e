/**
 * A child process with secrets in its environment: arguments byte-exact, signals forwarded, output masked, exit code
 * passed through, nothing left behind.
 */
import type { Masker } from "../../core/mask/masker.ts";
import { pause } from "../pause.ts";
import { Descriptors } from "../native/pipe.ts";
import { restoreFileLimit } from "../native/process_state.ts";
import { Reaper } from "../native/reaper.ts";
import { Spawner } from "../native/spawn.ts";
import type { Environment } from "./environment.ts";
import type { Guard } from "./guard.ts";
import { Output } from "./output.ts";
import { type Native, startPiped } from "./piped_command.ts";
import { statOf } from "./process_table.ts";
import type { StartedCommand } from "./started_command.ts";
import type { TerminalSession } from "./terminal_session.ts";

/** How long what the command left running may go on by itself, and then after SIGTERM. */
const PATIENCE_MS = 1000;
const LOOK_MS = 20;
/** What the command itself wrote is in the pipe when it ends, and a pipe holds no more than this. */
const LARGEST_PIPE_BYTES = 1024 * 1024;

export interface CommandSpec {
  /** The program and its arguments. */
  readonly argv: readonly Uint8Array[];
  readonly environment: Environment;
}

export interface ProcessSpec extends CommandSpec {
  /** Undefined: the command writes to our stdout and stderr itself. */
  readonly masker: Masker | undefined;
  /** The person's terminal, when the command is to have one of its own. */
  readonly terminal: TerminalSession | undefined;
  readonly guard: Guard | undefined;
}

/** How the command's streams and its process group are set up. */
export type Mode = "terminal" | "own group" | "shared group";

/** Decided before the start, since signals are caught from then on. */
export function modeOf({ terminal }: Pick<ProcessSpec, "terminal">): Mode {
  if (terminal) return "terminal";
  if (Deno.build.os !== "linux" || !Spawner.load()) return "shared group";
  // A shell has made our group the job that its terminal's keys stop and interrupt: the command has to be in it.
  return statOf(Deno.pid)?.terminal === 0 ? "own group" : "shared group";
}

/**
 * Starts the command.
 * @throws {SpawnFailure} when it cannot be
 */
export async function startProcess(spec: ProcessSpec, mode: Mode): Promise<RunningProcess> {
  const command = await start(spec, mode);
  spec.guard?.watch(command.target);
  return new RunningProcess(command, spec);
}

async function start(spec: ProcessSpec, mode: Mode): Promise<StartedCommand> {
  const native = loadNative();
  const piped = spec.masker !== undefined;
  if (!native) return (await import("./portable_command.ts")).startPortable(spec, piped);
  restoreFileLimit();
  if (!spec.terminal) return startPiped(spec, piped, mode === "shared group", native);
  return (await import("./terminal_command.ts")).startOnTerminal(spec, spec.terminal, native);
}

function loadNative(): Native | undefined {
  const [spawner, descriptors, reaper] = [Spawner.load(), Descriptors.load(), Reaper.load()];
  return spawner && descriptors && reaper && { spawner, descriptors, reaper };
}

/** A command that runs. */
export class RunningProcess {
  readonly #command: StartedCommand;
  readonly #outputs: readonly Output[];
  readonly #written: Promise<unknown>;
  #isWritten = false;

  constructor(command: StartedCommand, { masker, terminal }: Pick<ProcessSpec, "masker" | "terminal">) {
    this.#command = command;
    this.#outputs = masker ? command.outputs.map((source) => new Output(source, masker, terminal !== undefined)) : [];
    const finished = this.#outputs.map((output) => output.finish());
    this.#written = Promise.allSettled(finished).then(() => this.#isWritten = true);
  }

  signal(signal: Deno.Signal): void {
    this.#command.signal(signal);
  }

  /**
   * Waits until the command has ended and its output is written, however slowly our own reader takes it, and ends what
   * it left running. Returns its exit code, or 128+n when signal n ended it.
   * @throws {Fault} UNAVAILABLE when output was lost for another reason than that nobody reads it
   */
  async finish(): Promise<number> {
    const code = await this.#command.exit;
    await this.#endLeftovers();
    await Promise.all(this.#outputs.map((output) => output.finish()));
    return code;
  }

  /**
   * What is still in a pipeline with the command, such as `tee`, ends by itself when it has read all, and gets the time
   * for it. A server that was left in the background has its secrets only while the command runs, and is ended.
   */
  async #endLeftovers(): Promise<void> {
    const { leftovers } = this.#command;
    const most = this.#bytes + LARGEST_PIPE_BYTES;
    const signals = ["SIGTERM", "SIGKILL"] as const;
    for (let attempt = 0; !await this.#settles(most); attempt++) {
      const signal = signals[attempt];
      if (!signal || !leftovers.exist()) {
        // What left the process group meant to stay. It may hold the output open; what it writes is not waited for.
        for (const output of this.#outputs) output.abandon();
        return;
      }
      leftovers.end(signal);
    }
  }

  /** Whether everything ends and is written in the time it is given, which counts while we wait for the command's side. */
  async #settles(mostBytes: number): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS && this.#bytes <= mostBytes;) {
      if (this.#isWritten && !this.#command.leftovers.exist()) return true;
      const look = pause(LOOK_MS);
      await (this.#isWritten ? look : Promise.race([this.#written, look]));
      if (this.#outputs.every(({ isWaiting }) => isWaiting)) waitedMs += LOOK_MS;
    }
    return false;
  }

  get #bytes(): number {
    return this.#outputs.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
