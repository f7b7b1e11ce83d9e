import { command } from "../command.ts";
import { runningServer } from "../server/running.ts";

export const lock = command({
  brief: "Have the running server forget its keys",
  details: "It goes on running, and answers that it is sealed until `coffer unlock`.",
  examples: ["lock"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }) {
    const server = await runningServer(workspace);
    await server.lock();
    report.note("locked");
  },
});
