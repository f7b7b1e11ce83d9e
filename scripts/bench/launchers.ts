/** Programs that start a command with values in its environment, each with a folder of its own that holds the values. */
import type { Subject } from "./measure.ts";
import type { NpmPeers } from "./npm_peers.ts";
import { sh } from "./shell.ts";

/** Lacks the words of the command that it is to start. */
export type Launcher = Subject;

export function starting(launcher: Launcher, ...words: readonly string[]): Subject {
  return { ...launcher, command: [...launcher.command, ...words] };
}

type Values = ReadonlyMap<string, string>;

/** Pinned, as those from npm are. Its first build takes minutes, and a few hundred megabytes of Go's own caches. */
const SOPS = "github.com/getsops/sops/v3/cmd/sops@v3.13.3";
/** Where Go's own archive installs it, for a shell that has not been told. */
const GO = "/usr/local/go/bin";

/** The floor: the values on the command line, and nobody who reads or opens them. */
export function env(values: Values): Launcher {
  return { name: "env", command: ["env", ...[...values].map(([name, value]) => `${name}=${value}`)] };
}

/** @param sealed whether the values are encrypted, to a key that lies beside them */
export async function dotenvx(npm: NpmPeers, cwd: string, values: Values, sealed: boolean): Promise<Launcher> {
  await Deno.mkdir(cwd);
  await Deno.writeTextFile(`${cwd}/.env`, dotenvOf(values));
  if (sealed) await sh(cwd, `${npm.dotenvx} encrypt`, npm.env);
  return { name: "dotenvx run", command: [npm.dotenvx, "run", "--"], cwd, env: npm.env };
}

export function redacting(dotenvx: Launcher): Launcher {
  const [program] = dotenvx.command;
  return { ...dotenvx, name: "dotenvx run --redact", command: [program, "run", "--redact", "--"] };
}

/** Masks what it passes on whenever that is not a terminal. Its values are plain text. */
export async function varlock(npm: NpmPeers, cwd: string, values: Values): Promise<Launcher> {
  await Deno.mkdir(cwd);
  const header = "# @defaultRequired=infer @defaultSensitive=true\n# ---\n";
  await Deno.writeTextFile(`${cwd}/.env.schema`, header + dotenvOf(values));
  return { name: "varlock run", command: [npm.varlock, "run", "--"], cwd, env: npm.env };
}

/** With an age key in a file. It takes the command as one word, for a shell. */
export async function sops(cwd: string, values: Values): Promise<Launcher> {
  await Deno.mkdir(cwd);
  const path = { PATH: `${Deno.env.get("PATH") ?? ""}:${GO}`, GOBIN: cwd };
  await sh(cwd, `go install ${SOPS}`, path);
  await Deno.writeTextFile(`${cwd}/secrets.env`, dotenvOf(values));
  await sh(cwd, "age-keygen -o key.txt && ./sops encrypt --in-place --age $(age-keygen -y key.txt) secrets.env");
  const env = { SOPS_AGE_KEY_FILE: `${cwd}/key.txt` };
  return { name: "sops exec-env, age key file", command: [`${cwd}/sops`, "exec-env", "secrets.env"], cwd, env };
}

function dotenvOf(values: Values): string {
  return [...values].map(([name, value]) => `${name}=${value}\n`).join("");
}
