/** The policy of a stack's token: all that Coffer does in its mount, and the token's own affairs. Nothing else. */

/** Tells a policy that Coffer may write again from one that is somebody else's. */
const MARK = "# Written by coffer vault configure: changes are lost when that is run again.";

export function policyFor(mount: string): string {
  const rules: readonly (readonly [path: string, capabilities: readonly string[]])[] = [
    [`${mount}/data/*`, ["create", "read", "update", "patch", "delete"]],
    [`${mount}/metadata/*`, ["create", "read", "update", "patch", "delete", "list"]],
    // To list the mount itself: whether its name then ends with a slash differs among servers.
    [`${mount}/metadata`, ["list"]],
    [`${mount}/delete/*`, ["create", "update"]],
    [`${mount}/undelete/*`, ["create", "update"]],
    [`${mount}/destroy/*`, ["create", "update"]],
    [`${mount}/subkeys/*`, ["read"]],
    ["auth/token/lookup-self", ["read"]],
    ["auth/token/renew-self", ["update"]],
    ["auth/token/revoke-self", ["update"]],
    [`sys/internal/ui/mounts/${mount}`, ["read"]],
    ["sys/capabilities-self", ["update"]],
  ];
  const blocks = rules.map(([path, capabilities]) =>
    `path "${path}" {\n  capabilities = [${capabilities.map((name) => `"${name}"`).join(", ")}]\n}\n`
  );
  return [`${MARK}\n`, ...blocks].join("\n");
}

export function isOurs(policy: unknown): boolean {
  return typeof policy === "string" && policy.startsWith(MARK);
}
