/** The files of a repository, for the checks. */

export const ROOT: string = import.meta.dirname!.replace(/\/scripts$/, "");

/** Not part of the repository, where git cannot say so. */
const OUTSIDE = new Set([".git", "node_modules", "dist", "coverage", ".coffer-test"]);

/** Paths from `root`, sorted: what git tracks, or without git whatever is there. */
export async function filesOf(root: string): Promise<string[]> {
  const paths = await trackedBy(root) ?? [...walk(root, "")];
  return paths.filter((path) => isFile(`${root}/${path}`)).sort();
}

async function trackedBy(root: string): Promise<string[] | undefined> {
  if (!exists(`${root}/.git`)) return undefined;
  const { success, stdout } = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: root }).output();
  return success ? new TextDecoder().decode(stdout).split("\0").filter(Boolean) : undefined;
}

function* walk(root: string, folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${root}/${folder}`)) {
    if (OUTSIDE.has(name)) continue;
    if (isDirectory) yield* walk(root, `${folder}${name}/`);
    else yield folder + name;
  }
}

function isFile(path: string): boolean {
  return exists(path) && Deno.lstatSync(path).isFile;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Ends a check: says what is wrong, one line each, and exits. */
export function conclude(name: string, problems: readonly string[]): void {
  const text = problems.length === 0 ? `${name}: fine\n` : problems.map((problem) => `${name}: ${problem}\n`).join("");
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  if (problems.length > 0) Deno.exitCode = 1;
}
