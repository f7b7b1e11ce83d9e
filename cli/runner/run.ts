/** One `coffer run`: look everything up, hand it over, start the command, and see it to its end. */
import { Fault } from "../../core/fault.ts";
import { Masker } from "../../core/mask/masker.ts";
import type { Resolved } from "../../core/resolve.ts";
import type { Context } from "../command.ts";
import { replaceProcess } from "../native/exec.ts";
import { restoreFileLimit } from "../native/process_state.ts";
import { exactArguments } from "./arguments.ts";
import { registerCiMasks } from "./ci_masks.ts";
import { Delivery, type Inheritance } from "./delivery.ts";
import { Guard } from "./guard.ts";
import { failureOf } from "./piped_command.ts";
import { type Mode, modeOf, type RunningProcess, startProcess } from "./process.ts";
import { RamFolder } from "./ram_folder.ts";
import type { Selection } from "./selection.ts";
import { type Forwarding, forwardSignals, ignoreAgain, ignoredSignals } from "./signals.ts";
import { TerminalSession } from "./terminal_session.ts";
import type { Watch } from "./watch.ts";

export interface Assignment {
  /** The command, as the last words of our own command line. */
  readonly args: readonly string[];
  readonly mask: boolean;
  /** Whether to become the command. */
  readonly exec: boolean;
  readonly inheritance: Inheritance;
  /** All of it or a fault. Called again when something may have changed. */
  readonly lookUp: () => Promise<LookedUp>;
  /** What to watch. Undefined: the command is started once. */
  readonly watched: (() => Promise<Watched>) | undefined;
}

interface LookedUp {
  readonly selection: Selection;
  readonly resolved: Resolved;
}

interface Watched {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** How long a command that is to be started again may take to end. */
const STOP_MS = 10_000;

/**
 * Runs it. Returns the command's exit code, or 128+n.
 * @throws {SpawnFailure} when the command does not start
 */
export async function runAssignment(context: Context, assignment: Assignment): Promise<number> {
  const argv = exactArguments(assignment.args);
  const ignored = ignoredSignals();
  const delivery = await prepare(assignment);
  if (assignment.exec) {
    await registerMasks(context, assignment, delivery);
    ignoreAgain(ignored);
    return become(argv, delivery, assignment.inheritance);
  }
  // Who is in a pipeline with us, or a script that started us in its background, may want the keys. Shells have what
  // they start so ignore Ctrl-C.
  const keysAreOurs = Deno.stdin.isTerminal() && !ignored.has("SIGINT");
  using terminal = assignment.mask && context.report.stdoutIsTerminal ? openTerminal(context, keysAreOurs) : undefined;
  const mode = modeOf({ terminal });
  using signals = forwardSignals(
    mode,
    ignored,
    (signal) => signal === "SIGCONT" ? terminal?.resume() : terminal?.resize(),
  );
  const run = new Run(context, assignment, argv, terminal, mode, signals);
  return await (assignment.watched ? run.whileWatching(delivery, assignment.watched) : run.once(delivery));
}

async function prepare({ lookUp }: Assignment): Promise<Delivery> {
  const { selection, resolved } = await lookUp();
  return new Delivery(selection, resolved);
}

/** With the CI system around us. */
async function registerMasks({ host, report }: Context, { mask }: Assignment, given: Delivery): Promise<void> {
  if (mask) await registerCiMasks(host, given.secrets, (bytes, fd) => report.bytes(bytes, fd));
}

/** Becomes the command. @throws {SpawnFailure | Fault} when that fails */
function become(argv: readonly Uint8Array[], delivery: Delivery, inheritance: Inheritance): never {
  const environment = delivery.handOver(undefined, inheritance);
  restoreFileLimit();
  const errno = replaceProcess({ argv, env: environment.block, path: environment.get("PATH") });
  if (errno !== undefined) throw failureOf(argv, errno);
  throw new Fault("UNSUPPORTED", "this system has no way for Coffer to become another program", {
    hint: "leave --exec out: signals and exit codes pass through without it as well",
  });
}

function openTerminal({ report }: Context, lendsAtOnce: boolean): TerminalSession | undefined {
  const terminal = TerminalSession.open(lendsAtOnce);
  if (!terminal) {
    report.warning(
      "the command gets a pipe and not a terminal, so that its output can be masked; --no-mask gives it ours",
    );
  }
  return terminal;
}

class Run {
  readonly #context: Context;
  readonly #assignment: Assignment;
  readonly #argv: readonly Uint8Array[];
  readonly #terminal: TerminalSession | undefined;
  readonly #mode: Mode;
  readonly #signals: Forwarding;

