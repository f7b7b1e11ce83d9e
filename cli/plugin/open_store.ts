/** The store behind `coffer run secrets.coffer.NAME`: opened when Porter first asks for something, and kept open. */
import { Fault } from "../../core/fault.ts";
import type { ProviderConfig, Surroundings } from "../../core/providers/kind.ts";
import { openStore as openConfigured } from "../../core/providers/open_store.ts";
import type { Provider } from "../../core/providers/provider.ts";
import { recordedProvider } from "../../core/providers/recorded.ts";
import { providerKind, PROVIDERS } from "../../core/providers/registry.ts";
import { Workspace } from "../compose.ts";
import type { Host } from "../host.ts";
import type { PluginLog } from "./plugin_log.ts";

/** Where to look for `.coffer` from. Porter runs a plugin in the folder that its user happens to be in. */
const PROJECT = "project";
const FLAGS = { json: false, noColor: true } as const;
const NO_CONTEXT = {};

/** @throws {Fault} CONFIG when there is no such store */
export async function requireStore(name: string, host: Host, log: PluginLog): Promise<void> {
  if (Object.hasOwn(PROVIDERS, name)) return;
  const { named } = await workspaceOf(host, log).stores(NO_CONTEXT);
  if (named.some((store) => store.name === name)) return;
  const known = [...Object.keys(PROVIDERS), ...named.map((store) => store.name)];
  throw new Fault("CONFIG", `invalid plugin key specified: ${JSON.stringify(`secrets.coffer.${name}`)}`, {
    hint: `there are: ${known.map((kind) => `coffer.${kind}`).join(", ")}`,
  });
}

/**
 * Opens a store by its name: one that is configured where Coffer's stores are, or with what Porter says of it, a kind of
 * provider. What is done with it is recorded in the audit log.
 * @throws {Fault} CONFIG; LOCKED when its stack needs a passphrase and there is none: nobody is asked
 */
export async function openStore(name: string, config: ProviderConfig, host: Host, log: PluginLog): Promise<Provider> {
  const { [PROJECT]: project = host.cwd, ...rest } = config;
  if (typeof project !== "string" || !project.startsWith("/")) {
    throw new Fault("CONFIG", `config.${PROJECT} is not an absolute path`, { hint: `${PROJECT} = "/home/you/app"` });
  }
  const workspace = workspaceOf({ ...host, cwd: project }, log);
  let isRecorded = false;
  const around = workspace.surroundings(FLAGS, async (stack) => {
    const secrets = await workspace.secretsOf(stack === undefined ? FLAGS : { ...FLAGS, stack });
    isRecorded = true; // by themselves
    return secrets;
  });
  const provider = await open(name, rest, workspace, around);
  return isRecorded ? provider : recordedProvider(provider, await workspace.storeRecorder());
}

async function open(
  name: string,
  config: ProviderConfig,
  workspace: Workspace,
  around: Surroundings,
): Promise<Provider> {
  if (Object.keys(config).length === 0) {
    const stores = await workspace.stores(NO_CONTEXT);
    const configured = stores.named.find((store) => store.name === name);
    if (configured) return await openConfigured(configured, stores, around);
  }
  return await (await providerKind(name)).open(config, around);
}

function workspaceOf(host: Host, log: PluginLog): Workspace {
  return new Workspace(host, UNATTENDED, "plugin", (text) => log.line("warn", text));
}

/** Nobody is at a plugin's terminal, even where it has one: that is Porter's. */
const UNATTENDED = {
  askHidden: () =>
    Promise.reject(
      new Fault("LOCKED", "the stack is locked: run `coffer serve`, or set COFFER_PASSPHRASE_FILE for porter"),
    ),
  progress: <T>(_label: string, work: (update: (done: number) => void) => Promise<T>) => work(() => {}),
};
