import { formatSetYaml, setDocument } from "../../core/sets/format.ts";
import type { SetKind, StoredSet } from "../../core/sets/set.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import { command } from "../command.ts";
import { namespaceOf, setAliases, type SetFlags, setFlags } from "../store_flags.ts";
import { columns } from "../columns.ts";
import { nameArgument } from "./name_argument.ts";
import { outputFlag, type OutputForm } from "./output.ts";

interface Flags extends SetFlags {
  readonly output: OutputForm;
}

export function showCommand(kind: SetKind) {
  const { singular, plural } = kind;
  return command<Flags, [name: string]>({
    brief: `Print a ${singular} set: where each ${singular} has its value from`,
    details: "The one that `coffer run` would take: of the namespace, else the global one. No value is looked up.",
    examples: [`${plural} show azure`, `${plural} show azure -n staging -o yaml > azure.yaml`],
    flags: { ...setFlags, output: outputFlag },
    aliases: { ...setAliases, o: "output" },
    positional: { kind: "tuple", parameters: [nameArgument] },
    async run({ workspace, report }, flags, name) {
      const namespace = namespaceOf(flags, await workspace.stores(flags));
      const set = await new SetFolder(workspace.home, kind).nearest({ namespace, name });
      const document = setDocument(set, kind);
      if (flags.output === "yaml" && !flags.json) return report.line(formatSetYaml(set, kind).trimEnd());
      if (flags.output === "json" && !flags.json) return report.line(JSON.stringify(document, undefined, 2));
      report.data(document, () => lines(set));
    },
  });
}

function lines({ namespace, name, labels, created, modified, entries }: StoredSet): string[] {
  const head = [
    ["name", name],
    ["namespace", namespace || "-"],
    ...Object.entries(labels).map(([key, value]) => ["label", `${key}=${value}`]),
    ["created", created],
    ["modified", modified],
  ];
  return [...columns(head), "", ...columns(entries.map(({ name, source }) => [name, source.kind, source.hint]))];
}
