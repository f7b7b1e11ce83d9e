/** Reading what the user hands in: standard input and files that the user names. */
import { Fault } from "../core/fault.ts";
import { readAtMost } from "../core/read_at_most.ts";
import { hostFault } from "../core/store/file_guard.ts";
import type { Host } from "./host.ts";

const CHUNK_BYTES = 256 * 1024;

/** All of stdin. @throws {Fault} USAGE when it is larger than `limit` bytes */
export async function readStdin(host: Host, limit: number): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readAtMost(host.stdin.readable, limit);
  } catch (error) {
    throw stdinFault(error);
  }
  if (!bytes) throw tooLarge("standard input", limit);
  return bytes;
}

/**
 * Hands stdin to `take` as it comes; the memory of each chunk is used for the next. Reading blocks, as in any filter: a
 * slow reader of what is made of it holds the writer up, and nothing piles up in between.
 */
export function eachChunkOfStdin(host: Host, take: (chunk: Uint8Array) => void): void {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let size = readStdinInto(host, buffer); size !== null; size = readStdinInto(host, buffer)) {
    take(buffer.subarray(0, size));
  }
}

function readStdinInto(host: Host, buffer: Uint8Array): number | null {
  try {
    return host.stdin.readSync(buffer);
  } catch (error) {
    throw stdinFault(error);
  }
}

/**
 * A file's exact bytes. It is the user's own file: links and modes are their business.
 * @throws {Fault} USAGE when it is larger than `limit` bytes
 */
export function readFileBytes(path: string, limit: number): Uint8Array {
  if (path === "") throw new Fault("USAGE", "the name of a file is empty", { hint: "name a file" });
  try {
    const info = Deno.statSync(path);
    if (info.isDirectory) throw new Fault("USAGE", `${path} is a folder`, { hint: "name a file" });
    if (info.size > limit) throw tooLarge(path, limit);
    return info.isFile && info.size > 0 ? Deno.readFileSync(path) : readUnsized(path, limit);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Fault("NOT_FOUND", `there is no file ${path}`);
    throw hostFault(error, path);
  }
}

/** A pipe or a device does not say how much is in it, and neither do files of /proc. */
function readUnsized(path: string, limit: number): Uint8Array {
  using file = Deno.openSync(path);
  let bytes = new Uint8Array(CHUNK_BYTES);
  let size = 0;
  for (let n = file.readSync(bytes); n !== null; n = file.readSync(bytes.subarray(size))) {
    size += n;
    if (size > limit) throw tooLarge(path, limit);
    if (size < bytes.length) continue;
    const grown = new Uint8Array(2 * size);
    grown.set(bytes);
    bytes.fill(0);
    bytes = grown;
  }
  return bytes.subarray(0, size);
}

function stdinFault(error: unknown): unknown {
  return error instanceof Deno.errors.IsADirectory
    ? new Fault("USAGE", "standard input is a folder")
    : hostFault(error, "standard input");
}

function tooLarge(what: string, limit: number): Fault {
  return new Fault("USAGE", `${what} is larger than ${limit / 1024 / 1024} MiB`);
}
