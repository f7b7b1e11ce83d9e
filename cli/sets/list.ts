import { formatSetsYaml, setDocument } from "../../core/sets/format.ts";
import { parseNamespace, type SetKind, type StoredSet } from "../../core/sets/set.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import { command, toggle } from "../command.ts";
import { namespaceOf, setAliases, type SetFlags, setFlags } from "../store_flags.ts";
import { columns } from "../columns.ts";
import { type Label, labelFlag } from "./label.ts";
import { outputFlag, type OutputForm } from "./output.ts";

interface Flags extends SetFlags {
  readonly allNamespaces: boolean;
  readonly name?: string;
  readonly label?: readonly Label[];
  readonly output: OutputForm;
}

/** Of `--namespace`, as Porter takes it: all of them. */
const ANY = "*";

export function listCommand(kind: SetKind) {
  const { singular, plural } = kind;
  return command<Flags>({
    brief: `Print the ${singular} sets`,
    details: "Those of one namespace: the global one unless -n, COFFER_NAMESPACE or the configuration names another.",
    examples: [`${plural} list`, `${plural} list --all-namespaces --label team=red`, `${plural} list -n dev -o yaml`],
    flags: {
      ...setFlags,
      namespace: {
        ...setFlags.namespace,
        parse: (text: string) => text === ANY ? text : parseNamespace(text),
        brief: "The sets of this namespace, * for all",
      },
      allNamespaces: toggle("The sets of all namespaces"),
      name: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Only names with this in them",
        placeholder: "text",
      },
      label: { ...labelFlag, brief: "Only sets with this label" },
      output: outputFlag,
    },
    aliases: { ...setAliases, l: "label", o: "output" },
    positional: { kind: "tuple", parameters: [] },
    async run({ workspace, report }, flags) {
      const isAny = flags.allNamespaces || flags.namespace === ANY;
      const namespace = isAny ? undefined : namespaceOf(flags, await workspace.stores(flags));
      const sets = (await new SetFolder(workspace.home, kind).list()).filter((set) => isWanted(set, flags, namespace));
      const documents = sets.map((set) => setDocument(set, kind));
      if (flags.output === "yaml" && !flags.json) return report.line(formatSetsYaml(sets, kind).trimEnd());
      if (flags.output === "json" && !flags.json) return report.line(JSON.stringify(documents, undefined, 2));
      report.data(
        documents,
        () => columns(sets.map(({ namespace, name, modified }) => [namespace || "-", name, modified])),
      );
    },
  });
}

function isWanted(set: StoredSet, { name = "", label = [] }: Flags, namespace: string | undefined): boolean {
  return (namespace === undefined || set.namespace === namespace) && set.name.includes(name) &&
    label.every(({ key, value }) => set.labels[key] === value);
}
