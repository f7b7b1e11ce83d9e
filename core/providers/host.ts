/**
 * Porter's default provider: variables, files, commands' outputs and literal texts of the machine that Coffer runs on.
 * It persists nothing, and says so in Porter's words.
 */
import { Fault } from "../fault.ts";
import { readAtMost } from "../read_at_most.ts";
import { Secret } from "../secret.ts";
import { hostFault } from "../store/file_guard.ts";
import type { NewValue } from "../stack/stack.ts";
import { unsupportedSource } from "./ability.ts";
import { type ProviderKind, readConfig } from "./kind.ts";
import type { ProvidedValue, Source, WritableProvider } from "./provider.ts";

export interface HostOptions {
  /** Drops one line end from the end of what files and commands give; Porter keeps it. */
  readonly trim?: boolean;
}

export const host: ProviderKind = {
  brief: "variables, files, commands and literal texts of this machine; persists nothing",
  can: [],
  open(config, { env }) {
    const { trim } = readConfig(config, ["trim"], (table) => ({ trim: table.flag("trim") ?? false }));
    return Promise.resolve(new HostProvider(env, { trim }));
  },
};

const MAX_BYTES = 16 * 1024 * 1024;
/** What is certainly a variable's name, and no value that was typed in its place. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export class HostProvider implements WritableProvider {
  readonly #env: (name: string) => string | undefined;
  readonly #trim: boolean;

  /** @param env reads a variable of the environment */
  constructor(env: (name: string) => string | undefined, { trim = false }: HostOptions = {}) {
    this.#env = env;
    this.#trim = trim;
  }

  resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    return Promise.all(sources.map(async (source) => {
      try {
        return { value: await this.#read(source), type: "bytes" as const };
      } catch (error) {
        if (error instanceof Fault) return error;
        throw error;
      }
    }));
  }

  /** Always refuses. The text is what Porter's users look for. */
  persist(_source: Source, _next: NewValue): Promise<never> {
    const text =
      "the default secrets plugin, secrets.porter.host, does not support persisting secrets: not implemented";
    return Promise.reject(
      new Fault("UNSUPPORTED", text, { hint: "choose a store that persists: coffer provider list" }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #read(source: Source): Promise<Secret> {
    switch (source.kind) {
      case "env":
        return this.#variable(source.hint);
      case "path":
        return this.#trimmed(await readBounded(this.#expand(source.hint)));
      case "command":
        return this.#trimmed(await this.#outputOf(source.hint));
      case "value":
        return Secret.fromText(source.hint);
      case "secret":
        throw unsupportedSource(source);
    }
  }

  #variable(name: string): Secret {
    const value = this.#env(name);
    if (value !== undefined) return Secret.fromText(value);
    const shown = VARIABLE.test(name) ? ` ${name}` : "";
    throw new Fault("NOT_FOUND", `the environment variable${shown} is not defined`, {
      hint: `export ${shown.trim() || "NAME"}=…, or choose another source`,
    });
  }

  /** `$NAME` and `${NAME}`, as Go's os.ExpandEnv, which leaves nothing where there is no such variable; and `~/`. */
  #expand(path: string): string {
    const atHome = path.startsWith("~/") ? `\${HOME}${path.slice(1)}` : path;
    return atHome.replace(
      /\$(?:\{([^}]*)\}|([A-Za-z0-9_]+))/g,
      (_, braced?: string, bare?: string) => this.#env(braced ?? bare!) ?? "",
    );
  }

  /** Without a shell: words are split at spaces, and nothing is expanded. What it says on stderr is for people. */
  async #outputOf(command: string): Promise<Uint8Array> {
    const [program, ...args] = command.split(" ").filter((word) => word !== "");
    if (program === undefined) throw new Fault("CONFIG", "the command is empty", { hint: "command: cat token.txt" });
    const what = "a command that a value comes from";
    const env = Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("COFFER_")));
    try {
      const child = new Deno.Command(program, {
        args,
        env,
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const output = await readAtMost(child.stdout, MAX_BYTES);
      if (!output) end(child);
      const { code } = await child.status;
      if (!output) throw new Fault("UNSUPPORTED", `${what} printed more than 16 MiB`, { hint: "use a file" });
      if (code === 0) return output;
      output.fill(0);
      throw new Fault("UNAVAILABLE", `${what} ended with ${code}`, { hint: "run it by itself to see why" });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        throw new Fault("NOT_FOUND", `${what} is not there`, { hint: "name a program on PATH, or its full path" });
      }
      throw hostFault(error, what);
    }
  }

  #trimmed(bytes: Uint8Array): Secret {
    if (!this.#trim || bytes.at(-1) !== 0x0a) return new Secret(bytes);
    const end = bytes.length - (bytes.at(-2) === 0x0d ? 2 : 1);
    const secret = new Secret(bytes.slice(0, end));
    bytes.fill(0);
    return secret;
  }
}

/** That nobody reads any more is nothing that it has to mind. */
function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // it has ended
  }
}

/** The user's own file: links and modes are their business. */
async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const { isDirectory, size } = await Deno.stat(path);
    if (isDirectory) throw new Fault("CONFIG", `${path} is a folder`, { hint: "name a file" });
    if (size > MAX_BYTES) throw new Fault("UNSUPPORTED", `${path} is larger than 16 MiB`);
    return await Deno.readFile(path);
  } catch (error) {
    throw hostFault(error, path);
  }
}
