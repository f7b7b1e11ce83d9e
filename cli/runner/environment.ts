/** The child's environment. */
import { Fault } from "../../core/fault.ts";
import type { EnvName } from "../../core/name.ts";
import type { Secret } from "../../core/secret.ts";
import type { Host } from "../host.ts";
import { PASSPHRASE_VARIABLES } from "../passphrase.ts";

/** What a program needs to find itself around; nothing else is inherited with `--pristine`. */
const PRISTINE = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];

/** The few variables that `--pristine` keeps. */
export function pristineVariables(host: Host): Map<string, string> {
  const kept = PRISTINE.map((name) => [name, host.env(name)] as const);
  return new Map(kept.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

/** Takes what unlocks the store, and what our own runtime was started with, out of the environment that is inherited. */
export function dropOwnVariables(): void {
  for (const variable of PASSPHRASE_VARIABLES) {
    Deno.env.delete(variable);
    Deno.env.delete(`${variable}_FILE`);
  }
  for (const variable of Deno.env.get(RUNTIME_VARIABLES)?.split(" ") ?? []) {
    if (variable.startsWith("DENO_")) Deno.env.delete(variable);
  }
  Deno.env.delete(RUNTIME_VARIABLES);
  dropNodeShim();
}

/** Names what the self-extracting executable has set for the runtime, and the user had not. */
const RUNTIME_VARIABLES = "COFFER_RUNTIME_VARIABLES";

/** Where there is no `node`, `deno run` puts one that is itself in front of `PATH`. The child gets the user's `PATH`. */
function dropNodeShim(): void {
  const path = Deno.env.get("PATH") ?? "";
  const [first, ...others] = path.split(":");
  if (!Deno.env.has("DENO_NODE_SHIM_ACTIVE") || !first?.endsWith("/node_compat_bin")) return;
  if (!isThisRuntime(`${first}/node`)) return; // another Deno's, which started us: it is the user's
  Deno.env.delete("DENO_NODE_SHIM_ACTIVE");
  Deno.env.set("PATH", others.join(":"));
}

function isThisRuntime(link: string): boolean {
  try {
    return Deno.realPathSync(link) === Deno.realPathSync(Deno.execPath());
  } catch {
    return false;
  }
}

/**
 * Values as environment text.
 * @throws {Fault} UNSUPPORTED naming every value that cannot be one: with a NUL byte, or not UTF-8
 */
export function environmentText(values: ReadonlyMap<EnvName, Secret>): Map<string, string> {
  const out = new Map<string, string>();
  const unfit: string[] = [];
  for (const [name, value] of values) {
    const text = textOf(value);
    if (text === undefined) unfit.push(name);
    else out.set(name, text);
  }
  if (unfit.length > 0) {
    throw new Fault("UNSUPPORTED", `not text that an environment variable can hold: ${unfit.join(", ")}`, {
      hint: "hand it over as a file: --file NAME=PATH",
    });
  }
  return out;
}

function textOf(value: Secret): string | undefined {
  try {
    const text = value.revealText();
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
