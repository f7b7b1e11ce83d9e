/** A server in a process of its own, for as long as it is not disposed of. */
import type { Subject } from "./measure.ts";

/** What a server says on stderr once it answers: `coffer serve`, and those of `bare_server.ts`. */
const READY = /^serving .*\n/m;

export interface RunningServer extends AsyncDisposable {
  readonly pid: number;
  /** What it has said when it was ready. */
  readonly said: string;
}

export async function startServer({ command: [program, ...args], cwd, env }: Subject): Promise<RunningServer> {
  const child = new Deno.Command(program, {
    args,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!READY.test(said)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server has ended: ${said}`);
    said += value;
  }
  return {
    pid: child.pid,
    said,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}

/** The first `http://…` that it listens at. */
export function urlIn({ said }: RunningServer): string {
  return /http:\/\/[\w.:]+/.exec(said)![0];
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) / 1024;
}
