/** Answers without what differs from one time to the next, so that two servers' can be compared. */

/** An answer as it is recorded. */
export interface Recorded {
  readonly status: number;
  readonly type: string | null;
  /** Undefined when it is empty. */
  readonly body?: unknown;
}

/** Members that are other ones each time: what stands for them says their type. */
const VOLATILE: Readonly<Record<string, string>> = {
  request_id: "uuid",
  accessor: "accessor",
  wrapped_accessor: "accessor",
  client_token: "token",
  token: "token",
  id: "token",
  uuid: "uuid",
  cluster_id: "uuid",
  cluster_name: "name",
  commit_date: "time",
  version: "version",
  ttl: "seconds left",
};

/** What follows from the version of the server, and not from the API. */
const OF_THE_SERVER = new Set(["running_plugin_version", "description", "storage_type"]);

export function normalForm(value: unknown, member = ""): unknown {
  if (Array.isArray(value)) return value.map((element) => normalForm(element, member));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map((
        [name, inner],
      ) => [name, normalForm(inner, name)]),
    );
  }
  if (member === "keys" && typeof value === "string" && /^[A-Za-z0-9]{24}$/.test(value)) return "<accessor>";
  if (/_time$|_time_utc$|^last_renewal$|^modified$/.test(member)) return timeForm(value);
  if (OF_THE_SERVER.has(member) && typeof value === "string") return "<text>";
  // A number or nothing is told apart from what is there.
  if (Object.hasOwn(VOLATILE, member) && isVolatile(value)) return `<${VOLATILE[member]}>`;
  return value;
}

/** A version that is a number is a secret's, and is the same in both. */
function isVolatile(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || (typeof value === "number" && value > 100);
}

function timeForm(value: unknown): unknown {
  if (typeof value === "number") return "<seconds since 1970>";
  if (typeof value !== "string" || value === "") return value;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) ? "<time>" : `<no time: ${value}>`;
}
