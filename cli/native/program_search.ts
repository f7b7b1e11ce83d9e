/** Finding a program as execvp(3) does, with the child's own `PATH`. */

/** From errno(3), the same numbers on every Linux. */
export const ENOENT = 2, ENOEXEC = 8, EACCES = 13, ENOTDIR = 20;

const SLASH = 47, COLON = 58;
/** What execvp(3) searches when there is no `PATH`. */
const DEFAULT_PATH = new TextEncoder().encode("/bin:/usr/bin");
const SHELL = new TextEncoder().encode("/bin/sh");
const encoder = new TextEncoder();

/**
 * Tries every place where the program can be. `attempt` returns an errno, or 0 for success.
 * @param argv its first word is the program as typed
 * @returns 0, or the errno to report: EACCES rather than ENOENT when something was there
 */
export function searchProgram(
  argv: readonly Uint8Array[],
  path: Uint8Array | undefined,
  attempt: (file: Uint8Array, argv: readonly Uint8Array[]) => number,
): number {
  const [program] = argv as [Uint8Array, ...Uint8Array[]];
  let failure = ENOENT;
  for (const file of candidates(program, path ?? DEFAULT_PATH)) {
    let errno = attempt(file, argv);
    // A script without `#!`: the shell runs it, as every shell and `env` have it.
    if (errno === ENOEXEC) errno = attempt(SHELL, [SHELL, file, ...argv.slice(1)]);
    if (errno === EACCES) failure = EACCES;
    else if (errno !== ENOENT && errno !== ENOTDIR) return errno;
  }
  return failure;
}

function candidates(program: Uint8Array, path: Uint8Array): Uint8Array[] {
  if (program.length === 0) return [];
  if (program.includes(SLASH)) return [program];
  return split(path, COLON).map((folder) => join(folder, program));
}

function split(bytes: Uint8Array, separator: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0;;) {
    const to = bytes.indexOf(separator, from);
    parts.push(bytes.subarray(from, to < 0 ? bytes.length : to));
    if (to < 0) return parts;
    from = to + 1;
  }
}

/** An empty entry of `PATH` is the working directory. */
function join(folder: Uint8Array, program: Uint8Array): Uint8Array {
  const start = folder.length === 0 ? encoder.encode(".") : folder;
  const out = new Uint8Array(start.length + 1 + program.length);
  out.set(start);
  out[start.length] = SLASH;
  out.set(program, start.length + 1);
  return out;
}
