/** A plugin's process, from its start to the end of everything that it started. */
import type { SelfSigned } from "../../certificate/self_signed.ts";
import { Fault } from "../../fault.ts";
import { COOKIE, type Handshake, parseHandshake, SECRETS_VERSION, VARIABLES } from "../../go_plugin/handshake.ts";
import { SocketFolder } from "../../go_plugin/socket_folder.ts";
import type { Secret } from "../../secret.ts";
import type { Surroundings } from "../kind.ts";
import { pluginEnvironment } from "./environment.ts";
import { PluginGuard } from "./guard.ts";
import { PluginOutput } from "./output.ts";
import { within } from "./within.ts";

const MOST_HANDSHAKE_BYTES = 4096;
/** How long a plugin has to end by itself, and what it printed last to arrive. */
const END_MS = 2000;
const LAST_WORDS_MS = 500;
const FLOOD = { hint: "it was ended: tell whoever makes it, or turn its logging down" };

export interface ProcessSpec {
  /** What to call it in errors: `the plugin azure`. */
  readonly what: string;
  readonly program: string;
  /** `secrets.azure.keyvault` */
  readonly key: string;
  /** JSON for its stdin. */
  readonly config: string;
  /** Names of variables that it is given besides those that every plugin is. */
  readonly env: readonly string[];
  readonly startMs: number;
  /** Our side of AutoMTLS. */
  readonly certificate: SelfSigned;
  /** Lends what must not be shown of its output. */
  readonly hidden: () => Iterable<Secret>;
}

/** How a process ended. */
export interface End {
  /** `ended with 3`, with what it said last. */
  readonly how: string;
  /** Why we ended it. */
  readonly reason: Fault | undefined;
}

export class PluginProcess {
  readonly handshake: Handshake;
  readonly output: PluginOutput;
  readonly #parts: Parts;

  private constructor(parts: Parts, handshake: Handshake) {
    this.#parts = parts;
    this.output = parts.output;
    this.handshake = handshake;
  }

  /**
   * Starts it and waits for its first line.
   * @throws {Fault} UNAVAILABLE when it ends or says nothing, CONFIG when it is no plugin for this
   */
  static async start(spec: ProcessSpec, around: Surroundings): Promise<PluginProcess> {
    const parts = await Parts.start(spec, around);
    try {
      const line = await parts.firstLine(spec.startMs);
      const handshake = parseHandshake(line, spec.what);
      if (handshake.certificate === undefined) {
        throw new Fault("DENIED", `${spec.what} takes everybody who finds its socket: it shows no certificate`, {
          hint: "install a version of it that knows AutoMTLS, as go-plugin has since 2018",
        });
      }
      return new PluginProcess(parts, handshake);
    } catch (error) {
      await parts.kill();
      throw error;
    }
  }

  get ended(): Promise<End> {
    return this.#parts.ended;
  }

  /** Waits for its end for a little while, then ends it and all that it started. */
  async stop(): Promise<void> {
    await within(this.#parts.ended, END_MS);
    await this.#parts.kill();
  }

  /** Ends it now. @param reason why, for those who wait for it */
  kill(reason?: Fault): Promise<void> {
    return this.#parts.kill(reason);
  }
}

/** The process, and what has to be cleaned up behind it. */
class Parts {
  readonly output: PluginOutput;
  readonly ended: Promise<End>;
  readonly #what: string;
  readonly #child: Deno.ChildProcess;
  readonly #folder: SocketFolder;
  readonly #guard: PluginGuard | undefined;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array>;
  readonly #stderr: ReadableStreamDefaultReader<Uint8Array>;
  /** All that there was on stderr has been read. */
  readonly #logged: Promise<void>;
  #reason: Fault | undefined;
  #hasEnded = false;
  #killed: Promise<void> | undefined;

  private constructor(
    { what, hidden }: ProcessSpec,
    around: Surroundings,
    child: Deno.ChildProcess,
    folder: SocketFolder,
    guard: PluginGuard | undefined,
  ) {
    this.#what = what;
    this.#child = child;
    this.#folder = folder;
    this.#guard = guard;
    this.output = new PluginOutput({
      warn: (text) => around.warn(`${what} ${text}`),
      flood: () => void this.kill(new Fault("UNAVAILABLE", `${what} printed more than 64 MiB in a minute`, FLOOD)),
    }, hidden);
    this.#stdout = child.stdout.getReader();
    this.#stderr = child.stderr.getReader();
    this.#logged = drain(this.#stderr, this.output.log);
    this.ended = this.#waitForEnd();
  }

