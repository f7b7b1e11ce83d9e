/** All names below a folder: a Vault lists one folder at a time. */
import { Fault } from "../../fault.ts";
import { isSecretName, type SecretName } from "../../name.ts";
import { atOnce } from "./at_once.ts";

/** What is directly in a folder, which is empty or ends with `/`; what is a folder itself ends so too. */
export type ListFolder = (folder: string, signal: AbortSignal) => Promise<readonly string[]>;

/** More than anyone has; a server that finds folders in folders for ever is left there. */
const MOST_KEYS = 200_000;

/**
 * Names in code-unit order. Keys that are no names of Coffer's are left out, and so is what is in folders that are none.
 * @throws {Fault} UNAVAILABLE when there are too many
 */
export async function namesBelow(list: ListFolder, where: string): Promise<SecretName[]> {
  const names = new Set<SecretName>();
  let keys = 0;
  const walk = async (folder: string, signal?: AbortSignal): Promise<void> => {
    const found = await list(folder, signal ?? new AbortController().signal);
    if ((keys += found.length) > MOST_KEYS) {
      throw new Fault("UNAVAILABLE", `${where} lists more than ${MOST_KEYS.toLocaleString("en")} names`, {
        hint: "choose a folder of it with prefix",
      });
    }
    const folders: string[] = [];
    for (const key of found.map((key) => folder + key)) {
      if (isSecretName(key)) names.add(key);
      else if (key.endsWith("/") && isSecretName(key.slice(0, -1))) folders.push(key);
    }
    await atOnce(folders, walk, { signal });
  };
  await walk("");
  return [...names].sort();
}
