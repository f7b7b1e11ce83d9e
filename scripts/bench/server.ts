/** A server of the bundle's, for as long as it is not disposed of. */
import type { Subject } from "./measure.ts";

/** What `coffer serve` says on stderr once it answers. */
const READY = "serving ";

export async function startServer({ command: [program, ...args], cwd, env }: Subject): Promise<AsyncDisposable> {
  const child = new Deno.Command(program, {
    args,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  for (let said = ""; !said.includes(READY);) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server has ended: ${said}`);
    said += value;
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}
