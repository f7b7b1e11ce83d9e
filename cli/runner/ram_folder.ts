/**
 * A private folder in memory: the only place where a value may be a file. 0700, with 0600 files, removed on every exit
 * path; one left by a killed process is removed by the next command that makes one.
 */
import { Fault } from "../../core/fault.ts";
import { randomBytes } from "../../core/crypto/bytes.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import type { Secret } from "../../core/secret.ts";
import type { Host } from "../host.ts";
import { serveOnce } from "./named_pipe.ts";

/** Linux's magic numbers of tmpfs and ramfs (statfs(2)). */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);
const PREFIX = "coffer-";

export class RamFolder {
  readonly path: string;
  /** Held for the folder's lifetime: a folder that nobody holds has been left behind. */
  readonly #lock: Deno.FsFile;
  readonly #pipes: Disposable[] = [];

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /** @throws {Fault} UNSUPPORTED when no file system in memory is at hand */
  static async make(host: Host): Promise<RamFolder> {
    const parent = await findParent(host);
    sweep(parent);
    for (;;) {
      const name = Array.from(randomBytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
      const path = `${parent}/${PREFIX}${name}`;
      const lock = makeHeld(path);
      if (lock) return new RamFolder(path, lock);
    }
  }

  /** Writes a file, 0600, and returns its path. */
  write(name: string, bytes: Uint8Array): string {
    return this.#place(name, (path) => {
      using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    });
  }

  /** Makes a named pipe that gives `value` to its first reader, and returns its path. */
  serveOnce(name: string, value: Secret): string {
    return this.#place(name, (path) => this.#pipes.push(serveOnce(path, value)));
  }

  /** `name` may have folders of its own. */
  #place(name: string, make: (path: string) => void): string {
    const components = name.split("/");
    if (components.some((c) => c === "" || c === "." || c === "..") || name.includes("\0")) {
      throw new Fault("USAGE", `${JSON.stringify(name)} is not a file name inside the private folder`, {
        hint: "use a relative path without `..`: tls/key.pem",
      });
    }
    const path = `${this.path}/${name}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    try {
      Deno.mkdirSync(folder, { mode: 0o700, recursive: true });
      make(path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory) {
        throw new Fault("CONFLICT", `two files are to be written as ${name}`, { hint: "give each its own path" });
      }
      throw hostFault(error, path);
    }
    return path;
  }

  [Symbol.dispose](): void {
    for (const pipe of this.#pipes) pipe[Symbol.dispose]();
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    } finally {
      this.#lock.close();
    }
  }
}

async function findParent(host: Host): Promise<string> {
  const { statfsSync } = await import("node:fs");
  const candidates = [host.env("XDG_RUNTIME_DIR"), `/run/user/${Deno.uid() ?? ""}`, "/dev/shm"];
  for (const candidate of candidates) {
    if (!candidate?.startsWith("/")) continue;
    try {
      if (Deno.statSync(candidate).isDirectory && IN_MEMORY.has(statfsSync(candidate).type)) return candidate;
    } catch {
      // not there, or not ours to use
    }
  }
  throw new Fault("UNSUPPORTED", "there is no folder in memory to put files in", {
    hint:
      "set XDG_RUNTIME_DIR to a folder on a tmpfs (in a container: --tmpfs /run/coffer -e XDG_RUNTIME_DIR=/run/coffer)",
  });
}

/** Makes a folder and takes its lock. Undefined when another process swept it away between the two. */
function makeHeld(path: string): Deno.FsFile | undefined {
  let lock: Deno.FsFile | undefined;
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
    lock = Deno.openSync(path);
    lock.lockSync(true);
    if (lock.statSync().ino === Deno.lstatSync(path).ino) return lock;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      lock?.close();
      throw hostFault(error, path);
    }
  }
  lock?.close();
  return undefined;
}

/** Removes our folders that no process holds any more. */
function sweep(parent: string): void {
  for (const entry of Deno.readDirSync(parent)) {
    if (!entry.isDirectory || !/^coffer-[0-9a-f]{16}$/.test(entry.name)) continue;
    const path = `${parent}/${entry.name}`;
    try {
      using left = Deno.openSync(path);
      if (left.statSync().uid === Deno.uid() && left.tryLockSync(true)) Deno.removeSync(path, { recursive: true });
    } catch {
      // somebody else's, or just removed
    }
  }
}
