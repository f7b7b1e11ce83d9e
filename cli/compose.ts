/**
 * Puts the concrete pieces together for one command: which project, which stack, which passphrase. Imports them when a
 * command needs them: `version` and `--help` do not, and it is a fifth of their time.
 */
import type { AuditLog } from "../core/audit/audit_log.ts";
import type { Operation } from "../core/audit/entry.ts";
import { Fault } from "../core/fault.ts";
import { parseStackName, type StackName } from "../core/name.ts";
import type { Secret } from "../core/secret.ts";
import { type RecordAccess, recorded } from "../core/stack/access.ts";
import type { LockedStack } from "../core/stack/locked_stack.ts";
import type { Project } from "../core/stack/project.ts";
import type { Stack } from "../core/stack/stack.ts";
import type { CommonFlags } from "./command.ts";
import { homeOf } from "./home.ts";
import type { Host } from "./host.ts";
import type { Secrets } from "./secrets.ts";
import type { ServerClient } from "./server/client.ts";
import type { ServedSecrets } from "./server/served_secrets.ts";
import { givenPassphrase, withPassphrase } from "./passphrase.ts";
import { selectedStack } from "./selection.ts";
import type { Terminal } from "./terminal.ts";

/** The stack used when nothing is selected. */
export const DEFAULT_STACK = "dev" as StackName;

/** Whoever can be asked for a passphrase. */
type Asking = Pick<Terminal, "askHidden" | "progress">;

export class Workspace {
  readonly #host: Host;
  readonly #terminal: Asking;
  readonly #operation: Operation | undefined;
  /** Read once: a descriptor has nothing more to say for the next stack. */
  #given: Secret | undefined;
  #audit: AuditLog | undefined;
  #server: Promise<ServerClient | undefined> | undefined;

  /** @param operation what the audit log calls the command; undefined for one that reaches no secret */
  constructor(host: Host, terminal: Asking, operation: Operation | undefined) {
    this.#host = host;
    this.#terminal = terminal;
    this.#operation = operation;
  }

