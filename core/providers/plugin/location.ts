/** Where plugins are, and whether one may be started. */
import { hexOf } from "../../crypto/bytes.ts";
import { Fault } from "../../fault.ts";
import { hostFault } from "../../store/file_guard.ts";
import { porterHome, type Surroundings } from "../kind.ts";

/** The folders with a folder for each plugin: Coffer's own, then Porter's. */
export function pluginFolders(around: Pick<Surroundings, "env" | "cwd">): readonly [own: string, porters: string] {
  const { env, cwd } = around;
  const home = env("COFFER_HOME") || `${env("HOME") ?? ""}/.coffer`;
  return [home, porterHome(around)].map((folder) =>
    `${folder.startsWith("/") ? folder : `${cwd}/${folder}`}/plugins`
  ) as [string, string];
}

export interface WantedProgram {
  readonly name: string;
  /** Absolute; looked for in {@linkcode pluginFolders} when undefined. */
  readonly path: string | undefined;
  /** What the file has to be: lower-case hex. */
  readonly sha256: string | undefined;
}

/**
 * The plugin's file, free of links.
 * @throws {Fault} CONFIG when there is none that can be run; DENIED when it is another than was pinned, or others may
 * change it
 */
export async function findProgram(wanted: WantedProgram, around: Pick<Surroundings, "env" | "cwd">): Promise<string> {
  const { name, path, sha256 } = wanted;
  const candidates = path === undefined ? pluginFolders(around).map((folder) => `${folder}/${name}/${name}`) : [path];
  const found = candidates.map(resolved).find((file) => file !== undefined);
  if (found === undefined) {
    throw new Fault("CONFIG", `there is no plugin ${name}: neither ${candidates.join(" nor ")} is there`, {
      hint: `coffer plugin install FILE --name ${name}, or say where it is: path = "/…"`,
    });
  }
  requireOwn(found);
  if (sha256 !== undefined && await sha256Of(found) !== sha256) {
    throw new Fault("DENIED", `${found} is not the file that was pinned: its SHA-256 is another`, {
      hint: "coffer plugin show says what it is now: pin that if the file is what you meant to install",
    });
  }
  return found;
}

/** Lower-case hex. Read in pieces: plugins are large. */
export async function sha256Of(path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  try {
    using file = Deno.openSync(path);
    const buffer = new Uint8Array(1024 * 1024);
    for (let n = file.readSync(buffer); n !== null; n = file.readSync(buffer)) hash.update(buffer.subarray(0, n));
  } catch (error) {
    throw hostFault(error, path);
  }
  return hexOf(hash.digest());
}

function resolved(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

/** What everybody may change is anybody's program. @throws {Fault} DENIED; CONFIG when it is no program */
export function requireOwn(path: string): void {
  const info = Deno.statSync(path);
  const { isFile, mode, uid } = info;
  const [me, root] = [Deno.uid(), 0];
  if (!isFile) throw new Fault("CONFIG", `${path} is no file`, { hint: "a plugin is a program" });
  if (mode === null || me === null) return; // no modes on this system
  if (uid !== me && uid !== root) {
    throw new Fault("DENIED", `${path} belongs to another user (uid ${uid}), who could change it`);
  }
  if ((mode & 0o002) !== 0) { // Porter installs them with 0770
    throw new Fault("DENIED", `${path} can be changed by everybody`, { hint: `chmod o-w ${path}` });
  }
  if ((mode & 0o111) === 0) throw new Fault("CONFIG", `${path} is not executable`, { hint: `chmod 755 ${path}` });
}
