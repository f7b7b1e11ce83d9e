/** The plugins that there are: a folder for each, Coffer's own and Porter's. */
import { Fault } from "../../core/fault.ts";
import { pluginFolders } from "../../core/providers/plugin/location.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import type { Host } from "../host.ts";

export interface InstalledPlugin {
  readonly name: string;
  readonly path: string;
  readonly of: "coffer" | "porter";
}

/** In the order in which they are looked for: of two with one name, the first is used. */
export function installedPlugins(host: Host): InstalledPlugin[] {
  const [own, porters] = pluginFolders(host);
  return [...pluginsIn(own, "coffer"), ...pluginsIn(porters, "porter")];
}

/** @throws {Fault} NOT_FOUND */
export function installedPlugin(host: Host, name: string): InstalledPlugin {
  const found = installedPlugins(host).find((plugin) => plugin.name === name);
  if (found) return found;
  throw new Fault("NOT_FOUND", `there is no plugin ${JSON.stringify(name)}`, {
    hint: "coffer plugin list, or: coffer plugin install FILE",
  });
}

function pluginsIn(folder: string, of: InstalledPlugin["of"]): InstalledPlugin[] {
  try {
    const names = [...Deno.readDirSync(folder)].filter(({ name }) => isFolder(`${folder}/${name}`)).map(({ name }) =>
      name
    );
    return names.sort().map((name) => ({ name, path: `${folder}/${name}/${name}`, of }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw hostFault(error, folder);
  }
}

/** Or a link to one. */
function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
