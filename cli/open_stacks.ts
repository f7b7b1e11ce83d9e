/** The stacks that one command opens, each unlocked once, and its stores. */
import type { SecretName, StackName } from "../core/name.ts";
import type { Origin } from "../core/origin.ts";
import { lookUp, resolve, type Resolved } from "../core/resolve.ts";
import type { Stack } from "../core/stack/stack.ts";
import type { Workspace } from "./compose.ts";
import { OpenStores } from "./open_stores.ts";
import type { Secrets } from "./secrets.ts";
import type { StoreFlags } from "./store_flags.ts";

export class OpenStacks implements Secrets {
  readonly #workspace: Workspace;
  readonly #flags: StoreFlags;
  /** Opened where there are sources to resolve. */
  readonly stores: OpenStores;
  readonly #opened = new Map<StackName, Promise<Stack>>();
  readonly #stacks: Stack[] = [];

  constructor(workspace: Workspace, flags: StoreFlags) {
    this.#workspace = workspace;
    this.#flags = flags;
    this.stores = new OpenStores(workspace, flags, (name) => this.get(name));
  }

  /** The named stack, or the current one. */
  async get(given: StackName | undefined): Promise<Stack> {
    const name = given ?? this.#workspace.stackName(this.#flags, await this.#workspace.project());
    const opened = this.#opened.get(name) ?? this.#open(name);
    this.#opened.set(name, opened);
    return await opened;
  }

  async resolve(origins: readonly Origin[]): Promise<Resolved> {
    return await resolve(origins, (stack) => this.get(stack), (kind) => this.stores.providerOf(kind));
  }

  async lookUp(origins: readonly Origin[]): Promise<Resolved> {
    return await lookUp(origins, (stack) => this.get(stack), (kind) => this.stores.providerOf(kind));
  }

  async list(): Promise<SecretName[]> {
    return await (await this.get(undefined)).list();
  }

  /** Where those that were opened are on disk. */
  async folders(): Promise<string[]> {
    if (this.#opened.size === 0) return []; // there may be no project
    const { folder } = await this.#workspace.project();
    return [...this.#opened.keys()].map((name) => `${folder}/stacks/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stores[Symbol.asyncDispose]();
    for (const stack of this.#stacks) stack.dispose();
  }

  async #open(name: StackName): Promise<Stack> {
    const stack = await this.#workspace.unlocked({ ...this.#flags, stack: name });
    this.#stacks.push(stack);
    return stack;
  }
}
