/** All names below a folder: a Vault lists one folder at a time. */
import { Fault } from "../../fault.ts";
import { isSecretName, type SecretName } from "../../name.ts";
import { atOnce } from "./at_once.ts";

/** What is directly in a folder, which is empty or ends with `/`; what is a folder itself ends so too. */
export type ListFolder = (folder: string, signal: AbortSignal) => Promise<readonly string[]>;

/** More than anyone has; a server that finds folders in folders for ever is left there. */
const MOST_KEYS = 100_000;

/**
 * Names in code-unit order, found level by level. Keys that are no names of Coffer's are left out, and so is what is in
 * folders that are none.
 * @throws {Fault} UNAVAILABLE when there are too many
 */
export async function namesBelow(list: ListFolder, where: string): Promise<SecretName[]> {
  const names = new Set<SecretName>();
  let count = 0;
  for (let folders = [""]; folders.length > 0;) {
    const levels = await atOnce(folders, async (folder, signal) => {
      const keys = await list(folder, signal);
      if ((count += keys.length) > MOST_KEYS) throw tooMany(where);
      return keys.map((key) => folder + key);
    });
    const paths = levels.flat();
    for (const path of paths) if (isSecretName(path)) names.add(path);
    folders = paths.filter((path) => path.endsWith("/") && isSecretName(path.slice(0, -1)));
  }
  return [...names].sort();
}

function tooMany(where: string): Fault {
  return new Fault("UNAVAILABLE", `${where} lists more than ${MOST_KEYS.toLocaleString("en")} names`, {
    hint: "choose a folder of it with prefix",
  });
}
