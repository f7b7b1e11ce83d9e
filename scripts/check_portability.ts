/**
 * Fails unless core and the server are as portable as mod.ts promises: their files, but for those that touch the host,
 * type-check where there are Web APIs and no Deno; all of them load there; and the bundled library loads in Node.
 *
 *     deno run -A scripts/check_portability.ts
 */
import { bundleLibrary } from "./bundle.ts";
import { HOST_FILES, isPortable } from "./check_layering.ts";
import { conclude, filesOf, ROOT } from "./repository.ts";

const OTHER_LANGUAGE = "core/crypto/assembly/";

export async function checkPortability(root: string): Promise<string[]> {
  const paths = (await filesOf(root)).filter((path) =>
    isPortable(path) && path.endsWith(".ts") && !path.startsWith(OTHER_LANGUAGE)
  );
  const folder = await Deno.makeTempDir({ prefix: "coffer-portability-" });
  try {
    return [
      ...await typesWithoutDeno(root, paths.filter((path) => !HOST_FILES.has(path)), folder),
      ...await loadsWithoutDeno(root, paths),
      ...await loadsInNode(root, folder),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function typesWithoutDeno(root: string, paths: readonly string[], folder: string): Promise<string[]> {
  if (paths.length === 0) return []; // or everything would be checked
  const { imports, compilerOptions } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  const lib = ["esnext", "dom", "dom.iterable", "dom.asynciterable"];
  const config = { imports, compilerOptions: { ...compilerOptions, lib }, nodeModulesDir: "none" };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  const files = paths.map((path) => `${root}/${path}`);
  return await deno(["check", "--quiet", "--no-lock", "--config", `${folder}/deno.json`, ...files], root);
}

/**
 * Also of the host files: they may use Deno when called, not when loaded. What Deno itself needs in order to load a
 * CommonJS package (`x509.ts` has some) uses `Deno`, and so is there before.
 */
async function loadsWithoutDeno(root: string, paths: readonly string[]): Promise<string[]> {
  const urls = paths.map((path) => new URL(path, `file://${root}/`).href);
  const program = `await import("node:module");
    for (const name of ["Deno", "process"]) delete globalThis[name]; // packages look for both
    for (const url of ${JSON.stringify(urls)}) {
      try { await import(url); } catch (error) { throw new Error("cannot load " + url, { cause: error }); }
    }`;
  return await deno(["eval", "--no-lock", "--config", `${ROOT}/deno.json`, program], root);
}

/** What mod.ts shows as its example. */
const SEAL_AND_OPEN = `
  const { createStack, LockedStack, MemoryStore, parseSecretName, Secret } = await import("./mod.mjs");
  const store = new MemoryStore();
  const name = parseSecretName("db/password");
  const stack = await createStack(store, Secret.fromText("a passphrase"), { logN: 10 });
  await stack.set(name, { value: Secret.fromText("hunter2"), type: "bytes" });
  const locked = await LockedStack.load(store);
  const opened = await (await locked.unlock(Secret.fromText("a passphrase"))).get(name);
  if (opened.value.revealText() !== "hunter2") throw new Error("not what was sealed");`;

async function loadsInNode(root: string, folder: string): Promise<string[]> {
  if (root !== ROOT || !await Deno.stat(`${ROOT}/mod.ts`).then(() => true, () => false)) return [];
  const path = await bundleLibrary(folder);
  await Deno.rename(path, `${folder}/mod.mjs`);
  return await run("node", ["--input-type=module", "-e", SEAL_AND_OPEN], folder).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return []; // no Node here; the gate's usual machine has it
    throw error;
  });
}

function deno(args: readonly string[], cwd: string): Promise<string[]> {
  return run(Deno.execPath(), args, cwd);
}

/** What the command says when it fails. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return success ? [] : [brief(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr))];
}

/** The bundle's lines are long, and Node repeats the one that failed. */
function brief(text: string): string {
  return text.split("\n").map((line) => line.slice(0, 300)).join("\n");
}

if (import.meta.main) conclude("portability", await checkPortability(ROOT));
