import { PLUGIN } from "../../core/config/plugin_key.ts";
import type { Store, Stores } from "../../core/config/stores.ts";
import type { ListedAbility, ProviderKind } from "../../core/providers/kind.ts";
import { PROVIDERS } from "../../core/providers/registry.ts";
import { command } from "../command.ts";
import { columns } from "../columns.ts";
import { type StoreFlags, storeFlags } from "../store_flags.ts";

const WORDS: Readonly<Record<ListedAbility, string>> = {
  persist: "persist",
  list: "list",
  remove: "remove",
  history: "versions",
};

export const providerList = command<StoreFlags>({
  brief: "Print the configured secret stores, the default one marked, and the kinds that there are",
  details:
    "With what each can do. Stores are configured in config.toml, config.yaml or config.json in $COFFER_HOME, as Porter's\n" +
    "are; without one, the default is the current stack. Nothing is opened, and no configuration is shown.",
  examples: ["provider list", "provider list --context prod --json"],
  flags: storeFlags,
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }, flags) {
    const stores = await workspace.stores(flags);
    const kinds = new Map<string, ProviderKind>();
    for (const [name, load] of Object.entries(PROVIDERS)) kinds.set(name, await load());
    const listed = allStores(stores).map((store) => {
      const { name, provider, config } = store;
      const plugin = provider === PLUGIN ? { plugin: String(config["plugin"]) } : {};
      return { name, provider, ...plugin, default: store === stores.default, can: abilitiesOf(kinds.get(provider)) };
    });
    const known = [...kinds].map(([name, kind]) => ({ name, brief: kind.brief, can: abilitiesOf(kind) }));
    report.data({ stores: listed, kinds: known }, () => [
      ...columns(listed.map((store) => {
        const { provider, plugin } = { plugin: undefined, ...store };
        return [
          store.default ? "*" : " ",
          store.name,
          plugin === undefined ? provider : `${provider} ${plugin}`,
          show(store.can),
        ];
      })),
      "",
      ...columns(known.map(({ name, brief, can }) => [name, show(can), brief])),
    ]);
  },
});

function allStores({ default: chosen, named }: Stores): Store[] {
  return named.includes(chosen) ? [...named] : [chosen, ...named];
}

/** Undefined for a kind that there is not: opening the store says so. */
function abilitiesOf(kind: ProviderKind | undefined): string[] {
  return kind ? ["resolve", ...kind.can.map((ability) => WORDS[ability])] : [];
}

function show(can: readonly string[]): string {
  return can.join(" ") || "there is no such provider";
}
