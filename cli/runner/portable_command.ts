/** A command started with what the runtime has on every system: pipes, our process group, the direct child only. */
import { notText } from "./arguments.ts";
import type { CommandSpec } from "./process.ts";
import { SpawnFailure } from "./spawn_failure.ts";
import { NO_LEFTOVERS, type OutputSource, type Sink, type StartedCommand } from "./started_command.ts";

/** @throws {SpawnFailure} */
export function startPortable({ argv, environment }: CommandSpec, piped: boolean): StartedCommand {
  const [program, ...args] = argv.map(textOf) as [string, ...string[]];
  const output = piped ? "piped" : "inherit";
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      env: environment.record,
      clearEnv: true,
      stdin: "inherit",
      stdout: output,
      stderr: output,
    }).spawn();
  } catch (error) {
    throw new SpawnFailure(program, error instanceof Deno.errors.NotFound ? "not found" : "not executable", error);
  }
  const sources = piped ? [[child.stdout, Deno.stdout], [child.stderr, Deno.stderr]] as const : [];
  return {
    outputs: sources.map(([from, to]) => new StreamSource(from, to)),
    exit: child.status.then(({ code }) => code),
    signal(signal) {
      try {
        child.kill(signal);
      } catch {
        // it has ended already
      }
    },
    leftovers: NO_LEFTOVERS,
    target: String(child.pid),
  };
}

class StreamSource implements OutputSource {
  readonly to: Sink;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(from: ReadableStream<Uint8Array>, to: Sink) {
    this.#reader = from.getReader();
    this.to = to;
  }

  async read(): Promise<Uint8Array | undefined> {
    return (await this.#reader.read()).value;
  }

  close(): void {
    this.#reader.cancel().catch(() => {});
  }
}

function textOf(arg: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(arg);
  } catch {
    throw notText();
  }
}
