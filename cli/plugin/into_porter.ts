/** Coffer as a plugin in Porter's folder: the executable itself, or where it was started as a script, what starts that. */
import { Fault } from "../../core/fault.ts";
import { statIfPresent } from "../../core/store/file_guard.ts";
import type { Host } from "../host.ts";
import { type Installed, installFile } from "./install_file.ts";
import { metadataOf } from "./metadata.ts";

const NAME = "coffer";
/** Of the executable that unpacks itself: where it is. What runs is what it has unpacked. */
const EXECUTABLE = "COFFER_EXECUTABLE";
/** As the bundle's own first line has it. */
const FLAGS = "--allow-all --no-config --no-lock --cached-only --no-prompt";

/**
 * @param porterHome absolute
 * @throws {Fault} CONFLICT when there is a program that is not Coffer, unless `force`
 */
export async function installIntoPorter(host: Host, porterHome: string, force: boolean): Promise<Installed> {
  const folder = `${porterHome}/plugins/${NAME}`;
  const path = `${folder}/${NAME}`;
  if (!force && statIfPresent(path) && !await isCoffer(path)) {
    throw new Fault("CONFLICT", `${path} is not Coffer`, { hint: "to replace it: --force" });
  }
  const put = (content: ReadableStream<Uint8Array>, name: string) =>
    installFile(content, folder, name, { force: true });
  const executable = host.env(EXECUTABLE) || (Deno.build.standalone ? Deno.execPath() : undefined);
  if (executable !== undefined) return await put(await open(executable), NAME);
  const script = new URL(Deno.mainModule).pathname;
  if (!script.endsWith(".js")) {
    const config = script.replace(/cli\/main\.ts$/, "deno.json");
    return await put(launcher(["--allow-all", "--config", config, script]), NAME);
  }
  const { path: bundle } = await put(await open(script), `${NAME}.js`);
  return await put(launcher([...FLAGS.split(" "), bundle]), NAME);
}

function launcher(words: readonly string[]): ReadableStream<Uint8Array> {
  const command = [Deno.execPath(), "run", ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const text = `#!/bin/sh\n# Starts Coffer for Porter: coffer plugin install-into-porter\nexec ${command} "$@"\n`;
  return new Blob([text]).stream();
}

async function isCoffer(path: string): Promise<boolean> {
  try {
    return (await metadataOf(path)).name === NAME;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

async function open(path: string): Promise<ReadableStream<Uint8Array>> {
  return (await Deno.open(path)).readable;
}
