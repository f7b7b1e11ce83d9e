/**
 * Rights that the process gives up before it reads a secret. Most commands need neither the network nor foreign code nor
 * remote imports, so a dependency gone bad finds them closed.
 *
 * They are granted at the start because the runtime opens what is below `/dev`, `/proc` and `/sys` only to a program
 * that was granted everything: prompts need `/dev/tty`, some commands put files into `/dev/shm`, and `/dev/fd` is where
 * descriptors and a shell's `<(…)` are.
 */
import type { Host } from "./host.ts";
import type { Terminal } from "./terminal.ts";

/** They are the server, or talk to it; or open secret stores and providers, which may be anywhere; or download. */
const USES_NETWORK: ReadonlySet<string> = new Set([
  ...["serve", "status", "lock", "unlock", "stop", "token", "provider", "vault", "credentials", "plugin"],
]);
const USES_MEMORY_FOLDER: ReadonlySet<string> = new Set(["run", "edit", "doctor", "parameters"]);
const SPECIAL_PATH = /(?:^|=)\/(?:dev|proc|sys)\//;
const DESCRIPTOR_FLAG = /^--(?:new-?)?passphrase-?fd(?:=|$)/i;
/** Variables whose paths are read or written. */
const PATHS = [
  "COFFER_PASSPHRASE_FILE",
  "COFFER_NEW_PASSPHRASE_FILE",
  "COFFER_TOKEN_FILE",
  "COFFER_CACERT",
  "COFFER_HOME",
  "HOME",
  "GITHUB_ENV",
];

/** With one of these, no passphrase has to be asked for. */
const GIVEN = ["COFFER_PASSPHRASE", "COFFER_PASSPHRASE_FILE"];

/** For good: a right that was given up cannot be had back. */
export function dropUnneeded(args: readonly string[], host: Host, terminal: Terminal): void {
  const isGiven = GIVEN.some((name) => valueOf(host, name));
  if (terminal.isUnopened && !isGiven) return;
  if (USES_MEMORY_FOLDER.has(args[0] ?? "") || USES_NETWORK.has(args[0] ?? "")) return;
  if (args.some((arg) => SPECIAL_PATH.test(arg) || DESCRIPTOR_FLAG.test(arg))) return;
  const cwd = workingDirectory(host);
  if ([`${cwd}/`, ...PATHS.map((name) => valueOf(host, name))].some((path) => SPECIAL_PATH.test(path))) return;
  if (hasProvider(cwd, valueOf(host, "COFFER_HOME") || `${valueOf(host, "HOME")}/.coffer`)) return;
  // Without a passphrase, a running server is asked for the key, on its socket; with COFFER_ADDR, another for values.
  if (isGiven && !valueOf(host, "COFFER_ADDR")) Deno.permissions.revokeSync({ name: "net" });
  for (const name of ["ffi", "import"] as const) Deno.permissions.revokeSync({ name });
}

/** Whether secrets of a stack around here are with a provider, which may be anywhere, or a program of its own. */
function hasProvider(cwd: string, home: string): boolean {
  for (let folder = cwd;; folder = folder.slice(0, folder.lastIndexOf("/"))) {
    const stacks = foldersIn(`${folder}/.coffer/stacks`) ?? (folder === "" ? foldersIn(`${home}/stacks`) : undefined);
    if (stacks) return stacks.some((stack) => exists(`${stack}/provider.json`));
    if (folder === "") return false;
  }
}

/** Undefined where there is no such folder. */
function foldersIn(path: string): string[] | undefined {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => `${path}/${name}`);
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Empty when there is no telling; whoever needs it reports that. */
function workingDirectory(host: Host): string {
  try {
    return host.cwd;
  } catch {
    return "";
  }
}

/** Empty when it is not text; whoever needs this one reports that. */
function valueOf(host: Host, variable: string): string {
  try {
    return host.env(variable) ?? "";
  } catch {
    return "";
  }
}
