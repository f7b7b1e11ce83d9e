import { Fault } from "../../core/fault.ts";
import type { SecretName } from "../../core/name.ts";
import { command, type CommonFlags, secretNameArgument, toggle } from "../command.ts";

interface Flags extends CommonFlags {
  readonly yes: boolean;
}

export const rm = command<Flags, SecretName[]>({
  brief: "Remove secrets with all their versions",
  details:
    "All of them, or none when one does not exist; deleted versions and metadata go, too. Asks first at a terminal.",
  examples: ["rm db/password", "rm old/a old/b --yes"],
  flags: { yes: toggle("Do not ask") },
  aliases: { y: "yes" },
  positional: {
    kind: "array",
    minimum: 1,
    parameter: secretNameArgument("The secrets' names"),
  },
  async run({ workspace, report, terminal }, flags, ...names) {
    // Asked before the passphrase, and only where somebody can answer.
    if (
      !flags.yes && Deno.stdin.isTerminal() &&
      terminal.confirm(`Remove ${names.join(", ")} with all versions?`) === false
    ) {
      throw new Fault("USAGE", "nothing was removed");
    }
    await using stack = await workspace.opened(flags);
    await stack.removable.remove(names);
    report.data({ removed: names }, () => []);
    report.note(`removed ${names.join(", ")}`);
  },
});
