import { recorded } from "../../core/stack/access.ts";
import { command, type CommonFlags } from "../command.ts";
import { runningServer } from "../server/running.ts";

export const unlock = command<CommonFlags>({
  brief: "Give the running server a stack's key",
  details: "After `coffer lock`, after the passphrase was changed, or for one more stack of the project.",
  examples: ["unlock", "unlock --stack prod"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }, flags) {
    const server = await runningServer(workspace);
    const project = await workspace.project();
    const name = workspace.stackName(flags, project);
    const record = await workspace.recorder(name, undefined);
    await workspace.withPassphrase(flags, name, async (passphrase) => {
      // Only a failure is a record of its own.
      await recorded(record, "unlock", () => server.unlock({ name, project: project.folder }, passphrase.revealText()));
    });
    report.note(`unlocked ${name}`);
  },
});