  static async start(spec: ProcessSpec, around: Surroundings): Promise<Parts> {
    const folder = SocketFolder.make([around.env("XDG_RUNTIME_DIR"), around.env("TMPDIR"), "/tmp"]);
    const guard = PluginGuard.start(folder.path);
    let child: Deno.ChildProcess;
    try {
      child = spawn(spec, around, folder.path);
    } catch (error) {
      await guard?.end();
      folder[Symbol.dispose]();
      throw new Fault("CONFIG", `${spec.what} does not start: ${spec.program} cannot be run on this machine`, {
        hint: "install the file that is made for this system and processor",
        cause: error,
      });
    }
    const parts = new Parts(spec, around, child, folder, guard);
    await guard?.watch(child.pid);
    void feed(child.stdin, spec.config);
    return parts;
  }

  /** @throws {Fault} when there is none in time, or none that could be one */
  async firstLine(ms: number): Promise<string> {
    const line = await within(this.#readLine(), ms);
    if (line !== undefined) {
      void drain(this.#stdout, this.output.discard);
      return line;
    }
    throw new Fault("UNAVAILABLE", `${this.#what} did not say within ${ms / 1000} s where it listens`, {
      hint: 'give it more time: start_timeout = "30s"',
    });
  }

  kill(reason?: Fault): Promise<void> {
    this.#reason ??= reason;
    return this.#killed ??= this.#kill();
  }

  async #readLine(): Promise<string> {
    let line = new Uint8Array(0);
    for (;;) {
      const { done, value } = await this.#stdout.read();
      if (done) throw this.#endedEarly(await this.ended);
      const end = value.indexOf(0x0a);
      line = joined(line, end < 0 ? value : value.subarray(0, end));
      if (line.length > MOST_HANDSHAKE_BYTES) {
        throw new Fault("CONFIG", `${this.#what} prints without end instead of saying where it listens`, {
          hint: "the first line on stdout has to be go-plugin's, of 4 KiB at most",
        });
      }
      if (end >= 0) return new TextDecoder().decode(line).trim();
    }
  }

  #endedEarly({ how, reason }: End): Fault {
    return reason ?? new Fault("UNAVAILABLE", `${this.#what} ${how}, before it said where it listens`, {
      hint: "the store's config is sent to it: does it have all that it needs?",
    });
  }

  async #waitForEnd(): Promise<End> {
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    await within(this.#logged, LAST_WORDS_MS);
    const said = this.output.tail === "" ? "" : ` (${this.output.tail})`;
    return { how: `${signal === null ? `ended with ${code}` : `was ended by ${signal}`}${said}`, reason: this.#reason };
  }

  async #kill(): Promise<void> {
    try {
      // Its group, since a plugin may be a script, or have started others. Once it has ended, the number may be another's.
      if (!this.#hasEnded) Deno.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // it has ended just now
    }
    await this.#child.status;
    // What it started may have left its group, and hold the pipes.
    await within(this.#logged, LAST_WORDS_MS);
    await Promise.all([this.#stdout.cancel(), this.#stderr.cancel(), this.#guard?.end()]);
    this.#folder[Symbol.dispose]();
  }
}

function spawn(spec: ProcessSpec, { cwd }: Surroundings, folder: string): Deno.ChildProcess {
  return new Deno.Command(spec.program, {
    args: ["run", spec.key],
    cwd,
    clearEnv: true,
    env: {
      ...pluginEnvironment(Deno.env.toObject(), spec.env),
      [COOKIE.name]: COOKIE.value,
      [VARIABLES.protocolVersions]: SECRETS_VERSION,
      [VARIABLES.minPort]: "10000",
      [VARIABLES.maxPort]: "25000",
      [VARIABLES.clientCertificate]: spec.certificate.certificate,
      [VARIABLES.socketFolder]: folder,
      // Where implementations put their socket that do not know the variable above.
      TMPDIR: folder,
    },
    detached: true, // a group of its own, to be ended as one; and Ctrl-C is for us
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Whole, then closed: real ones read to the end, and wait for it. */
async function feed(stdin: WritableStream<Uint8Array<ArrayBuffer>>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // it has ended, or does not care for it
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Reads to the end, or until it is closed at our end. */
async function drain(stream: ReadableStreamDefaultReader<Uint8Array>, take: (chunk: Uint8Array) => void) {
  for (let read = await stream.read(); !read.done; read = await stream.read()) take(read.value);
}
