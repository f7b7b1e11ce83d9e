/**
 * Puts the concrete pieces together for one command: which project, which stack, which passphrase. Imports them when a
 * command needs them: `version` and `--help` do not, and it is a fifth of their time.
 */
import type { AuditLog } from "../core/audit/audit_log.ts";
import type { Operation } from "../core/audit/entry.ts";
import type { Stores } from "../core/config/stores.ts";
import { Fault } from "../core/fault.ts";
import { parseStackName, type SecretName, type StackName } from "../core/name.ts";
import type { Surroundings } from "../core/providers/kind.ts";
import type { Provider } from "../core/providers/provider.ts";
import type { RegisteredProvider } from "../core/providers/registered.ts";
import type { Secret } from "../core/secret.ts";
import { type RecordAccess, recorded } from "../core/stack/access.ts";
import type { LockedStack } from "../core/stack/locked_stack.ts";
import type { Project } from "../core/stack/project.ts";
import type { Stack } from "../core/stack/stack.ts";
import type { CommonFlags } from "./command.ts";
import { homeOf } from "./home.ts";
import { CREDENTIALS, type Host } from "./host.ts";
import type { OpenedStack } from "./opened_stack.ts";
import type { Secrets } from "./secrets.ts";
import type { ServerClient } from "./server/client.ts";
import type { ServedSecrets } from "./server/served_secrets.ts";
import { givenPassphrase, withPassphrase } from "./passphrase.ts";
import { selectedStack } from "./selection.ts";
import type { StoreFlags } from "./store_flags.ts";
import type { Terminal } from "./terminal.ts";

/** The stack used when nothing is selected. */
export const DEFAULT_STACK = "dev" as StackName;

/** Whoever can be asked for a passphrase. */
type Asking = Pick<Terminal, "askHidden" | "progress">;

export class Workspace {
  readonly #host: Host;
  readonly #terminal: Asking;
  readonly #operation: Operation | undefined;
  readonly #warn: (text: string) => void;
  /** Read once: a descriptor has nothing more to say for the next stack. */
  #given: Secret | undefined;
  #audit: AuditLog | undefined;
  #server: Promise<ServerClient | undefined> | undefined;

  /**
   * @param operation what the audit log calls the command; undefined for one that reaches no secret
   * @param warn tells the user something that is no error
   */
  constructor(host: Host, terminal: Asking, operation: Operation | undefined, warn: (text: string) => void) {
    this.#host = host;
    this.#terminal = terminal;
    this.#operation = operation;
    this.#warn = warn;
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

  /** A stack without its passphrase, and its name. */
  async selected(flags: CommonFlags): Promise<{ readonly name: StackName; readonly locked: LockedStack }> {
    const project = await this.project();
    const name = this.stackName(flags, project);
    return { name, locked: await load(project, name) };
  }

  /** A stack without its passphrase. */
  async locked(flags: CommonFlags): Promise<LockedStack> {
    return (await this.selected(flags)).locked;
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
    return await this.#recorderOf({ name, id });
  }

  /** Records accesses to what is no stack's: other stores, and this machine. @throws as `audit` */
  async storeRecorder(): Promise<RecordAccess> {
    return await this.#recorderOf(undefined);
  }

  async #recorderOf(stack: { name: StackName; id: string | undefined } | undefined): Promise<RecordAccess> {
    const operation = this.#operation;
    if (!operation) throw new Error("internal error: this command is not known to the audit log");
    const log = await this.audit();
    return (access) => log.append({ ...access, actor: { kind: "cli" }, operation, stack });
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
      const stack = await this.#terminal.progress(
        "unlocking",
        // Only a failure is a record of its own.
        (update) => recorded(record, "unlock", () => locked.unlock(passphrase, update)),
      );
      const { MemoryReturn } = await import("./memory_return.ts");
      new MemoryReturn().unlocked();
      return stack.recordedBy(record);
    });
  }

  /**
   * Where the secrets of a stack are: in the stack itself, unlocked, or with the provider registered for it. What is done
   * with them is recorded in the audit log.
   */
  async opened(flags: CommonFlags): Promise<OpenedStack> {
    const project = await this.project();
    const name = this.stackName(flags, project);
    const stack = await this.unlocked(flags);
    try {
      const { OpenedStack } = await import("./opened_stack.ts");
      return new OpenedStack(name, stack, await this.#registered(stack, name, flags));
    } catch (error) {
      stack.dispose();
      throw error;
    }
  }

  /** Names of a stack's secrets. Takes no passphrase where they are in the stack itself. */
  async names(flags: CommonFlags): Promise<SecretName[]> {
    const locked = await this.locked(flags);
    if (await locked.provider() === undefined) return await locked.list();
    await using opened = await this.opened(flags);
    return await opened.listable.list();
  }

  /** The same as a provider that has the stack to itself. */
  async secretsOf(flags: CommonFlags): Promise<Provider> {
    const opened = await this.opened(flags);
    if (opened.isSealed) return opened.provider;
    return { ...opened.provider, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  }

  /** Values by name, reference and source: from the server of `COFFER_ADDR` where that is set, or from what is here. */
  async secrets(flags: StoreFlags): Promise<Secrets> {
    const served = await this.served(flags);
    if (served) return served;
    const { OpenStacks } = await import("./open_stacks.ts");
    return new OpenStacks(this, flags);
  }

  /** The secret stores that are configured. @throws {Fault} CONFIG for what the file says, DENIED for how it is kept */
  async stores({ context }: Pick<StoreFlags, "context">): Promise<Stores> {
    const { configuredStores } = await import("../core/config/config_file.ts");
    return await configuredStores(this.home, { env: this.env, context });
  }

  /**
   * Reads a variable of the environment for what is not Coffer itself: not those that unlock the store.
   * @throws {Fault} UNSUPPORTED when it is not text
   */
  readonly env = (name: string): string | undefined => CREDENTIALS.includes(name) ? undefined : this.#host.env(name);

  /**
   * What providers may have of this process.
   * @param secretsOf those of a stack of the project; opened anew for each who asks unless given
   */
  surroundings(
    flags: CommonFlags,
    secretsOf: Surroundings["secretsOf"] = (stack) => this.secretsOf(stack === undefined ? flags : { ...flags, stack }),
  ): Surroundings {
    return { env: this.env, cwd: this.#host.cwd, secretsOf, warn: this.#warn };
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
    const place = parseRemoteAddress(address, this.#host.env("COFFER_CACERT"));
    return new ServedSecrets(place, clientToken(this.#host), stack);
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

  /** The provider of a stack, recorded. Most stacks have none: then nothing of it is loaded. */
  async #registered(stack: Stack, name: StackName, flags: CommonFlags): Promise<RegisteredProvider | undefined> {
    if (!await stack.isRegistered()) return undefined;
    const [{ openRegistered }, { recordedProvider }] = await Promise.all([
      import("../core/providers/registered.ts"),
      import("../core/providers/recorded.ts"),
    ]);
    const use = { home: this.home, offline: flags.offline ?? false };
    const registered = await openRegistered(stack, this.surroundings(flags), use);
    const record = await this.recorder(name, stack.header.id);
    return registered && { ...registered, provider: recordedProvider(registered.provider, record) };
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
