/**
 * Makes the one executable file, `dist/coffer`, always from the bundle: the same source gives the same bytes.
 *
 *     deno task compile [--target TARGET] [--output FILE]       with Deno's runtime for compiled programs
 *     deno task compile --self-extracting [--output FILE]       with the Deno that runs this
 */
import { parseArgs } from "node:util";
import { bundle, V8_FLAGS } from "./bundle.ts";
import { selfExtracting } from "./self_extracting.ts";

const DIST = `${import.meta.dirname!.replace(/scripts$/, "")}dist`;

const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;
type Target = typeof TARGETS[number];

/**
 * Everything is granted, because only then does Deno open /dev/tty and /dev/shm; cli/permissions.ts gives up the rest.
 * No configuration, lock, package or download can come in between. No code cache: compiled programs keep it in the
 * shared folder for temporary files, under a name that anyone can guess. Source positions at once: found when the
 * first error is thrown, they cost a second parse of the program, and without a terminal the first error is early.
 */
const RUNTIME_FLAGS = [
  ...["--allow-all", "--no-prompt", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--cached-only"],
  ...["--no-code-cache", `--v8-flags=--no-enable-lazy-source-positions,${V8_FLAGS}`],
];

/** The only variables that `deno compile` sees. Others, such as DENO_CERT, would be baked into the program. */
const PASSED_ON = ["PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR", "DENO_DIR", "DENORT_BIN"];
const DOWNLOAD = [
  ...["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR"],
];

/** The runtime for compiled programs is not here and cannot be had. */
class RuntimeMissing extends Error {}

/** Makes an executable with `deno compile`. A reader of `output` never sees half a file. */
async function compile(output: string, target: string = Deno.build.target): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "coffer-compile-" });
  try {
    await Deno.utime(await bundle(folder), 0, 0); // the time is embedded, too
    const flags = [...RUNTIME_FLAGS, "--no-check", "--app-name", "coffer", "--target", target, "--output", "coffer"];
    const names = [...PASSED_ON, ...DOWNLOAD].filter((name) => Deno.env.has(name));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["compile", ...flags, "coffer.js"],
      cwd: folder,
      clearEnv: true,
      env: Object.fromEntries([...names.map((name) => [name, Deno.env.get(name)!]), ["NO_COLOR", "1"]]),
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw failure(new TextDecoder().decode(stderr), target);
    await publish(output, await Deno.readFile(`${folder}/coffer`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Makes an executable for this system out of the Deno that runs this. */
export async function compileSelfExtracting(output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "coffer-compile-" });
  try {
    const program = await Deno.readFile(await bundle(folder));
    const runtime = (await Deno.open(Deno.execPath())).readable;
    const parts = { program, runtime, target: Deno.build.target, flags: RUNTIME_FLAGS };
    await publish(output, await selfExtracting(parts));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function failure(stderr: string, target: string): Error {
  if (!/base binary|denort/.test(stderr)) return new Error(`deno compile failed:\n${stderr}`);
  const cause = /^ +1: (.*)$/m.exec(stderr)?.[1] ?? stderr;
  return new RuntimeMissing(
    [
      `Deno's runtime for compiled programs on ${target} is not here and could not be downloaded:`,
      `  ${cause}`,
      `Download denort ${Deno.version.deno} for ${target} where you can, check it, and name it in DENORT_BIN.`,
      "Or make an executable from the Deno that is here: deno task compile --self-extracting",
    ].join("\n"),
  );
}

async function publish(output: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${output}.${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(unfinished, bytes, { mode: 0o755, createNew: true });
    await Deno.rename(unfinished, output);
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {});
    throw error;
  }
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { target: { type: "string" }, output: { type: "string" }, "self-extracting": { type: "boolean" } },
  });
  const { target, output = `${DIST}/coffer` } = values;
  if (target !== undefined && !TARGETS.includes(target as Target)) {
    return say(`there is no target ${target}; there are: ${TARGETS.join(", ")}`, 64);
  }
  if (values["self-extracting"] && target !== undefined && target !== Deno.build.target) {
    return say(`a self-extracting file is made from the Deno that is here, for ${Deno.build.target} only`, 64);
  }
  try {
    if (output === `${DIST}/coffer`) await Deno.mkdir(DIST, { recursive: true });
    if (values["self-extracting"]) await compileSelfExtracting(output);
    else await compile(output, target);
  } catch (error) {
    if (error instanceof RuntimeMissing) return say(error.message, 69); // EX_UNAVAILABLE
    throw error;
  }
  const { size } = await Deno.stat(output);
  return say(`${output} ${(size / 1e6).toFixed(1)} MB`, 0);
}

function say(text: string, code: number): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  return code;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
