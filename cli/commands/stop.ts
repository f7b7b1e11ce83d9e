import { command } from "../command.ts";
import { runningServer } from "../server/running.ts";

export const stop = command({
  brief: "End the running server",
  details: "It finishes the requests that are under way.",
  examples: ["stop"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }) {
    const server = await runningServer(workspace);
    await server.stop();
    report.note("stopped");
  },
});
