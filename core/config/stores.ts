/**
 * Which secret stores are configured, and which is the default one: Porter's schema, so that a configuration of Porter's
 * is one of Coffer's (docs/configuration.md). What Porter has besides stores is accepted, and not looked at.
 */
import { Fault } from "../fault.ts";
import { show } from "../interchange/checks.ts";
import { type Placeholder, placeholdersIn, showPlaceholder, withPlaceholders } from "./placeholders.ts";
import { invalidPluginKey, parsePluginKey, PLUGIN, type ProviderChoice } from "./plugin_key.ts";
import type { Table } from "./table.ts";
import { TableReader } from "./table_reader.ts";

/** A configured store. */
export interface Store {
  readonly name: string;
  /** The kind of provider. */
  readonly provider: string;
  /** As it is written, placeholders and all. */
  readonly config: Table;
}

export interface Stores {
  readonly default: Store;
  /** Those that have a name, in their order. */
  readonly named: readonly Store[];
  /** The namespace of sets where a command names none; empty for the global one. */
  readonly namespace: string;
}

/** What decides besides the file. */
export interface Choices {
  env(name: string): string | undefined;
  /** `--context`. */
  readonly context: string | undefined;
}

/** Where nothing else is said: the current stack. */
const DEFAULT_PLUGIN = "sealed";
const DEFAULT_CONTEXT = "default";
const VERSION = "2.0.0";

const VERSIONED_KEYS = ["schemaVersion", "current-context", "contexts"];
const CONTEXT_KEYS = ["name", "config"];
const STORE_KEYS = ["default-secrets", "default-secrets-plugin", "secrets", "namespace"];
/** Porter's other settings; any of its flags can be one (https://porter.sh/docs/configuration/configuration/). */
const PORTER_KEYS = [
  ...["allow-docker-host-access", "allow-file-downloads", "autobuild-disabled", "build-driver", "default-signer"],
  ...["default-signing-plugin", "default-storage", "default-storage-plugin", "dependencies", "driver", "experimental"],
  ...["force", "force-overwrite", "insecure-registry", "logs", "no-logs", "output", "runtime-driver", "schema-check"],
  ...["signer", "signers", "storage", "telemetry", "verbosity"],
];
const ENTRY_KEYS = ["name", "plugin", "config"];
/** Of an entry for an external plugin. Porter pins none. */
const PLUGIN_KEYS = ["path", "sha256", "env", "start_timeout", "timeout"];

/**
 * Reads a configuration.
 * @param where what to call the file in errors
 * @throws {Fault} CONFIG naming everything that is wrong, and no values
 */
export function parseStores(document: Table, where: string, choices: Choices): Stores {
  const problems: string[] = [];
  const stores = "schemaVersion" in document
    ? storesOfContext(document, choices, problems)
    : storesIn(document, "", withoutContext(choices), problems);
  if (problems.length === 0) return stores;
  throw new Fault("CONFIG", `${where}: ${problems.join("; ")}`, {
    hint: `[[secrets]] takes ${ENTRY_KEYS.join(", ")}; docs/configuration.md has the rest`,
  });
}

/** Without a file: what the environment says, or the default. @throws {Fault} as `parseStores` */
export function storesWithoutFile(choices: Choices): Stores {
  return parseStores(Object.create(null), "the environment", choices);
}

/** @throws {Fault} CONFIG, in Porter's words, when one is chosen: a flat file has none */
function withoutContext(choices: Choices): Choices {
  if (!contextOf(choices)) return choices;
  throw new Fault(
    "CONFIG",
    `--context/COFFER_CONTEXT requires a versioned config file; add schemaVersion: "${VERSION}" and wrap settings under contexts`,
    { hint: "leave --context out, or unset COFFER_CONTEXT" },
  );
}

/** Empty is none, as for Porter. */
function contextOf({ context, env }: Choices): string | undefined {
  return context || env("COFFER_CONTEXT") || undefined;
}

function storesOfContext(document: Table, choices: Choices, problems: string[]): Stores {
  const root = new TableReader(document, "", VERSIONED_KEYS, problems);
  const version = root.text("schemaVersion");
  if (version !== undefined && version !== VERSION) {
    problems.push(`the schema version is ${show(version)} but the supported schema version is ${VERSION}`);
  }
  if (!root.has("contexts")) problems.push("versioned config file is missing required 'contexts' key");
  const current = withEnv(root.text("current-context"), "current-context", choices, problems);
  const contexts = root.tables("contexts").map(([at, table]) => {
    const reader = new TableReader(table, `${at}.`, CONTEXT_KEYS, problems);
    const name = withEnv(reader.text("name"), `${at}.name`, choices, problems);
    if (!name) problems.push(`${at} has no name`);
    return { name, at, config: reader.table("config") };
  });
  problems.push(...repeated(contexts.map(({ name }) => name), "contexts"));
  const wanted = contextOf(choices) ?? (current || DEFAULT_CONTEXT);
  const selected = contexts.find(({ name }) => name === wanted);
  if (selected) return storesIn(selected.config ?? Object.create(null), `${selected.at}.config.`, choices, problems);
  const available = contexts.map(({ name }) => name).join(", ");
  problems.push(`context ${JSON.stringify(wanted)} not found in config file; available: ${available}`);
  return storesIn(Object.create(null), "", { ...choices, env: () => undefined }, []);
}

