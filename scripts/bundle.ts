/**
 * Builds `dist/coffer.js`, the whole command line in one file, and `dist/mod.js`, the library for other runtimes.
 *
 * Nothing is looked up when they run: no dependency cache, no configuration. Commands stay lazy, since `import()` of a
 * module inside the bundle only runs that module's body when it is reached.
 *
 *     deno task bundle
 */
import * as esbuild from "esbuild";
import { isBuiltin } from "node:module";

const ROOT = import.meta.dirname!.replace(/scripts$/, "");
const DIST = `${ROOT}dist`;

/** Runs the file as a program. It asks for everything and gives up what it does not need: see cli/permissions.ts. */
const SHEBANG = "#!/usr/bin/env -S deno run --allow-all --no-config --no-lock --cached-only --no-prompt";

interface Entry {
  readonly source: string;
  readonly output: string;
  readonly banner: string;
  readonly mode: number;
}

const PROGRAM: Entry = { source: "cli/main.ts", output: "coffer.js", banner: SHEBANG, mode: 0o755 };
const LIBRARY: Entry = { source: "mod.ts", output: "mod.js", banner: "", mode: 0o644 };

/** Bundles the command line into `folder` and returns the file's path; a reader never sees half a file. */
export function bundle(folder: string = DIST): Promise<string> {
  return build(PROGRAM, folder);
}

/** Bundles the library into `folder` and returns the file's path. */
export function bundleLibrary(folder: string = DIST): Promise<string> {
  return build(LIBRARY, folder);
}

/**
 * Node's own modules are loaded where they are first used. As `import` statements they would be hoisted to the top of
 * the bundle, where each costs 10 to 60 ms of every start, also for commands that never need them.
 */
const lazyBuiltins: esbuild.Plugin = {
  name: "lazy-builtins",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path }) => {
      if (!isBuiltin(path)) return undefined;
      return { path: path.startsWith("node:") ? path : `node:${path}`, namespace: "builtin" };
    });
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

async function build({ source, output, banner, mode }: Entry, folder: string): Promise<string> {
  const built = await serially(() =>
    esbuild.build({
      absWorkingDir: ROOT, // paths in the output's comments are relative to it
      entryPoints: [source],
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      target: "esnext",
      mainFields: ["module", "main"],
      conditions: ["import"], // takes yaml's build for browsers, which leaves `process` alone
      charset: "utf8",
      legalComments: "eof", // the licences of what is inside travel with it
      logLevel: "error",
      banner: banner ? { js: banner } : {},
      plugins: [lazyBuiltins],
    })
  );
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${output}`;
  const unfinished = `${path}.${crypto.randomUUID()}`;
  await Deno.writeFile(unfinished, built.outputFiles[0]!.contents, { mode });
  await Deno.rename(unfinished, path);
  return path;
}

let last: Promise<unknown> = Promise.resolve();

/** One build at a time, and the compiler's process ended after each: a program that bundles must be able to end. */
function serially<Result>(work: () => Promise<Result>): Promise<Result> {
  const next = last.then(work, work).finally(() => esbuild.stop());
  last = next.catch(() => {});
  return next;
}

if (import.meta.main) {
  const paths = [await bundle()];
  if (await Deno.lstat(`${ROOT}${LIBRARY.source}`).then(() => true, () => false)) paths.push(await bundleLibrary());
  for (const path of paths) {
    const { size } = await Deno.stat(path);
    await Deno.stdout.write(new TextEncoder().encode(`${path} ${Math.ceil(size / 1024)} KiB\n`));
  }
}
