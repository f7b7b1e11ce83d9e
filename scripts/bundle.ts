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
import { deflateRawSync } from "node:zlib";

const ROOT = import.meta.dirname!.replace(/scripts$/, "");
const DIST = `${ROOT}dist`;

/**
 * V8 lets what is young on its heap grow to 64 MiB, which a server that answers ten thousand requests a second takes
 * up, and the rest to several times what is in use. With 4 MiB, and one and a half times, it is as fast. And what runs
 * for long asks for a collection when there is a lot to be had: cli/memory_return.ts.
 */
export const V8_FLAGS = "--max-semi-space-size=2,--heap-growing-percent=50,--expose-gc";

/** Runs the file as a program. It asks for everything and gives up what it does not need: see cli/permissions.ts. */
const SHEBANG = "#!/usr/bin/env -S deno run --allow-all --no-config --no-lock --cached-only --no-prompt " +
  `--v8-flags=${V8_FLAGS}`;

interface Entry {
  readonly source: string;
  readonly output: string;
  readonly banner: string;
  readonly mode: number;
  readonly target: string;
  readonly plugins: readonly esbuild.Plugin[];
}

const OPTIONS = {
  absWorkingDir: ROOT, // what the output says of paths is relative to it
  bundle: true,
  write: false,
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["import"], // takes yaml's build for browsers, which leaves `process` alone
  minify: true, // 3 of the 16 ms that `coffer version` takes beyond an empty script
  charset: "ascii", // V8 scans a text of one-byte characters faster
  logLevel: "error",
} as const satisfies esbuild.BuildOptions;

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

/** What most starts need anyway. A second copy of it would be a second set of classes. */
const ALWAYS_LOADED = /^@noble\//;
/** Packages that have to be one, since one knows the other's classes: files that import nothing else. */
const PACKAGES_TOGETHER = /^\.\/(x509|wire)\.ts$/;
/** The text of a larger package is packed: only to read it would be 0.7 ms per 100 kB of every start. */
const LARGEST_PLAIN = 64 * 1024;
/** Of grpc-js, for services of its own that nobody here asks for: a third of it. */
const NEVER_LOADED = /^@grpc\/proto-loader$/;

/**
 * A package that is only reached by `import()` becomes a string, and code when it is first imported. V8 has to parse
 * the body of a function to find its end, even of one that is never called; it skips a string. These packages are more
 * than half of the program.
 */
const dormantPackages: esbuild.Plugin = {
  name: "dormant-packages",
  setup(build) {
    build.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (/^[./]/.test(path) && !PACKAGES_TOGETHER.test(path)) return;
      if (kind !== "dynamic-import" || isBuiltin(path) || ALWAYS_LOADED.test(path) || pluginData === RESOLVING) return;
      const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: RESOLVING });
      if (found.errors.length > 0) return found;
      // Without an extension: `.mjs` would make what is loaded below a module that has no `module.exports`.
      return { path: path.replace(/\.\w+$/, ""), namespace: "dormant", pluginData: found.path };
    });
    build.onLoad({ filter: /.*/, namespace: "dormant" }, async ({ path: name, pluginData: path }) => {
      const text = await packageText(path, name);
      const contents = text.length > LARGEST_PLAIN
        ? unpacking(text)
        : `module.exports = new Function(${JSON.stringify(text)})();`;
      return { contents, loader: "js" };
    });
  },
};

/** A module that unpacks a package when it is first imported. What it exports has to be known before that. */
function unpacking(text: string): string {
  const names = Object.keys(new Function(text)()).filter((name) => name !== "default" && name !== "__esModule");
  const packed = JSON.stringify(deflateRawSync(text, { level: 9 }).toString("base64"));
  return `const packed = new Blob([Uint8Array.fromBase64(${packed})]).stream();
    const text = await new Response(packed.pipeThrough(new DecompressionStream("deflate-raw"))).text();
    export const { ${names.join(", ")} } = new Function(text)();`;
}

