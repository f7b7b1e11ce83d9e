/** Whether the sender of a request may do what it asks for. Decided by its path, not by what there is. */
import type { AuditEntry } from "../core/audit/entry.ts";
import type { RequestOperation } from "./http/operation.ts";
import { permissionDenied } from "./http/refusal.ts";
import type { Match } from "./routes/router.ts";
import { type Session, stackOfPath } from "./session.ts";

const KIND: Readonly<Record<RequestOperation, AuditEntry["kind"]>> = {
  read: "read",
  list: "list",
  update: "write",
  patch: "write",
  delete: "remove",
};

/**
 * @param match undefined for a path without a route: nobody without rights there learns that it has none
 * @throws {Refusal} 403
 */
export async function authorize(
  session: Session,
  operation: RequestOperation,
  match: Match | undefined,
): Promise<void> {
  if (await isAllowed(session, operation, match)) return;
  const stack = stackOfPath(session.path, session.server);
  await session.record({
    kind: KIND[operation],
    operation: stack ? "kv" : "request",
    ...(stack && { stack }),
    outcome: "DENIED",
  });
  throw permissionDenied();
}

async function isAllowed(session: Session, operation: RequestOperation, match: Match | undefined): Promise<boolean> {
  const access = match?.route.access;
  if (access === "anyone" || session.isWrapping) return true;
  const { path, client: { info, acl } } = session;
  // A token of one run does nothing else, whatever its policies say: and this, whatever they do not say.
  if (info.only !== null) return match?.route.forRuns ?? false;
  if (access === "token") return true;
  const aclOperation = operation === "update" ? await writes(session, match) : operation;
  if (aclOperation === undefined || !acl.allows(aclOperation, path)) return false;
  return !match?.route.sudo || acl.hasSudo(aclOperation, path);
}

/**
 * `create` or `update`, by whether there is something already. That is looked at only where it matters: not for who may
 * do both or neither, so that nobody can measure what there is without a right to it.
 */
async function writes(session: Session, match: Match | undefined): Promise<"create" | "update" | undefined> {
  const { path, client: { acl } } = session;
  const update = acl.allows("update", path);
  if (!match?.route.exists || update === acl.allows("create", path)) return update ? "update" : undefined;
  return await match.route.exists({ session, parameters: match.parameters }) ? "update" : "create";
}
