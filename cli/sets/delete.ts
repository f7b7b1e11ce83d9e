import { Fault } from "../../core/fault.ts";
import { literalKeys } from "../../core/sets/literals.ts";
import { CREDENTIALS, describeSet, type SetKind } from "../../core/sets/set.ts";
import { SetFolder } from "../../core/sets/set_folder.ts";
import { command, toggle } from "../command.ts";
import { OpenStacks } from "../open_stacks.ts";
import { namespaceOf, setAliases, type SetFlags, setFlags } from "../store_flags.ts";
import { forgetLiterals } from "./keep_set.ts";
import { nameArgument } from "./name_argument.ts";

interface Flags extends SetFlags {
  readonly force: boolean;
}

export function deleteCommand(kind: SetKind) {
  const { singular, plural } = kind;
  const values = kind === CREDENTIALS
    ? "Values that `apply` has put into the secret store for it go, too. Secrets that it only names stay.\n"
    : "";
  return command<Flags, [name: string]>({
    brief: `Remove a ${singular} set`,
    details: `${values}Only in the namespace that is meant: a global set is not removed for another.`,
    examples: [`${plural} delete azure`, `${plural} delete azure -n staging --force`],
    flags: { ...setFlags, force: toggle("Do not ask, and go on when there is none, or its values cannot be removed") },
    aliases: setAliases,
    positional: { kind: "tuple", parameters: [nameArgument] },
    async run({ workspace, report, terminal }, flags, name) {
      await using stacks = new OpenStacks(workspace, flags);
      const { stores } = stacks;
      const folder = new SetFolder(workspace.home, kind);
      const id = { namespace: namespaceOf(flags, await stores.configured()), name };
      const set = flags.force ? await folder.find(id) : await folder.get(id);
      const keys = set && kind === CREDENTIALS ? literalKeys(set) : [];
      const question = `Remove ${singular} set ${
        describeSet(id)
      }, and ${keys.length} values of it in the secret store?`;
      const asks = keys.length > 0 && !flags.force && Deno.stdin.isTerminal();
      if (asks && terminal.confirm(question) === false) throw new Fault("USAGE", "nothing was removed");
      try {
        await forgetLiterals(stores, keys);
      } catch (error) {
        if (!flags.force || !(error instanceof Fault)) throw error;
        report.warning(`in the secret store stay: ${keys.join(", ")} (${error.message})`);
      }
      await folder.remove(id);
      report.data({ namespace: id.namespace, name }, () => []);
      report.note(
        set ? `removed ${singular} set ${describeSet(id)}` : `there is no ${singular} set ${describeSet(id)}`,
      );
    },
  });
}
