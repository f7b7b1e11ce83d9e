/** Porter's name for a plugin: `secrets.coffer.sealed`, as in `coffer run secrets.coffer.sealed`. */
import { COOKIE } from "../../core/go_plugin/handshake.ts";
import type { Host } from "../host.ts";

const KEY = /^secrets\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
/** What Coffer is called among Porter's plugins, unless somebody calls it otherwise. */
const NAME = "coffer";

/**
 * The store that Coffer is to be a plugin for, when that is what the command line asks for. It has the form of a command
 * to run; that one can still be run behind `--`.
 */
export function pluginStoreIn(args: readonly string[], host: Host): string | undefined {
  const [, name, store] = (args[0] === "run" && args.length === 2 && KEY.exec(args[1]!)) || [];
  return name === NAME || (name !== undefined && isPluginHost(host)) ? store : undefined;
}

/** Whether it is a plugin's host that has started us. */
export function isPluginHost(host: Host): boolean {
  return host.env(COOKIE.name) === COOKIE.value;
}
