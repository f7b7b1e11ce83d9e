/** Requests for version 2 of the KV engine, sent on as they are: what Coffer's own server does for its clients. */
import type { KvAnswer, KvRequest } from "../provider.ts";
import type { VaultPlace } from "./config.ts";
import type { VaultSession } from "./session.ts";

/** About the engine as a whole, and not about anything in its folders. */
const OF_ENGINE: ReadonlySet<string> = new Set(["config"]);

/** Not sent again when the answer is lost: whether twice is as good as once, only whoever asks knows. */
export async function forwardTo(
  session: VaultSession,
  { mount, prefix }: VaultPlace,
  { method, api, name, query, body }: KvRequest,
): Promise<KvAnswer> {
  const below = [OF_ENGINE.has(api) ? "" : prefix, name].filter((part) => part !== "");
  const path = [mount, api, ...below].join("/");
  const answer = await session.send({ method, path, query, ...(body && { body }) });
  return { status: answer.status, body: answer.body };
}
