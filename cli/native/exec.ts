/** Replacing this process by another program: execve(2). */
import { cString, libc } from "./libc.ts";
import { searchProgram } from "./program_search.ts";
import type { SpawnSpec } from "./spawn.ts";
import { StringVector } from "./string_vector.ts";

const SYMBOLS = {
  execve: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  signal: { parameters: ["i32", "usize"], result: "usize" },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

const SIGPIPE = 13, SIG_DFL = 0n, SIG_IGN = 1n;

/**
 * Becomes the program. Returns only when that fails: with the errno, or with undefined where it cannot be done at all.
 * Handlers go with this program; what it ignores stays ignored, but for SIGPIPE, which only our runtime ignores.
 */
export function replaceProcess({ argv, env, path }: Pick<SpawnSpec, "argv" | "env" | "path">): number | undefined {
  const functions = libc(SYMBOLS);
  if (!functions) return undefined;
  using environment = new StringVector(env);
  functions.signal(SIGPIPE, SIG_DFL);
  const errno = searchProgram(argv, path, (file, words) => {
    using vector = new StringVector(words);
    functions.execve(cString(file), vector.pointers, environment.pointers);
    return new Deno.UnsafePointerView(functions.__errno_location()!).getInt32();
  });
  functions.signal(SIGPIPE, SIG_IGN);
  return errno;
}
