/** What a policy can grant on a path. */

/** What requests do; a capability of the same name allows it. `scan` is OpenBao's recursive list. */
export const OPERATIONS = ["create", "read", "update", "patch", "delete", "list", "scan"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** `sudo` opens paths that are for administrators, besides the operation; `deny` wins over all others. */
export const CAPABILITIES = [...OPERATIONS, "sudo", "deny"] as const;
export type Capability = (typeof CAPABILITIES)[number];

export function isCapability(text: string): text is Capability {
  return (CAPABILITIES as readonly string[]).includes(text);
}
