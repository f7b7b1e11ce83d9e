/** Process groups, as kill(2) sees them. */
import { libc } from "./libc.ts";

const SYMBOLS = { kill: { parameters: ["i32", "i32"], result: "i32" } } as const;

/** Sends nothing, and tells whether there is somebody to send it to. */
const NO_SIGNAL = 0;

/**
 * Whether a group has members that we may signal, those included that have ended and were not waited for. True where
 * there is no such C library. The runtime's own call would load code for 3 ms, and every command ends with this.
 */
export function mayHaveMembers(group: number): boolean {
  return libc(SYMBOLS)?.kill(-group, NO_SIGNAL) !== -1;
}
