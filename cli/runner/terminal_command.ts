/** A command with a terminal of its own, whose output passes through us on its way to the person's. */
import { ENOENT } from "../native/program_search.ts";
import { failureOf, type Native, PipeSource } from "./piped_command.ts";
import type { CommandSpec } from "./process.ts";
import { childrenOf, sessionMembers } from "./process_table.ts";
import { kill, type Leftovers, type StartedCommand } from "./started_command.ts";
import type { TerminalSession } from "./terminal_session.ts";

/**
 * Leads the session, as a shell does for what is typed to it. A command that led it could not be stopped with ^Z: the
 * kernel lets no process group be stopped that nobody in its session could continue. When the command stops, the shell
 * stops itself, which we are told, and continues the command when it is continued.
 *
 * Its own words (`Terminated`) are nobody's business; the command has the real stderr.
 */
const SHELL = "/bin/sh";
const SCRIPT = `exec 9>&2 2>/dev/null
set -m
( exec "$@" 2>&9 9>&- )
code=$?
while [ "$code" -gt 128 ] && jobs %% >&2; do
  kill -s STOP $$
  fg %% >&2
  code=$?
done
exit "$code"`;

const encoder = new TextEncoder();

/** @throws {SpawnFailure} */
export function startOnTerminal(spec: CommandSpec, session: TerminalSession, native: Native): StartedCommand {
  const { spawner, descriptors, reaper } = native;
  const pair = session.terminals.openPair();
  if (!pair) throw new Deno.errors.Busy("no pseudo-terminals are left");
  session.imitate(pair.ours);
  const path = spec.environment.get("PATH");
  const errno = spawner.locate(spec.argv, path);
  if (errno !== 0) throw failureOf(spec.argv, errno);
  const errors = Deno.stderr.isTerminal() ? undefined : descriptors.pipe();
  const shell = spec.environment.names.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const direct = {
    argv: spec.argv,
    env: spec.environment.block,
    path,
    group: "session",
    streams: {
      ...(Deno.stdin.isTerminal() ? { 0: pair.theirs } : {}),
      1: pair.theirs,
      2: errors?.write ?? pair.theirs,
    },
  } as const;
  const words = [SHELL, "-c", SCRIPT, "coffer"].map((word) => encoder.encode(word));
  // A shell would drop a variable whose name it cannot have, such as an exported function of another shell.
  let started = shell ? spawner.spawn({ ...direct, argv: [...words, ...spec.argv] }) : { errno: ENOENT };
  const led = "pid" in started;
  if (!led) started = spawner.spawn(direct);
  if (errors) descriptors.close(errors.write);
  if ("errno" in started) throw failureOf(spec.argv, started.errno);
  const { pid } = started;
  session.connect(pair.ours);
  const exit = reaper.wait(pid, () => {
    session.suspend();
    kill(-pid, "SIGCONT");
  });
  return {
    outputs: [
      new PipeSource(pair.ours, Deno.stdout, descriptors),
      ...(errors ? [new PipeSource(errors.read, Deno.stderr, descriptors)] : []),
    ],
    exit: exit.finally(() => session.disconnect()),
    signal(signal) {
      const command = led ? childrenOf(pid)[0] ?? pid : pid;
      if (!kill(-command, signal)) kill(command, signal);
    },
    leftovers: new SessionLeftovers(pid),
    target: `-${pid}`,
  };
}

/** What is left of a session gets what it gets when a terminal is closed: SIGHUP, which `nohup` is about. */
class SessionLeftovers implements Leftovers {
  readonly #session: number;
  #told = false;

  constructor(session: number) {
    this.#session = session;
  }

  exist(): boolean {
    return !this.#told && sessionMembers(this.#session).length > 0;
  }

  end(): void {
    for (const pid of sessionMembers(this.#session)) kill(pid, "SIGHUP");
    this.#told = true;
  }
}
