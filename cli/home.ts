/** The user's own folder, where what is not the project's is kept. */
import { Fault } from "../core/fault.ts";
import type { Host } from "./host.ts";

/**
 * `$COFFER_HOME`, or `.coffer` in the user's home: `$HOME`, or without it, as under `env -i`, what passwd(5) says.
 * @throws {Fault} UNAVAILABLE when nothing says where that is: the root of the file system is no guess to make
 */
export function homeOf(host: Host): string {
  const given = host.env("COFFER_HOME");
  if (given) return given.startsWith("/") ? given : `${host.cwd}/${given}`;
  const home = host.env("HOME") || homeInPasswd();
  if (home?.startsWith("/")) return `${home === "/" ? "" : home}/.coffer`;
  throw new Fault("UNAVAILABLE", "nothing says where your home folder is: HOME is not set", {
    hint: "set COFFER_HOME to a folder of your own",
  });
}

/** name:password:UID:GID:comment:HOME:shell */
function homeInPasswd(): string | undefined {
  try {
    const uid = String(Deno.uid());
    const entries = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    return entries.find((entry) => entry[2] === uid)?.[5];
  } catch {
    return undefined; // no such file on this system
  }
}
