/** The sets that a command line names. */
import { chosenEntries, type ChosenEntry } from "../../core/sets/chosen.ts";
import { CREDENTIALS, PARAMETERS, type SetKind, type StoredSet } from "../../core/sets/set.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import type { Workspace } from "../compose.ts";
import { namespaceOf, type SetFlags } from "../store_flags.ts";

export interface ChosenSetsFlags extends SetFlags {
  readonly credentials?: readonly string[];
  readonly parameters?: readonly string[];
}

export interface ChosenSets {
  readonly entries: readonly ChosenEntry[];
  /** Where the sets are kept. */
  readonly files: readonly string[];
}

/**
 * Each set from the namespace, else the global one. Of several, a later one has what an earlier one has too.
 * @throws {Fault} NOT_FOUND when there is no such set
 */
export async function chosenSets(workspace: Workspace, flags: ChosenSetsFlags): Promise<ChosenSets> {
  const { credentials = [], parameters = [] } = flags;
  if (credentials.length + parameters.length === 0) return { entries: [], files: [] };
  const namespace = flags.namespace ?? namespaceOf(flags, await workspace.stores(flags));
  const read = async (kind: SetKind, names: readonly string[]) => {
    const folder = new SetFolder(workspace.home, kind);
    const sets: StoredSet[] = [];
    for (const name of names) sets.push(await folder.nearest({ namespace, name }));
    return { entries: chosenEntries(sets, kind), files: sets.map((set) => folder.pathOf(set)) };
  };
  const both = [await read(CREDENTIALS, credentials), await read(PARAMETERS, parameters)];
  return { entries: both.flatMap(({ entries }) => entries), files: both.flatMap(({ files }) => files) };
}
