/** What one command resolves Porter's sources with, each opened once: the default secret store, and this machine. */
import type { Store, Stores } from "../core/config/stores.ts";
import type { Surroundings } from "../core/providers/kind.ts";
import type { Provider, SourceKind } from "../core/providers/provider.ts";
import type { Workspace } from "./compose.ts";
import type { StoreFlags } from "./store_flags.ts";

const HOST = "host";
const UNCONFIGURED: Store = { name: HOST, provider: HOST, config: Object.create(null) };
/** Keeps a record of its accesses itself: a stack does. */
const SEALED = "sealed";

export class OpenStores implements AsyncDisposable {
  readonly #workspace: Workspace;
  readonly #flags: StoreFlags;
  readonly #stack: Surroundings["stack"];
  #stores: Promise<Stores> | undefined;
  readonly #opened = new Map<Store, Promise<Provider>>();

  /** @param stack opens a stack of the project, which stays open as long as this does */
  constructor(workspace: Workspace, flags: StoreFlags, stack: Surroundings["stack"]) {
    this.#workspace = workspace;
    this.#flags = flags;
    this.#stack = stack;
  }

  /** As they are configured. @throws {Fault} for what the configuration says */
  async configured(): Promise<Stores> {
    return await (this.#stores ??= this.#workspace.stores(this.#flags));
  }

  /** The provider of a kind of source: secrets come from the default store, everything else from this machine. */
  async providerOf(kind: SourceKind): Promise<Provider> {
    const stores = await this.configured();
    return await this.#open(kind === "secret" ? stores.default : hostIn(stores), stores);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    for (const provider of opened) {
      await provider.then((provider) => provider[Symbol.asyncDispose](), () => {}); // its failure was told when it was opened
    }
  }

  async #open(store: Store, stores: Stores): Promise<Provider> {
    const opened = this.#opened.get(store) ?? this.#openAnew(store, stores);
    this.#opened.set(store, opened);
    return await opened;
  }

  async #openAnew(store: Store, stores: Stores): Promise<Provider> {
    const { openStore } = await import("../core/providers/open_store.ts");
    const around = this.#workspace.surroundings(this.#stack);
    if (store.provider === SEALED) return await openStore(store, stores, around);
    const record = await this.#workspace.storeRecorder();
    const { recordedProvider } = await import("../core/providers/recorded.ts");
    return recordedProvider(await openStore(store, stores, around), record);
  }
}

/** The configured one, which may say how files and outputs are read; else one without a configuration. */
function hostIn({ default: chosen, named }: Stores): Store {
  return [chosen, ...named].find(({ provider }) => provider === HOST) ?? UNCONFIGURED;
}
