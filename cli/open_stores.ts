/** What one command resolves Porter's sources with, each opened once: the default secret store, and this machine. */
import type { Store, Stores } from "../core/config/stores.ts";
import type { Surroundings } from "../core/providers/kind.ts";
import type { Provider, SourceKind } from "../core/providers/provider.ts";
import type { Workspace } from "./compose.ts";
import { SEALED } from "./opened_stack.ts";
import type { StoreFlags } from "./store_flags.ts";

const HOST = "host";
const UNCONFIGURED: Store = { name: HOST, provider: HOST, config: Object.create(null) };

export class OpenStores implements AsyncDisposable {
  readonly #workspace: Workspace;
  readonly #flags: StoreFlags;
  readonly #secretsOf: Surroundings["secretsOf"];
  #stores: Promise<Stores> | undefined;
  readonly #opened = new Map<Store, Promise<Provider>>();

  /** @param secretsOf those of a stack of the project, recorded; they stay open as long as this does, and longer */
  constructor(workspace: Workspace, flags: StoreFlags, secretsOf: Surroundings["secretsOf"]) {
    this.#workspace = workspace;
    this.#flags = flags;
    this.#secretsOf = secretsOf;
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
    // A stack's are its own, and somebody else's to dispose of.
    const opened = [...this.#opened].filter(([{ provider }]) => provider !== SEALED);
    this.#opened.clear();
    for (const [, provider] of opened) {
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
    const around = this.#workspace.surroundings(this.#flags, this.#secretsOf);
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