const neverLoaded: esbuild.Plugin = {
  name: "never-loaded",
  setup(build) {
    build.onResolve({ filter: NEVER_LOADED }, ({ path }) => ({ path, namespace: "never" }));
    build.onLoad({ filter: /.*/, namespace: "never" }, () => ({ contents: "" }));
  },
};

const RESOLVING = Symbol("resolving");

/** The body of a function that returns the package's exports. */
async function packageText(path: string, name: string): Promise<string> {
  const built = await esbuild.build({
    ...OPTIONS,
    entryPoints: [path],
    format: "iife",
    target: "esnext",
    globalName: "exported",
    legalComments: "inline",
    plugins: [lazyBuiltins, neverLoaded],
  });
  return `${built.outputFiles[0]!.text}return exported;\n//# sourceURL=${name}\n`;
}

const PROGRAM: Entry = {
  source: "cli/main.ts",
  output: "coffer.js",
  banner: SHEBANG,
  mode: 0o755,
  target: "esnext",
  plugins: [lazyBuiltins, dormantPackages],
};

/**
 * For what Node 20 and browsers of its age understand; they do not know `using`. Without dormant packages: some of the
 * runtimes that it is for forbid making code from text.
 */
const LIBRARY: Entry = {
  source: "mod.ts",
  output: "mod.js",
  banner: "",
  mode: 0o644,
  target: "es2022",
  plugins: [lazyBuiltins],
};

/** Bundles the command line into `folder` and returns the file's path; a reader never sees half a file. */
export function bundle(folder: string = DIST): Promise<string> {
  return buildApart(PROGRAM, folder);
}

/** Bundles the library into `folder` and returns the file's path. */
export function bundleLibrary(folder: string = DIST): Promise<string> {
  return buildApart(LIBRARY, folder);
}

/** In a process of its own: the compiler keeps one running that does not end when it is told to, but a little later. */
async function buildApart({ output }: Entry, folder: string): Promise<string> {
  const script = import.meta.filename!;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "--config", `${ROOT}deno.json`, script, folder, output],
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`cannot bundle:\n${new TextDecoder().decode(stderr)}`);
  return `${folder}/${output}`;
}

async function build({ source, output, banner, mode, target, plugins }: Entry, folder: string): Promise<string> {
  const built = await esbuild.build({
    ...OPTIONS,
    entryPoints: [source],
    format: "esm",
    target,
    legalComments: "eof", // the licences of what is inside travel with it
    define: { COFFER_COMMIT: JSON.stringify(await commit()) },
    banner: banner ? { js: banner } : {},
    plugins: [...plugins],
  });
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${output}`;
  const unfinished = `${path}.${crypto.randomUUID()}`;
  await Deno.writeFile(unfinished, built.outputFiles[0]!.contents, { mode });
  await Deno.rename(unfinished, path);
  return path;
}

/** What is built; `unknown` where there is no repository to ask. */
async function commit(): Promise<string> {
  try {
    const git = new Deno.Command("git", { args: ["rev-parse", "--short=12", "HEAD"], cwd: ROOT, stderr: "null" });
    const { success, stdout } = await git.output();
    if (success) return new TextDecoder().decode(stdout).trim();
  } catch {
    // no git
  }
  return "unknown";
}

/** `bundle.ts [FOLDER [OUTPUT]]`: both outputs, or one of them. */
async function main([folder = DIST, only]: readonly string[]): Promise<void> {
  try {
    for (const entry of [PROGRAM, LIBRARY].filter(({ output }) => only === undefined || output === only)) {
      const path = await build(entry, folder);
      const { size } = await Deno.stat(path);
      await Deno.stdout.write(new TextEncoder().encode(`${path} ${Math.ceil(size / 1024)} KiB\n`));
    }
  } finally {
    await esbuild.stop();
  }
}

if (import.meta.main) await main(Deno.args);
