import { parseSet } from "../../core/sets/parse.ts";
import { CREDENTIALS, type SetKind } from "../../core/sets/set.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import { command } from "../command.ts";
import { OpenStacks } from "../open_stacks.ts";
import { namespaceOf, setAliases, type SetFlags, setFlags } from "../store_flags.ts";
import { keepSet } from "./keep_set.ts";
import { readSetDocument, STDIN } from "./set_document.ts";

export function applyCommand(kind: SetKind) {
  const { singular, plural } = kind;
  const literal = kind === CREDENTIALS
    ? "Literal values go to the default secret store, and the set\nrefers to them there."
    : "Literal values are kept as they are.";
  return command<SetFlags, [file: string]>({
    brief: `Add a ${singular} set from a file, or change one`,
    details: `The file is Porter's: YAML or JSON, - for stdin. A namespace in it goes before -n. ${literal}`,
    examples: [`${plural} apply my${plural}.yaml`, `${plural} apply - -n staging < my${plural}.yaml`],
    flags: setFlags,
    aliases: setAliases,
    positional: { kind: "tuple", parameters: [{ parse: String, brief: "The set's document", placeholder: "file" }] },
    async run({ workspace, report, host }, flags, file) {
      const { document, where } = await readSetDocument(host, file);
      await using stacks = new OpenStacks(workspace, flags);
      const { stores } = stacks;
      const set = parseSet(document, kind, where, namespaceOf(flags, await stores.configured()));
      await keepSet({ report, stores, folder: new SetFolder(workspace.home, kind) }, set);
      if (kind === CREDENTIALS && file !== STDIN && set.entries.some(({ source }) => source.kind === "value")) {
        report.note(`${file} still holds the plaintext: remove it, and take it out of version control`);
      }
    },
  });
}
