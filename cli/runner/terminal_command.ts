/** A command with a terminal of its own, whose output passes through us on its way to the person's. */
import type { StopSignal } from "../native/pseudo_terminal.ts";
import { failureOf, type Native, PipeSource } from "./piped_command.ts";
import type { CommandSpec } from "./process.ts";
import { sessionMembers } from "./process_table.ts";
import { type Place, SessionLeader, type Stage } from "./session_leader.ts";
import { kill, type Leftovers, type StartedCommand } from "./started_command.ts";
import { LOOK_MS, type TerminalSession } from "./terminal_session.ts";
import { TerminalSource } from "./terminal_source.ts";

/** The kernel stops with these who uses the terminal from its background: reads it, or sets its modes. */
const WANTS_TERMINAL: Readonly<Record<number, StopSignal>> = { 21: "SIGTTIN", 22: "SIGTTOU" };
const LEFTOVERS_LOOK_MS = 20;

type Started = Omit<StartedCommand, "outputs">;

/** @throws {SpawnFailure} */
export async function startOnTerminal(
  spec: CommandSpec,
  person: TerminalSession,
  native: Native,
): Promise<StartedCommand> {
  const { spawner, descriptors } = native;
  const errno = spawner.locate(spec.argv, spec.environment.get("PATH"));
  if (errno !== 0) throw failureOf(spec.argv, errno);
  const pair = person.terminals.openPair();
  const control = pair && person.terminals.openToControl(pair.theirs);
  if (!pair || control === undefined) throw new Deno.errors.Busy("no pseudo-terminals are left");
  person.connect(pair.ours);
  const errors = Deno.stderr.isTerminal() ? undefined : descriptors.pipe();
  const stage: Stage = {
    terminal: pair.theirs,
    control,
    stdin: Deno.stdin.isTerminal() ? "terminal" : "ours",
    stderr: errors?.write ?? "terminal",
  };
  const screen = new TerminalSource(pair.ours, Deno.stdout, person.terminals);
  const started = await startLed(spec, stage, person, screen, native) ?? startAlone(spec, stage, person, native);
  descriptors.close(control);
  if (errors) descriptors.close(errors.write);
  return {
    outputs: [
      screen,
      ...(errors ? [new PipeSource(errors.read, Deno.stderr, descriptors)] : []),
    ],
    ...started,
  };
}

async function startLed(
  spec: CommandSpec,
  stage: Stage,
  person: TerminalSession,
  screen: TerminalSource,
  native: Native,
): Promise<Started | undefined> {
  const wantsKeys = person.lendsAtOnce;
  const place = wantsKeys && person.isForeground ? "foreground" : "background";
  const leader = await SessionLeader.start(spec, stage, place, native);
  if (!leader) return undefined;
  const leftovers = new SessionLeftovers(leader.session);
  return {
    exit: follow(leader, person, screen, { place, wantsKeys }).finally(() => {
      person.disconnect();
      void leftovers.ended().then(() => leader.end());
    }),
    signal: (signal) => pass(signal, leader.command),
    leftovers,
    target: `-${leader.command}`,
  };
}

/** Sees the command to its end. It stops as we are stopped, and we as it is. */
async function follow(
  leader: SessionLeader,
  person: TerminalSession,
  screen: TerminalSource,
  { place, wantsKeys }: { place: Place; wantsKeys: boolean },
): Promise<number> {
  for (;;) {
    if (place === "foreground") person.lend();
    let fetched = false;
    const fetch = () => {
      if (person.isForeground) fetched = kill(-leader.command, "SIGSTOP");
    };
    // The shell has taken us to the foreground. The command may wait for keys without a read that would stop it.
    const look = place === "background" && wantsKeys ? setInterval(fetch, LOOK_MS) : undefined;
    const status = await leader.status();
    clearInterval(look);
    if ("exit" in status) return status.exit;
    await screen.shown(); // an editor puts the terminal right before it stops
    const wants = WANTS_TERMINAL[status.stoppedBy];
    if (wants && place === "background" && person.isForeground) {
      wantsKeys = true;
    } else if (!fetched) {
      person.stop(wants ?? "SIGTSTP");
      // Where nobody could continue us nobody stops us either. The command is not to try again all the time.
      if (!person.isForeground) await pause(LOOK_MS);
    }
    place = wantsKeys && person.isForeground ? "foreground" : "background";
    leader.continueIn(place);
  }
}

/**
 * Without a shell the command itself leads the session. ^Z does not stop it, keys are its own from the start, and its
 * end takes the terminal from what it leaves behind.
 * @throws {SpawnFailure}
 */
function startAlone(spec: CommandSpec, stage: Stage, person: TerminalSession, native: Native): Started {
  const path = spec.environment.get("PATH");
  const started = native.spawner.spawn({
    argv: spec.argv,
    env: spec.environment.block,
    path,
    group: "session",
    streams: {
      ...(stage.stdin === "terminal" ? { 0: stage.terminal } : {}),
      1: stage.terminal,
      2: stage.stderr === "terminal" ? stage.terminal : stage.stderr,
    },
  });
  if ("errno" in started) throw failureOf(spec.argv, started.errno);
  const { pid } = started;
  person.lend();
  return {
    exit: native.reaper.wait(pid).finally(() => person.disconnect()),
    signal: (signal) => pass(signal, pid),
    leftovers: new SessionLeftovers(pid),
    target: `-${pid}`,
  };
}

/** A terminal that goes away also continues what is stopped, as that would not learn of it. */
function pass(signal: Deno.Signal, group: number): void {
  kill(-group, signal);
  if (signal === "SIGHUP") kill(-group, "SIGCONT");
}

/** What is left of a session gets what it gets when a terminal is closed: SIGHUP, which `nohup` is about. */
class SessionLeftovers implements Leftovers {
  readonly #session: number;
  #told = false;

  /** @param session its leader's process id, which is not what is left */
  constructor(session: number) {
    this.#session = session;
  }

  exist(): boolean {
    return !this.#told && this.#members().length > 0;
  }

  end(): void {
    for (const pid of this.#members()) kill(pid, "SIGHUP");
    this.#told = true;
  }

  /** Waits until there is nothing left that was not told to end. */
  async ended(): Promise<void> {
    while (this.exist()) await pause(LEFTOVERS_LOOK_MS);
  }

  #members(): number[] {
    return sessionMembers(this.#session).filter((pid) => pid !== this.#session);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
