/** Puts a program in its place: whole or not at all, and not in the place of another unless that is meant. */
import { createHash } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import { syncFolder } from "../../core/store/atomic_file.ts";
import { hostFault } from "../../core/store/file_guard.ts";

/** Larger is no plugin. */
const MOST_BYTES = 512 * 1024 * 1024;

export interface Installed {
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Installs what the stream holds as `folder/name`, 0755 in a folder of mode 0700.
 * @param expected its SHA-256, where that is known
 * @throws {Fault} CONFLICT when there is one already, unless `force`; DENIED when it is another than expected
 */
export async function installFile(
  content: ReadableStream<Uint8Array>,
  folder: string,
  name: string,
  { force, expected }: { readonly force: boolean; readonly expected?: string | undefined },
): Promise<Installed> {
  const path = `${folder}/${name}`;
  const temporary = `${folder}/.${name}.${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    Deno.chmodSync(folder, 0o700);
    const sha256 = await write(content, temporary);
    if (expected !== undefined && sha256 !== expected) {
      throw new Fault("DENIED", `the file is not the expected one: its SHA-256 is ${sha256}`, {
        hint: "get it again, from a place that you trust",
      });
    }
    Deno.chmodSync(temporary, 0o755);
    if (force) Deno.renameSync(temporary, path);
    else Deno.linkSync(temporary, path); // refuses to replace
    syncFolder(folder);
    return { path, sha256 };
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw new Fault("CONFLICT", `there is ${path} already`, FORCE);
    throw hostFault(error, path);
  } finally {
    remove(temporary);
    removeIfEmpty(folder);
  }
}

const FORCE = { hint: "to replace it: --force" };

async function write(content: ReadableStream<Uint8Array>, path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > MOST_BYTES) {
      throw new Fault("UNSUPPORTED", "the file is larger than 512 MiB", { hint: "is it a plugin?" });
    }
    hash.update(chunk);
    for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
  }
  file.syncSync();
  return hash.digest("hex");
}

/** One that was made for nothing would be listed as a plugin. */
function removeIfEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // there is something in it, or it was never made
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
