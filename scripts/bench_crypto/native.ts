/** Builds native.c and talks to it. */

export type Job = "scrypt" | "seal" | "open";

/** A running native peer; jobs answer in milliseconds per operation. */
export interface Native {
  readonly version: string;
  run(job: Job, size: number, times: number): Promise<number>;
  stop(): Promise<void>;
}

/** Undefined, with the reason printed, where there is no compiler or no libsodium to build against. */
export async function startNative(): Promise<Native | undefined> {
  const folder = await Deno.makeTempDir();
  const program = `${folder}/native`;
  const source = new URL("./native.c", import.meta.url).pathname;
  const compiled = await new Deno.Command("cc", { args: ["-O3", "-o", program, source, "-lsodium"], stderr: "piped" })
    .output().catch((error: Error) => ({ success: false, stderr: new TextEncoder().encode(error.message) }));
  if (!compiled.success) {
    // deno-lint-ignore no-console
    console.error(`no native libsodium: ${new TextDecoder().decode(compiled.stderr)}`);
    return undefined;
  }
  const child = new Deno.Command(program, { stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  // Every answer is one short line, written at once.
  const line = async () => (await reader.read()).value?.trim() ?? "";
  const version = await line();
  return {
    version,
    async run(job, size, times) {
      await writer.write(new TextEncoder().encode(`${job} ${size} ${times}\n`));
      const ns = Number(await line());
      if (!(ns > 0)) throw new Error(`native libsodium failed: ${job} ${size}`);
      return ns / 1e6;
    },
    async stop() {
      await writer.close();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
