import { parseDocument } from "../../core/config/document.ts";
import { Fault } from "../../core/fault.ts";
import { entriesOfBundle, type GeneratedKind, nameOfBundle } from "../../core/sets/bundle.ts";
import { describeSet, parseSetName, type SetKind, type SourceSet } from "../../core/sets/set.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import { command } from "../command.ts";
import { readFileBytes } from "../input.ts";
import { namespaceOf, setAliases, type SetFlags, setFlags } from "../store_flags.ts";
import { type Label, labelFlag } from "./label.ts";

interface Flags extends SetFlags {
  readonly from: string;
  readonly source?: GeneratedKind;
  readonly label?: readonly Label[];
}

const MAX_BYTES = 16 * 1024 * 1024;

export function generateCommand(kind: SetKind) {
  const { singular, plural } = kind;
  const kept = plural === "parameters" ? " A parameter with a default that may be shown keeps it." : "";
  return command<Flags, [name?: string]>({
    brief: `Make a ${singular} set with what a bundle wants`,
    details: `One entry for each ${singular} of a CNAB bundle.json, from the secret of the same name.${kept}\n` +
      `Named as the bundle is unless a name is given. \`coffer ${plural} edit\` changes the sources.`,
    examples: [`${plural} generate --from .cnab/bundle.json`, `${plural} generate azure --source env -n staging`],
    flags: {
      ...setFlags,
      from: { kind: "parsed", parse: String, default: "bundle.json", brief: "The bundle", placeholder: "file" },
      source: { kind: "enum", values: ["secret", "env"], optional: true, brief: "Where all values are to come from" },
      label: { ...labelFlag, brief: "Give the set this label" },
    },
    aliases: { ...setAliases, l: "label" },
    positional: {
      kind: "tuple",
      parameters: [{ parse: parseSetName, brief: "The set's name", placeholder: "name", optional: true }],
    },
    async run({ workspace, report }, flags, name) {
      const text = new TextDecoder().decode(readFileBytes(flags.from, MAX_BYTES));
      const bundle = await parseDocument(text, "json", flags.from);
      const set: SourceSet = {
        namespace: namespaceOf(flags, await workspace.stores(flags)),
        name: name ?? parseSetName(nameOfBundle(bundle) ?? ""),
        labels: Object.fromEntries((flags.label ?? []).map(({ key, value }) => [key, value])),
        entries: entriesOfBundle(bundle, kind, flags.source),
      };
      await new SetFolder(workspace.home, kind).replace(set, (current) => {
        if (!current) return;
        throw new Fault("CONFLICT", `there is a ${singular} set ${describeSet(set)} already`, {
          hint: `choose another name, or: coffer ${plural} delete ${set.name}`,
        });
      });
      const { namespace, entries } = set;
      report.data({ namespace, name: set.name, [plural]: entries.map(({ name }) => name) }, () => []);
      report.note(`made ${singular} set ${describeSet(set)} with ${entries.length} ${plural}`);
      const needed = entries.filter(({ source }) => source.kind === "secret").map(({ source }) => source.hint);
      if (needed.length > 0) report.note(`in the secret store there have to be: ${needed.join(", ")}`);
    },
  });
}
