import { Fault } from "../../core/fault.ts";
import { unregister } from "../../core/stack/registration.ts";
import { command, type CommonFlags, toggle } from "../command.ts";

interface Flags extends CommonFlags {
  readonly yes: boolean;
}

export const providerUnregister = command<Flags>({
  brief: "Keep this stack's secrets in the stack itself again",
  details: "With the values that it had before. What is with the provider stays there. Asks first at a terminal.",
  examples: ["provider unregister", "provider unregister --yes"],
  flags: { yes: toggle("Do not ask") },
  aliases: { y: "yes" },
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report, terminal }, flags) {
    const { name } = await workspace.selected(flags);
    const question = `Use the secrets that are in stack ${name} itself again?`;
    if (!flags.yes && Deno.stdin.isTerminal() && terminal.confirm(question) === false) {
      throw new Fault("USAGE", "nothing was changed");
    }
    using stack = await workspace.unlocked(flags);
    await unregister(stack);
    report.data({ stack: name, provider: "sealed" }, () => []);
    report.note(`unregistered: the secrets of stack ${name} are in the stack itself`);
  },
});
