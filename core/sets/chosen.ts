/** The entries of the sets that a command was given, and which of them have no value. */
import { Fault } from "../fault.ts";
import { describeOrigin, keyOfOrigin } from "../origin.ts";
import { together } from "../providers/all_or_none.ts";
import { missingNames, requireAll, type Resolved } from "../resolve.ts";
import type { SetEntry, SetKind, SourceSet } from "./set.ts";

/** An entry, and which set it is from. */
export interface ChosenEntry extends SetEntry {
  readonly set: string;
  readonly kind: SetKind;
}

/** The entries of all sets, each name once: the set that comes last has it. */
export function chosenEntries(sets: readonly SourceSet[], kind: SetKind): ChosenEntry[] {
  const entries = sets.flatMap(({ name: set, entries }) => entries.map((entry) => ({ ...entry, set, kind })));
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()];
}

/**
 * What everything has a value in; otherwise its values are wiped.
 * @throws {Fault} naming every entry without one, in Porter's words, and every name that is missing besides
 */
export function requireEntries(entries: readonly ChosenEntry[], resolved: Resolved): Resolved {
  const fault = unresolved(entries, resolved);
  if (!fault) return requireAll(resolved);
  const missing = missingNames(resolved);
  resolved[Symbol.dispose]();
  throw together([fault, ...missing ? [missing] : []]);
}

function unresolved(entries: readonly ChosenEntry[], { failed }: Resolved): Fault | undefined {
  const faults = entries.flatMap(({ kind, set, name, source }) => {
    const fault = failed.get(keyOfOrigin(source));
    if (!fault) return [];
    const text = `unable to resolve ${kind.singular} ${set}.${name} from ${describeOrigin(source)}: ${fault.message}`;
    return [{ text, fault }];
  });
  const [first, ...others] = faults;
  if (!first) return undefined;
  const { code, hint } = first.fault;
  const detail = { ...(hint !== undefined && { hint }), cause: first.fault };
  if (others.length === 0) return new Fault(code, first.text, detail);
  return new Fault(code, `${faults.length} errors occurred: ${faults.map(({ text }) => text).join("; ")}`, detail);
}
