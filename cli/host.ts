import { Fault } from "../core/fault.ts";
import { wipeVariable } from "./native/process_state.ts";

/** What a command may know of the process it runs in. Tests pass another one. */
export interface Host {
  /** @throws {Fault} UNSUPPORTED when the variable is not text */
  env(name: string): string | undefined;
  /** The working directory, absolute. @throws {Fault} UNSUPPORTED when its path is not text */
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
    env: (name) => taken.has(name) ? taken.get(name)!() : variable(name),
    get cwd() {
      return workingDirectory();
    },
    stdin: Deno.stdin,
  };
}

/** Keeps a variable's value and wipes it from where the kernel shows it, as long as we run, in `/proc/PID/environ`. */
function take(name: string): () => string | undefined {
  try {
    const value = variable(name);
    if (value !== undefined) wipeVariable(name);
    return () => value;
  } catch (error) {
    return () => { // not UTF-8: whoever needs it reports that
      throw error;
    };
  }
}

/** The runtime has text only, and throws at anything else. */
function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    throw new Fault("UNSUPPORTED", `${name} in the environment is not UTF-8 text`, {
      hint: `unset ${name}`,
      cause: error,
    });
  }
}

function workingDirectory(): string {
  try {
    return Deno.cwd();
  } catch (error) {
    throw new Fault("UNSUPPORTED", "the path of the working directory is not UTF-8 text, or it was removed", {
      hint: "call coffer in another folder, or rename this one",
      cause: error,
    });
  }
}
