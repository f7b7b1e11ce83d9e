/** Puts the concrete pieces together for one command: which project, which stack, which passphrase. */
import { Fault } from "../core/fault.ts";
import { parseStackName, type StackName } from "../core/name.ts";
import type { Secret } from "../core/secret.ts";
import { LockedStack } from "../core/stack/locked_stack.ts";
import { Project } from "../core/stack/project.ts";
import type { Stack } from "../core/stack/stack.ts";
import type { CommonFlags } from "./command.ts";
import type { Host } from "./host.ts";
import { withPassphrase } from "./passphrase.ts";
import { selectedStack } from "./selection.ts";
import type { Terminal } from "./terminal.ts";

/** The stack used when nothing is selected. */
export const DEFAULT_STACK = "dev" as StackName;

export class Workspace {
  readonly #host: Host;
  readonly #terminal: Terminal;

  constructor(host: Host, terminal: Terminal) {
    this.#host = host;
    this.#terminal = terminal;
  }

  /** The user's own folder: `$COFFER_HOME`, or `~/.coffer`. */
  get home(): string {
    const home = this.#host.env("COFFER_HOME") || `${this.#host.env("HOME") ?? ""}/.coffer`;
    return home.startsWith("/") ? home : `${this.#host.cwd}/${home}`;
  }

  /** The project in force. @throws {Fault} NOT_FOUND */
  project(): Project {
    const found = Project.find(this.#host.cwd, this.home);
    if (found) return found;
    throw new Fault("NOT_FOUND", "there is no .coffer folder here or in a folder above", { hint: "coffer init" });
  }

  /** The project to make a new stack in: the one around the working directory, or a new one there. */
  projectForNewStack(inHome: boolean): Project {
    if (inHome) return new Project(this.home);
    const found = Project.find(this.#host.cwd, this.home);
    // The user's own stacks are no project: `init` in a project below must not add to them.
    return found && found.folder !== this.home ? found : new Project(`${this.#host.cwd}/.coffer`);
  }

  /** `--stack`, `COFFER_STACK`, `coffer stack select`, or `dev`. */
  stackName(flags: Pick<CommonFlags, "stack">, project: Project): StackName {
    if (flags.stack) return flags.stack;
    const fromEnvironment = this.#host.env("COFFER_STACK");
    if (fromEnvironment) return parseStackName(fromEnvironment);
    return selectedStack(this.home, project.folder) ?? DEFAULT_STACK;
  }

  /** A stack without its passphrase. */
  locked(flags: CommonFlags): Promise<LockedStack> {
    const project = this.project();
    return LockedStack.load(project.store(this.stackName(flags, project)));
  }

  /** A stack unlocked with the first passphrase that there is. */
  async unlocked(flags: CommonFlags): Promise<Stack> {
    const project = this.project();
    const name = this.stackName(flags, project);
    const locked = await LockedStack.load(project.store(name));
    const unlock = async (passphrase: Secret) => {
      using progress = this.#terminal.progress("unlocking");
      return await locked.unlock(passphrase, progress.update);
    };
    return await withPassphrase(this.#host, this.#terminal, flags.passphraseFd, `stack ${name}`, unlock);
  }
}
