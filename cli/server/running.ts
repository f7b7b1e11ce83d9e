import { Fault } from "../../core/fault.ts";
import type { Workspace } from "../compose.ts";
import type { ServerClient } from "./client.ts";

/** The running server, for commands that are about it. @throws {Fault} UNAVAILABLE when there is none */
export async function runningServer(workspace: Workspace): Promise<ServerClient> {
  const server = await workspace.server();
  if (server) return server;
  throw new Fault("UNAVAILABLE", "no server is running", { hint: "coffer serve" });
}
