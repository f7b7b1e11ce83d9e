import { wipeVariable } from "./native/process_state.ts";

/** What a command may know of the process it runs in. Tests pass another one. */
export interface Host {
  env(name: string): string | undefined;
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly stdin: {
    readonly readable: ReadableStream<Uint8Array>;
    readSync(buffer: Uint8Array): number | null;
    isTerminal(): boolean;
  };
}

/** These hold a passphrase, or what is as good to whoever reads it. */
export const CREDENTIALS: readonly string[] = ["COFFER_PASSPHRASE", "COFFER_NEW_PASSPHRASE", "COFFER_TOKEN"];

export function denoHost(): Host {
  const taken = new Map(CREDENTIALS.map((name) => [name, take(name)]));
  return {
    env: (name) => taken.has(name) ? taken.get(name)!() : Deno.env.get(name),
    cwd: Deno.cwd(),
    stdin: Deno.stdin,
  };
}

/** Keeps a variable's value and wipes it from where the kernel shows it, as long as we run, in `/proc/PID/environ`. */
function take(name: string): () => string | undefined {
  try {
    const value = Deno.env.get(name);
    if (value !== undefined) wipeVariable(name);
    return () => value;
  } catch (error) {
    return () => { // not UTF-8: whoever needs it reports that
      throw error;
    };
  }
}
