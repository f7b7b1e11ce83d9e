/** Reading what the user hands in: standard input and files that the user names. */
import { Fault } from "../core/fault.ts";
import { hostFault } from "../core/store/file_guard.ts";
import type { Host } from "./host.ts";

const CHUNK_BYTES = 256 * 1024;

/** All of stdin. @throws {Fault} USAGE when it is larger than `limit` bytes */
export async function readStdin(host: Host, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of host.stdin.readable) {
      size += chunk.length;
      if (size > limit) throw tooLarge("standard input", limit);
      chunks.push(chunk);
    }
  } catch (error) {
    throw stdinFault(error);
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
    chunk.fill(0);
  }
  return out;
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

/** A file's exact bytes. It is the user's own file: links and modes are their business. */
export function readFileBytes(path: string, limit: number): Uint8Array {
  try {
    const info = Deno.statSync(path);
    if (info.isDirectory) throw new Fault("USAGE", `${path} is a folder`, { hint: "name a file" });
    if (info.size > limit) throw tooLarge(path, limit);
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Fault("NOT_FOUND", `there is no file ${path}`);
    throw hostFault(error, path);
  }
}

function stdinFault(error: unknown): unknown {
  return error instanceof Deno.errors.IsADirectory
    ? new Fault("USAGE", "standard input is a folder")
    : hostFault(error, "standard input");
}

function tooLarge(what: string, limit: number): Fault {
  return new Fault("USAGE", `${what} is larger than ${limit / 1024 / 1024} MiB`);
}
