/**
 * Rights that the process gives up before it reads a secret. No command needs the network, foreign code or remote
 * imports, so a dependency gone bad finds them closed.
 *
 * They are granted at the start because the runtime opens `/dev/tty` and `/dev/shm` only to a program that was granted
 * everything: prompts need the first, and the few commands below put files into the second.
 */
const USES_MEMORY_FOLDER: ReadonlySet<string> = new Set(["run", "edit", "doctor"]);

/** For good: a right that was given up cannot be had back. */
export function dropUnneeded(command: string | undefined): void {
  if (command !== undefined && USES_MEMORY_FOLDER.has(command)) return;
  for (const name of ["net", "ffi", "import"] as const) Deno.permissions.revokeSync({ name });
}
