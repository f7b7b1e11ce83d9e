import { parseDocument } from "../../core/config/document.ts";
import { Fault } from "../../core/fault.ts";
import { formatSetYaml } from "../../core/sets/format.ts";
import { parseSet } from "../../core/sets/parse.ts";
import { describeSet, type SetKind, type StoredSet } from "../../core/sets/set.ts";
import { Secret } from "../../core/secret.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import { command } from "../command.ts";
import { edited } from "../editor.ts";
import { OpenStacks } from "../open_stacks.ts";
import { namespaceOf, setAliases, type SetFlags, setFlags } from "../store_flags.ts";
import { keepSet } from "./keep_set.ts";
import { nameArgument } from "./name_argument.ts";

const MAX_BYTES = 16 * 1024 * 1024;
/** In errors: the file itself is gone by then. */
const SAVED = "what was saved";

export function editCommand(kind: SetKind) {
  const { singular, plural } = kind;
  return command<SetFlags, [name: string]>({
    brief: `Change a ${singular} set in your editor`,
    details: "As YAML, with $VISUAL or $EDITOR, in a file in memory only. What is not valid changes nothing.",
    examples: [`${plural} edit azure`, `EDITOR=nano coffer ${plural} edit azure -n staging`],
    flags: setFlags,
    aliases: setAliases,
    positional: { kind: "tuple", parameters: [nameArgument] },
    async run(context, flags, name) {
      const { workspace, report } = context;
      await using stacks = new OpenStacks(workspace, flags);
      const { stores } = stacks;
      const folder = new SetFolder(workspace.home, kind);
      const before = await folder.get({ namespace: namespaceOf(flags, await stores.configured()), name });
      using yaml = Secret.fromText(formatSetYaml(before, kind));
      const set = await edited(context, "set.yaml", yaml, MAX_BYTES, async (bytes) => {
        using saved = bytes;
        const text = saved.use((utf8) => new TextDecoder().decode(utf8));
        const read = parseSet(await parseDocument(text, "yaml", SAVED, "unambiguous"), kind, SAVED, before.namespace);
        if (read.name === before.name && read.namespace === before.namespace) return read;
        throw new Fault("CONFIG", "a set keeps its name and its namespace; nothing was changed", {
          hint: `coffer ${plural} show ${name} -o yaml > FILE, change it, then: coffer ${plural} apply FILE`,
        });
      });
      if (set === undefined) return report.note(`${describeSet(before)} is unchanged`);
      await keepSet({ report, stores, folder }, set, (current) => requireSame(before, current));
    },
  });
}

function requireSame(before: StoredSet, current: StoredSet | undefined): void {
  if (JSON.stringify(before) === JSON.stringify(current)) return;
  throw new Fault("CONFLICT", `${describeSet(before)} was changed meanwhile; it is left as it is`, {
    hint: "edit it again",
  });
}