function storesIn(table: Table, prefix: string, choices: Choices, problems: string[]): Stores {
  const known = [...STORE_KEYS, ...PORTER_KEYS];
  const reader = new TableReader(withoutEmpty(table), prefix, known, problems);
  const setting = (key: string) => {
    const variable = `COFFER_${key.toUpperCase().replaceAll("-", "_")}`;
    return choices.env(variable) ?? withEnv(reader.text(key), `${prefix}${key}`, choices, problems) ?? "";
  };
  const named = reader.tables("secrets").map(([at, entry]) => parseEntry(entry, at, choices, problems));
  problems.push(...repeated(named.map(({ name }) => name), `${prefix}secrets`));
  const name = setting("default-secrets");
  const plugin = setting("default-secrets-plugin") || DEFAULT_PLUGIN;
  const chosen = named.find((store) => store.name === name);
  if (name !== "" && !chosen) problems.push(`secrets ${JSON.stringify(name)} not defined`);
  return { default: chosen ?? unconfigured(plugin, problems), named, namespace: setting("namespace") };
}

/** `secrets:` with nothing behind it, or with lines that are all comments, is not set, as for Porter. */
function withoutEmpty(table: Table): Table {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== null));
}

/** `default-secrets-plugin`: without a configuration, and named for what it is. */
function unconfigured(plugin: string, problems: string[]): Store {
  const choice = parsePluginKey(plugin);
  if (!choice) problems.push(invalidPluginKey(plugin));
  return storeOf(plugin, choice, Object.create(null), {});
}

function parseEntry(entry: Table, at: string, choices: Choices, problems: string[]): Store {
  const plugin = withEnv(typeof entry["plugin"] === "string" ? entry["plugin"] : "", `${at}.plugin`, choices, problems);
  const choice = parsePluginKey(plugin ?? "");
  const extra = choice?.kind === PLUGIN ? PLUGIN_KEYS : [];
  const reader = new TableReader(entry, `${at}.`, [...ENTRY_KEYS, ...extra], problems);
  const name = withEnv(reader.text("name"), `${at}.name`, choices, problems);
  if (!name) problems.push(`${at} has no name`);
  if (!reader.text("plugin")) problems.push(`${at} has no plugin`);
  else if (!choice) problems.push(invalidPluginKey(plugin ?? ""));
  const [config, ...others] = reader.tables("config").map(([, table]) => table);
  if (others.length > 0) problems.push(`${at}.config is more than one table`);
  const given = extra.filter((key) => reader.has(key)).map((key) => [key, entry[key]] as const);
  const store = storeOf(name ?? "", choice, config ?? Object.create(null), Object.fromEntries(given));
  placeholdersIn(store.config, choice?.kind === PLUGIN ? at : `${at}.config`, problems);
  return store;
}

function storeOf(name: string, choice: ProviderChoice | undefined, config: Table, extra: Table): Store {
  const { kind = "", plugin } = choice ?? {};
  if (plugin === undefined) return { name, provider: kind, config };
  return { name, provider: kind, config: Object.assign(Object.create(null), extra, { plugin, config }) };
}

function repeated(names: readonly (string | undefined)[], at: string): string[] {
  const twice = [...Map.groupBy(names, (name) => name)].filter(([name, same]) => name && same.length > 1);
  return twice.map(([name]) => `${at} has ${show(name!)} more than once`);
}

/** A text that decides what is read next: it can have variables of the environment in it, and no secrets. */
function withEnv(text: string | undefined, at: string, { env }: Choices, problems: string[]): string | undefined {
  const placeholders = placeholdersIn(text, at, problems);
  for (const placeholder of placeholders.filter(({ scope }) => scope === "secret")) {
    problems.push(`${at} has ${showPlaceholder(placeholder)}: only a store's config can have secrets in it`);
  }
  const value = (placeholder: Placeholder) => {
    const found = placeholder.scope === "env" ? env(placeholder.name) : "";
    if (found === undefined) problems.push(`${at}: the variable ${showPlaceholder(placeholder)} is not set`);
    return found ?? "";
  };
  return withPlaceholders(text, value);
}
