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
    await workspace.withPassphrase(flags, name, async (passphrase) => {
      await server.unlock({ name, project: project.folder }, passphrase.revealText());
    });
    report.note(`unlocked ${name}`);
  },
});
