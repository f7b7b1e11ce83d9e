/** The store behind `coffer run secrets.coffer.NAME`: opened when Porter first asks for something, and kept open. */
import { Fault } from "../../core/fault.ts";
import type { ProviderConfig, Surroundings } from "../../core/providers/kind.ts";
import type { Provider } from "../../core/providers/provider.ts";
import { recordedProvider } from "../../core/providers/recorded.ts";
import { providerKind, PROVIDERS } from "../../core/providers/registry.ts";
import type { RecordAccess } from "../../core/stack/access.ts";
import { Workspace } from "../compose.ts";
import type { Host } from "../host.ts";
import type { PluginLog } from "./plugin_log.ts";

/** Where to look for `.coffer` from. Porter runs a plugin in the folder that its user happens to be in. */
const PROJECT = "project";

/** @throws {Fault} CONFIG when there is no such store */
export function requireStore(name: string): void {
  if (Object.hasOwn(PROVIDERS, name)) return;
  throw new Fault("CONFIG", `invalid plugin key specified: ${JSON.stringify(`secrets.coffer.${name}`)}`, {
    hint: `there are: ${Object.keys(PROVIDERS).map((kind) => `coffer.${kind}`).join(", ")}`,
  });
}

/**
 * Opens a store by its name. What is done with it is recorded in the audit log.
 * @throws {Fault} CONFIG; LOCKED when its stack needs a passphrase and there is none: nobody is asked
 */
export async function openStore(name: string, config: ProviderConfig, host: Host, log: PluginLog): Promise<Provider> {
  const { [PROJECT]: project = host.cwd, ...rest } = config;
  if (typeof project !== "string" || !project.startsWith("/")) {
    throw new Fault("CONFIG", `config.${PROJECT} is not an absolute path`, { hint: `${PROJECT} = "/home/you/app"` });
  }
  const workspace = new Workspace({ ...host, cwd: project }, UNATTENDED, "plugin");
  let isRecorded = false;
  const around: Surroundings = {
    env: (variable) => host.env(variable),
    cwd: project,
    stack: async (stack) => {
      const opened = await workspace.unlocked({ json: false, noColor: true, ...(stack && { stack }) });
      isRecorded = true; // by itself
      return opened;
    },
    warn: (text) => log.line("warn", text),
  };
  const provider = await (await providerKind(name)).open(rest, around);
  return isRecorded ? provider : recordedProvider(provider, await recorder(workspace));
}

/** Nobody is at a plugin's terminal, even where it has one: that is Porter's. */
const UNATTENDED = {
  askHidden: () =>
    Promise.reject(
      new Fault("LOCKED", "the stack is locked: run `coffer serve`, or set COFFER_PASSPHRASE_FILE for porter"),
    ),
  progress: () => ({ update: () => {}, [Symbol.dispose]: () => {} }),
};

async function recorder(workspace: Workspace): Promise<RecordAccess> {
  const audit = await workspace.audit();
  return (access) => audit.append({ ...access, actor: { kind: "cli" }, operation: "plugin", stack: undefined });
}
