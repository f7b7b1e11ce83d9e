/**
 * A command whose output passes through pipes, or is not ours at all.
 *
 * Without a controlling terminal it gets a process group of its own: all of it can be signalled, and none of it is left
 * behind. With one it shares ours, as the shell has made our group the job that it stops, continues and interrupts.
 */
import type { Descriptors } from "../native/pipe.ts";
import { adoptOrphans } from "../native/process_state.ts";
import { ENOENT } from "../native/program_search.ts";
import type { Reaper } from "../native/reaper.ts";
import type { Spawner } from "../native/spawn.ts";
import { fixed } from "../native/libc.ts";
import type { CommandSpec } from "./process.ts";
import { childrenOf, groupExists, statOf } from "./process_table.ts";
import { SpawnFailure } from "./spawn_failure.ts";
import { kill, type Leftovers, type OutputSource, type Sink, type StartedCommand } from "./started_command.ts";

const BUFFER_BYTES = 256 * 1024;

export interface Native {
  readonly spawner: Spawner;
  readonly descriptors: Descriptors;
  readonly reaper: Reaper;
}

/** @throws {SpawnFailure} */
export function startPiped(spec: CommandSpec, piped: boolean, shared: boolean, native: Native): StartedCommand {
  const pipes = piped ? openPipes(native.descriptors) : [];
  const [out, err = out] = pipes;
  if (shared) adoptOrphans();
  const started = native.spawner.spawn({
    argv: spec.argv,
    env: spec.environment.block,
    path: spec.environment.get("PATH"),
    group: shared ? "shared" : "own",
    streams: out && err ? { 1: out.write, 2: err.write } : {},
  });
  for (const { write } of pipes) native.descriptors.close(write);
  if ("errno" in started) throw failureOf(spec.argv, started.errno);
  const { pid } = started;
  const target = shared ? pid : -pid;
  return {
    outputs: pipes.map(({ read, to }) => new PipeSource(read, to, native.descriptors)),
    exit: native.reaper.wait(pid, () => {
      // A shell that stopped our shared group has stopped us as well. In a group of its own the command stopped alone.
      if (!shared) Deno.kill(Deno.pid, "SIGSTOP");
    }),
    signal: (signal) => void kill(target, signal),
    leftovers: shared ? new AdoptedLeftovers() : new GroupLeftovers(pid),
    target: String(target),
  };
}

/** @throws {SpawnFailure} always */
export function failureOf(argv: readonly Uint8Array[], errno: number): SpawnFailure {
  const program = new TextDecoder().decode(argv[0]);
  return new SpawnFailure(program, errno === ENOENT ? "not found" : "not executable", new Error(`errno ${errno}`));
}

/** Two pipes, or one when our own stdout and stderr are the same: then the order of what is written to both is kept. */
function openPipes(descriptors: Descriptors): { readonly read: number; readonly write: number; readonly to: Sink }[] {
  const sinks = sameFile("/proc/self/fd/1", "/proc/self/fd/2") ? [Deno.stdout] : [Deno.stdout, Deno.stderr];
  return sinks.map((to) => {
    const pipe = descriptors.pipe();
    if (!pipe) throw new Deno.errors.Busy("no descriptors are left");
    return { ...pipe, to };
  });
}

function sameFile(a: string, b: string): boolean {
  try {
    const [first, second] = [Deno.statSync(a), Deno.statSync(b)];
    return first.ino === second.ino && first.dev === second.dev;
  } catch {
    return false;
  }
}

/** The reading end of a pipe. */
export class PipeSource implements OutputSource {
  readonly to: Sink;
  readonly #fd: number;
  readonly #descriptors: Descriptors;
  readonly #buffer = fixed(BUFFER_BYTES);

  constructor(fd: number, to: Sink, descriptors: Descriptors) {
    this.#fd = fd;
    this.to = to;
    this.#descriptors = descriptors;
  }

  async read(): Promise<Uint8Array | undefined> {
    const length = await this.#descriptors.read(this.#fd, this.#buffer);
    if (length > 0) return this.#buffer.subarray(0, length);
    this.#descriptors.close(this.#fd);
    return undefined;
  }

  close(): void {
    this.#descriptors.close(this.#fd);
  }
}

class GroupLeftovers implements Leftovers {
  readonly #group: number;

  constructor(group: number) {
    this.#group = group;
  }

  exist(): boolean {
    return groupExists(this.#group);
  }

  end(signal: "SIGTERM" | "SIGKILL"): void {
    kill(-this.#group, signal);
  }
}

/** In a shared group: what was orphaned there and is our child now. What made a group of its own meant to stay. */
class AdoptedLeftovers implements Leftovers {
  exist(): boolean {
    return adopted().length > 0;
  }

  end(signal: "SIGTERM" | "SIGKILL"): void {
    for (const pid of adopted()) kill(pid, signal);
  }
}

function adopted(): number[] {
  const group = statOf(Deno.pid)?.group;
  return childrenOf(Deno.pid).filter((pid) => statOf(pid)?.group === group);
}