  constructor(
    context: Context,
    assignment: Assignment,
    argv: readonly Uint8Array[],
    terminal: TerminalSession | undefined,
    mode: Mode,
    signals: Forwarding,
  ) {
    this.#context = context;
    this.#assignment = assignment;
    this.#argv = argv;
    this.#terminal = terminal;
    this.#mode = mode;
    this.#signals = signals;
  }

  /** Sees one start of the command to its end, and removes the files that it was given. */
  async once(given: Delivery, started: (process: RunningProcess) => void = () => {}): Promise<number> {
    const { mask, inheritance } = this.#assignment;
    if (mask && given.unmasked.length > 0) {
      this.#warn(`too short to be masked in the output: ${given.unmasked.join(", ")}`);
    }
    await registerMasks(this.#context, this.#assignment, given);
    using folder = given.needsFolder ? await RamFolder.make(this.#context.host) : undefined;
    using guard = new Guard(folder?.path);
    const process = await startProcess({
      argv: this.#argv,
      environment: given.handOver(folder, inheritance),
      masker: mask ? new Masker(given.secrets) : undefined,
      terminal: this.#terminal,
      guard,
    }, this.#mode);
    using _signals = this.#signals.attach(process);
    started(process);
    return await process.finish();
  }

  /** Starts the command again whenever what it was given has changed, until it ends by itself or a signal asks for it. */
  async whileWatching(delivery: Delivery, watched: () => Promise<Watched>): Promise<number> {
    const { Watch } = await import("./watch.ts");
    const { folders, files } = await watched();
    using watch = new Watch(folders, files);
    for (let current = delivery;;) {
      const started = Promise.withResolvers<RunningProcess>();
      const ended = this.once(current, started.resolve);
      const process = await Promise.race([started.promise, ended.then(() => started.promise)]);
      const next = await this.#nextDelivery(watch, watched, current, ended);
      if (!next) return await ended;
      this.#warn("something has changed: the command is started again");
      process.signal("SIGTERM");
      const late = setTimeout(() => process.signal("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(late);
      if (this.#signals.ending) return await ended;
      current[Symbol.dispose]();
      current = next;
    }
  }

  /** What the command would be given now, once that is something else. Undefined when it ends before. */
  async #nextDelivery(watch: Watch, watched: () => Promise<Watched>, current: Delivery, ended: Promise<number>) {
    const over = ended.then(() => "over", () => "over");
    while (await Promise.race([watch.changed(), over]) !== "over" && !this.#signals.ending) {
      try {
        const next = await this.#lookAgain(watch, watched);
        if (!next.equals(current)) return next;
        next[Symbol.dispose]();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#warn(`not started again: ${error.message}`);
      }
    }
    return undefined;
  }

  async #lookAgain(watch: Watch, watched: () => Promise<Watched>): Promise<Delivery> {
    try {
      return await prepare(this.#assignment);
    } finally {
      // A project file may name other templates and stacks by now, some of which are still to come.
      const { folders, files } = await watched();
      watch.follow(folders, files);
    }
  }

  #warn(text: string): void {
    const show = () => this.#context.report.warning(text);
    if (this.#terminal) this.#terminal.aside(show);
    else show();
  }
}
