import { rekey } from "../../core/stack/rekey.ts";
import { command, type CommonFlags } from "../command.ts";

export const rekeyCommand = command<CommonFlags>({
  brief: "Give the stack a fresh key and seal every value again",
  details:
    "For when somebody who knew the key must not read what comes later. Interrupted, it leaves a stack that opens;\n" +
    "run it again to finish.",
  examples: ["rekey", "rekey --stack prod"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report, terminal }, flags) {
    using stack = await workspace.unlocked(flags);
    const count = await terminal.progress("sealing again", (update) => rekey(stack, update));
    report.data({ secrets: count, key: stack.header.keys[0] }, () => []);
    report.note(`sealed ${count} secrets again under a fresh key`);
  },
});
