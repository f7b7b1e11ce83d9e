/** What a request does, as policies see it: Vault's operations instead of HTTP's methods. */
import { parseGoBool } from "../../core/go_bool.ts";
import { Refusal } from "./refusal.ts";

/** `update` is also `create`, which only what is there already can tell apart. */
export type RequestOperation = "read" | "list" | "update" | "patch" | "delete";

/** The body of any other is not read. */
export const CARRY_BODY: ReadonlySet<RequestOperation> = new Set(["update", "patch"]);

export const MERGE_PATCH = "application/merge-patch+json";

/**
 * POST and PUT mean the same, as do LIST and GET with `list=true`, which is taken out of the query.
 * @throws {Refusal} 400, 405 or 415
 */
export function operationOf({ method, headers }: Request, query: URLSearchParams): RequestOperation {
  switch (method) {
    case "GET":
    case "HEAD":
      return isList(query) ? "list" : "read";
    case "LIST":
      query.delete("list"); // Go's client says it twice
      return "list";
    case "POST":
    case "PUT":
      return "update";
    case "PATCH":
      requireMergePatch(headers.get("content-type"));
      return "patch";
    case "DELETE":
      return "delete";
    default:
      throw new Refusal(405);
  }
}

function isList(query: URLSearchParams): boolean {
  const list = query.get("list") || "false";
  query.delete("list");
  const value = parseGoBool(list);
  if (value === undefined) throw new Refusal(400);
  return value;
}

function requireMergePatch(type: string | null): void {
  if (!type) throw new Refusal(400, `PATCH requires Content-Type of ${MERGE_PATCH}`);
  if (type.split(";")[0]!.trim().toLowerCase() === MERGE_PATCH) return;
  throw new Refusal(415, `PATCH requires Content-Type of ${MERGE_PATCH}`);
}
