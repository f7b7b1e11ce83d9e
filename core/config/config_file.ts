/** The user's configuration: `config.toml`, `config.yaml`, `config.yml` or `config.json` in their own folder. */
import { Fault } from "../fault.ts";
import { guardFolder, readGuarded, statIfPresent } from "../store/file_guard.ts";
import { documentFormatOf, parseDocument } from "./document.ts";
import { type Choices, parseStores, type Stores, storesWithoutFile } from "./stores.ts";

const NAMES = ["config.toml", "config.yaml", "config.yml", "config.json"];
/** Porter reads it, and nothing else does. */
const HCL = "config.hcl";
const MAX_BYTES = 1024 * 1024;

/**
 * The stores that are configured in `home`, or, without a file there, what the environment says.
 * @throws {Fault} CONFIG naming all that is wrong, and both of two files; DENIED when others can read the file
 */
export async function configuredStores(home: string, choices: Choices): Promise<Stores> {
  const present = [...NAMES, HCL].map((name) => `${home}/${name}`).filter((path) => statIfPresent(path));
  const [path, other] = present;
  if (path === undefined) return storesWithoutFile(choices);
  if (other !== undefined) {
    throw new Fault("CONFIG", `there are ${path} and ${other}, and only one can count`, { hint: `rm ${other}` });
  }
  const format = documentFormatOf(path);
  if (!format) {
    throw new Fault("UNSUPPORTED", `${path} is HCL, which Coffer does not read`, { hint: `write it as ${NAMES[0]}` });
  }
  guardFolder(home, "private");
  const bytes = readGuarded(path, "private", MAX_BYTES);
  if (!bytes) return storesWithoutFile(choices);
  return parseStores(await parseDocument(decode(bytes, path), format, path), path, choices);
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Fault("CONFIG", `${path} is not UTF-8 text`, { hint: "save the file as UTF-8" });
  }
}
