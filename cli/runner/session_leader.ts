/**
 * The shell that leads the session of a command with a terminal of its own, as a login shell does for what is typed to
 * it: it puts the command in the foreground or the background of that terminal, and sees it stop.
 *
 * A command that led the session itself could not be stopped with ^Z: the kernel lets no process group be stopped that
 * nobody in its session could continue. And its end would be that of the terminal, with what it left in a pipeline with
 * itself, such as `tee`, still writing.
 */
import type { Descriptors } from "../native/pipe.ts";
import { fixed } from "../native/libc.ts";
import type { Native } from "./piped_command.ts";
import type { CommandSpec } from "./process.ts";
import { statOf } from "./process_table.ts";

/** Where the command is to be in its terminal: only in the foreground may it read. */
export type Place = "foreground" | "background";

/** What became of the command: its exit code, or 128+n; or the number of the signal that stopped it. */
export type Status = { readonly exit: number } | { readonly stoppedBy: number };

export interface Stage {
  /** The path of the command's terminal. */
  readonly terminal: string;
  /** The same, open for us, so that it can be controlled and not written to. */
  readonly control: number;
  /** Whether stdin and stderr are that terminal as well; another stderr is one of our descriptors. */
  readonly stdin: "terminal" | "ours";
  readonly stderr: "terminal" | number;
}

/**
 * `talk` is the descriptor on which it tells us the command's process id, and each time the command ends or stops the
 * exit code that a shell has for that; and on which we answer where to continue it. At its end it exits, which takes
 * the terminal away from whoever is left. `errors` is the command's stderr.
 *
 * Works in dash, bash and BusyBox. A command that is interrupted ends bash, and one that is stopped ends its loops:
 * thence the trap on EXIT and the recursion. The names of its variables are Coffer's: another name would be a variable
 * of the command's.
 *
 * @param names of the command's variables
 */
function script(talk: number, errors: number, names: readonly string[]): string {
  const added = SHELLS_ADD.filter((name) => !names.includes(name));
  return `exec 2>/dev/null
trap : INT
trap 'echo 130 >&${talk}; read -r COFFER_PLACE <&${talk}' EXIT
become() {
  read -r COFFER_PID COFFER_REST </proc/self/stat
  echo "$COFFER_PID" >&${talk}
  unset COFFER_PLACE ${added.join(" ")}
  exec "$@" 2>&${errors} ${errors}>&- ${talk}>&-
}
COFFER_PLACE=$1
shift
follow() {
  echo "$?" >&${talk}
  read -r COFFER_PLACE <&${talk} || exit
  if [ "$COFFER_PLACE" = foreground ]; then fg %%; else bg %%; wait %%; fi >/dev/null
  follow
}
if [ "$COFFER_PLACE" = foreground ]; then (become "$@"); else become "$@" & wait %%; fi
follow`;
}

/** Variables that shells set when they are not. */
const SHELLS_ADD = ["OLDPWD", "PWD", "SHLVL"];
/** Variables that shells have for themselves, or stumble over. */
const SHELLS_OWN = /^(?:BASHOPTS|IFS|LINENO|OPTERR|OPTIND|PPID|RANDOM|SHELLOPTS|COFFER_(?:PID|PLACE|REST))$/;
const SHELLS_CAN_HOLD = /^[A-Za-z_][A-Za-z0-9_]*$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class SessionLeader {
  /** Its process id, which is the session's. */
  readonly session: number;
  readonly #talk: number;
  readonly #descriptors: Descriptors;
  readonly #ended: Promise<number>;
  readonly #buffer = fixed(256);
  #heard = "";
  #command = 0;

  private constructor(session: number, talk: number, descriptors: Descriptors, ended: Promise<number>) {
    this.session = session;
    this.#talk = talk;
    this.#descriptors = descriptors;
    this.#ended = ended;
  }

  /** Undefined where there is no shell that would hand the environment on as it is. */
  static async start(
    spec: CommandSpec,
    stage: Stage,
    place: Place,
    native: Native,
  ): Promise<SessionLeader | undefined> {
    const { spawner, descriptors, reaper } = native;
    const { environment } = spec;
    const shell = shellFor(environment.names);
    const pair = descriptors.socketPair();
    if (!shell || !pair) return undefined;
    const [ours, theirs] = pair;
    const stderr = stage.stderr === "terminal" ? stage.terminal : stage.stderr;
    // A shell can name the first ten. What the command was handed as one of these stays.
    const numbers = [9, 8, 7, 6, 5, 4, 3].filter((fd) => ![theirs, stderr, stage.control].includes(fd));
    const [talk, errors] = numbers.filter((fd) => !descriptors.isHandedOn(fd));
    if (talk === undefined || errors === undefined) return undefined;
    const words = [...shell, "-m", "-c", script(talk, errors, environment.names), "coffer", place].map((word) =>
      encoder.encode(word)
    );
    const started = spawner.spawn({
      argv: [...words, ...spec.argv],
      env: environment.block,
      path: environment.get("PATH"),
      group: "session",
      streams: {
        ...(stage.stdin === "terminal" ? { 0: stage.terminal } : {}),
        1: stage.terminal,
        2: stage.control, // bash controls this one, and a shell's own complaints are nobody's business
        [talk]: theirs,
        [errors]: stderr,
      },
    });
    descriptors.close(theirs);
    if ("errno" in started) {
      descriptors.close(ours);
      return undefined;
    }
    const leader = new SessionLeader(started.pid, ours, descriptors, reaper.wait(started.pid));
    leader.#command = await leader.#hear() ?? started.pid;
    return leader;
  }

  /** The command's process id, which is its process group's. */
  get command(): number {
    return this.#command;
  }

  /** Waits until the command has ended or was stopped. */
  async status(): Promise<Status> {
    const code = await this.#hear();
    if (code === undefined) return { exit: await this.#ended }; // somebody has killed the shell
    return code > 128 && statOf(this.#command) ? { stoppedBy: code - 128 } : { exit: code };
  }

  /** Continues the command, which was stopped. */
  continueIn(place: Place): void {
    this.#descriptors.writeNow(this.#talk, encoder.encode(`${place}\n`));
  }

  /** After the command's end: takes the terminal away. */
  end(): void {
    this.#descriptors.close(this.#talk);
  }

  /** A number that the shell says. Undefined when it is gone. */
  async #hear(): Promise<number | undefined> {
    while (!this.#heard.includes("\n")) {
      const length = await this.#descriptors.read(this.#talk, this.#buffer);
      if (length === 0) return undefined;
      this.#heard += decoder.decode(this.#buffer.subarray(0, length));
    }
    const end = this.#heard.indexOf("\n");
    const number = Number(this.#heard.slice(0, end));
    this.#heard = this.#heard.slice(end + 1);
    return number;
  }
}

/** Bash also hands on what no shell can have, such as an exported function, if it is told not to take it for itself. */
function shellFor(names: readonly string[]): readonly string[] | undefined {
  if (names.some((name) => SHELLS_OWN.test(name))) return undefined;
  return names.every((name) => SHELLS_CAN_HOLD.test(name)) ? ["/bin/sh"] : ["/bin/bash", "-p"];
}
