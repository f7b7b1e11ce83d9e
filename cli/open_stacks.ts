/** The stacks that one command opens, each once, and its stores. */
import { Fault } from "../core/fault.ts";
import type { SecretName, StackName } from "../core/name.ts";
import type { Origin } from "../core/origin.ts";
import { lookUp, resolve, type Resolved } from "../core/resolve.ts";
import type { Workspace } from "./compose.ts";
import type { OpenedStack } from "./opened_stack.ts";
import { OpenStores } from "./open_stores.ts";
import type { Secrets } from "./secrets.ts";
import type { StoreFlags } from "./store_flags.ts";

export class OpenStacks implements Secrets {
  readonly #workspace: Workspace;
  readonly #flags: StoreFlags;
  /** Opened where there are sources to resolve. */
  readonly stores: OpenStores;
  readonly #opened = new Map<StackName, Promise<OpenedStack>>();
  readonly #stacks: OpenedStack[] = [];

  constructor(workspace: Workspace, flags: StoreFlags) {
    this.#workspace = workspace;
    this.#flags = flags;
    this.stores = new OpenStores(workspace, flags, async (name) => (await this.#get(name)).provider);
  }

  async resolve(origins: readonly Origin[]): Promise<Resolved> {
    return await resolve(origins, (stack) => this.#get(stack), (kind) => this.stores.providerOf(kind));
  }

  async lookUp(origins: readonly Origin[]): Promise<Resolved> {
    return await lookUp(origins, (stack) => this.#get(stack), (kind) => this.stores.providerOf(kind));
  }

  async list(): Promise<SecretName[]> {
    return await (await this.#get(undefined)).listable.list();
  }

  /** Where those that were opened are on disk. */
  async folders(): Promise<string[]> {
    if (this.#opened.size === 0) return []; // there may be no project
    const elsewhere = this.#stacks.find(({ isSealed }) => !isSealed);
    if (elsewhere) {
      throw new Fault("UNSUPPORTED", `changes of stack ${elsewhere.name} cannot be seen: its secrets are not here`, {
        hint: "leave --watch out",
      });
    }
    const { folder } = await this.#workspace.project();
    return [...this.#opened.keys()].map((name) => `${folder}/stacks/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stores[Symbol.asyncDispose]();
    for (const stack of this.#stacks.splice(0)) await stack[Symbol.asyncDispose]();
  }

  /** The named stack, or the current one. */
  async #get(given: StackName | undefined): Promise<OpenedStack> {
    const name = given ?? this.#workspace.stackName(this.#flags, await this.#workspace.project());
    const opened = this.#opened.get(name) ?? this.#open(name);
    this.#opened.set(name, opened);
    return await opened;
  }

  async #open(name: StackName): Promise<OpenedStack> {
    const stack = await this.#workspace.opened({ ...this.#flags, stack: name });
    this.#stacks.push(stack);
    return stack;
  }
}
