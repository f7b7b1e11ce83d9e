/** What is answered where there is no route, to who might do something there if there were one. */
import type { Answer } from "../http/answer.ts";
import { Refusal } from "../http/refusal.ts";
import { type Session, stackOfPath } from "../session.ts";
import { noRoute } from "./kv_engine.ts";

/** @throws {Refusal} 404, in Vault's words */
export function unknownPath({ path, server }: Session): Answer {
  if (stackOfPath(path, server)) {
    // What version 1 of the engine has its secrets under; Vault says it in an answer, not in an error.
    const warning = "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API " +
      "endpoints to use.";
    return { status: 404, data: null, warnings: [warning] };
  }
  if (/^(sys|auth\/token|coffer)\//.test(path)) throw new Refusal(404, "unsupported path");
  throw noRoute(path);
}
