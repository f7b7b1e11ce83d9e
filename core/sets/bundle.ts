/** What a CNAB bundle wants to be given (https://cnab.io, bundle.json), as the entries of a set. */
import { isTable, type Table } from "../config/table.ts";
import { Fault } from "../fault.ts";
import { envNameOf } from "../name.ts";
import type { Source } from "../providers/provider.ts";
import { type SetEntry, type SetKind } from "./set.ts";
import { parameterText } from "./parse.ts";

/** Where the values of a generated set are to come from. */
export type GeneratedKind = "secret" | "env";

/** Of Porter's own making: nobody is to set it. */
const INTERNAL = "porter-internal";

/** The bundle's name, if it says it. */
export function nameOfBundle(bundle: Table): string | undefined {
  return typeof bundle["name"] === "string" ? bundle["name"] : undefined;
}

/**
 * An entry for each credential or parameter of a bundle, by name. A parameter with a default keeps it, unless it is
 * declared not to be shown, or a kind of source is asked for.
 * @throws {Fault} CONFIG when it is no bundle
 */
export function entriesOfBundle(bundle: Table, kind: SetKind, from: GeneratedKind | undefined): SetEntry[] {
  const declared = bundle[kind.plural] ?? Object.create(null);
  if (!isTable(declared) || !Array.isArray(bundle["invocationImages"])) {
    throw new Fault("CONFIG", "the file is no bundle.json: it has no invocationImages", {
      hint: `--from names a CNAB bundle.json, such as .cnab/bundle.json of a bundle that Porter has built`,
    });
  }
  return Object.keys(declared).sort().flatMap((name) => {
    const one = tableOf(declared[name]);
    const definition = tableOf(tableOf(bundle["definitions"])[String(one["definition"])]);
    if (definition["$comment"] === INTERNAL) return [];
    const isKept = from === undefined && kind.plural === "parameters" && definition["writeOnly"] !== true;
    const text = isKept ? parameterText(definition["default"]) : undefined;
    return [{ name, source: text === undefined ? sourceOf(name, one, from) : { kind: "value", hint: text } }];
  });
}

function sourceOf(name: string, declared: Table, from: GeneratedKind = "secret"): Source {
  if (from === "secret") return { kind: "secret", hint: name };
  const variable = declared["env"] ?? tableOf(declared["destination"])["env"];
  return { kind: "env", hint: typeof variable === "string" ? variable : envNameOf(name) };
}

function tableOf(value: unknown): Table {
  return isTable(value) ? value : Object.create(null);
}