  /** The user's own folder. @throws {Fault} UNAVAILABLE when there is none */
  get home(): string {
    return homeOf(this.#host);
  }

  /** The project in force. @throws {Fault} NOT_FOUND */
  async project(): Promise<Project> {
    const { Project } = await import("../core/stack/project.ts");
    const found = Project.find(this.#host.cwd, this.home);
    if (found) return found;
    throw new Fault("NOT_FOUND", "there is no .coffer folder here or in a folder above", { hint: "coffer init" });
  }

  /** The project to make a new stack in: the one around the working directory, or a new one there. */
  async projectForNewStack(inHome: boolean): Promise<Project> {
    const { Project } = await import("../core/stack/project.ts");
    if (inHome) return new Project(this.home);
    const found = Project.find(this.#host.cwd, this.home);
    // The user's own stacks are no project: `init` in a project below must not add to them.
    return found && found.folder !== this.home ? found : new Project(`${this.#host.cwd}/.coffer`);
  }

  /** `--stack`, `COFFER_STACK`, `coffer stack select`, or `dev`. */
  stackName(flags: Pick<CommonFlags, "stack">, project: Project): StackName {
    return this.#namedStack(flags) ?? selectedStack(this.home, project.folder) ?? DEFAULT_STACK;
  }

  /** A stack without its passphrase. */
  async locked(flags: CommonFlags): Promise<LockedStack> {
    const project = await this.project();
    return await load(project, this.stackName(flags, project));
  }

  /**
   * The audit log. No setting turns it off, and nothing in a project says where it is.
   * @throws {Fault} UNAVAILABLE when it cannot be written; DENIED when its place is not safe
   */
  async audit(): Promise<AuditLog> {
    const { AuditLog } = await import("../core/audit/audit_log.ts");
    return this.#audit ??= AuditLog.open(this.home);
  }

  /**
   * Records accesses to a stack in the audit log. They are refused when it cannot.
   * @param id the stack's id, where it is known
   * @throws as `audit`
   */
  async recorder(name: StackName, id: string | undefined): Promise<RecordAccess> {
    const operation = this.#operation;
    if (!operation) throw new Error("internal error: this command is not known to the audit log");
    const log = await this.audit();
    return (access) => log.append({ ...access, actor: { kind: "cli" }, operation, stack: { name, id } });
  }

  /** A stack unlocked with the first passphrase that there is. What is done with it is recorded in the audit log. */
  async unlocked(flags: CommonFlags): Promise<Stack> {
    const project = await this.project();
    const name = this.stackName(flags, project);
    const locked = await load(project, name);
    const record = await this.recorder(name, locked.header.id);
    const byServer = await this.#unlockedByServer(locked, flags);
    if (byServer) return byServer.recordedBy(record);
    return await this.withPassphrase(flags, name, async (passphrase) => {
      using progress = this.#terminal.progress("unlocking");
      // Only a failure is a record of its own.
      const stack = await recorded(record, "unlock", () => locked.unlock(passphrase, progress.update));
      return stack.recordedBy(record);
    });
  }

  /** Secrets by name and reference: from the server of `COFFER_ADDR` where that is set, or from stacks here. */
  async secrets(flags: CommonFlags): Promise<Secrets> {
    const served = await this.served(flags);
    if (served) return served;
    const { OpenStacks } = await import("./open_stacks.ts");
    return new OpenStacks(this, flags);
  }

  /** Those of the server of `COFFER_ADDR`, for which nothing has to be here. @throws {Fault} for a wrong address or token */
  async served(flags: CommonFlags): Promise<ServedSecrets | undefined> {
    const address = this.#host.env("COFFER_ADDR");
    if (!address) return undefined;
    const [{ parseRemoteAddress }, { clientToken }, { ServedSecrets }] = await Promise.all([
      import("./server/remote_address.ts"),
      import("./server/client_token.ts"),
      import("./server/served_secrets.ts"),
    ]);
    const stack = this.#namedStack(flags);
    return new ServedSecrets(parseRemoteAddress(address), clientToken(this.#host), stack);
  }

  /** Calls `attempt` with the first passphrase that there is, and again when it was typed and wrong. */
  async withPassphrase<T>(
    flags: Pick<CommonFlags, "passphraseFd">,
    stack: StackName,
    attempt: (passphrase: Secret) => Promise<T>,
  ): Promise<T> {
    this.#given ??= givenPassphrase(this.#host, flags.passphraseFd);
    return await withPassphrase(this.#given, this.#terminal, `stack ${stack}`, attempt);
  }

  /** The running server, if there is one. */
  async server(): Promise<ServerClient | undefined> {
    if (!this.#server) {
      const { ServerClient } = await import("./server/client.ts");
      this.#server = ServerClient.connect(this.home);
    }
    return await this.#server;
  }

  #namedStack(flags: Pick<CommonFlags, "stack">): StackName | undefined {
    if (flags.stack) return flags.stack;
    const fromEnvironment = this.#host.env("COFFER_STACK");
    return fromEnvironment ? parseStackName(fromEnvironment) : undefined;
  }

  /** With the key that a running server has, when no passphrase was given: without deriving it. */
  async #unlockedByServer(locked: LockedStack, flags: CommonFlags): Promise<Stack | undefined> {
    this.#given ??= givenPassphrase(this.#host, flags.passphraseFd);
    if (this.#given) return undefined;
    const key = await (await this.server())?.keyOf(locked.header.id);
    if (!key) return undefined;
    try {
      return locked.unlockWith(key);
    } catch (error) {
      // The passphrase was changed since: the server's key opens nothing, and the person is asked.
      if (error instanceof Fault && error.code === "LOCKED") return undefined;
      throw error;
    }
  }
}

async function load(project: Project, stack: StackName): Promise<LockedStack> {
  const { LockedStack } = await import("../core/stack/locked_stack.ts");
  return await LockedStack.load(project.store(stack));
}
