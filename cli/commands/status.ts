import type { ServerStatus } from "../server/client.ts";
import { command } from "../command.ts";
import { runningServer } from "../server/running.ts";

export const status = command({
  brief: "Show what the running server serves",
  examples: ["status", "status --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }) {
    const server = await runningServer(workspace);
    const status = await server.status();
    report.data(status, () => linesOf(status));
  },
});

function linesOf({ version, pid, locked, stacks, listeners, certificate, locksIn }: ServerStatus): string[] {
  return [
    `coffer ${version}, process ${pid}`,
    locked ? "locked" : `unlocked: ${stacks.join(", ")}`,
    ...listeners.map((url) => `listening at ${url}`),
    ...(certificate ? [`certificate in ${certificate.file}, SHA-256 ${certificate.sha256}`] : []),
    ...(locksIn === null ? [] : [`locks itself in ${locksIn} s unless it is used`]),
  ];
}
