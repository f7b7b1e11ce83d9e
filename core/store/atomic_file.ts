/** Replacing a file so that a kill or power cut at any instant leaves the old bytes or the new ones, whole. */
import { hostFault } from "./file_guard.ts";

/**
 * Writes `bytes` to `temporary` (mode 0600, flushed) and renames it to `path`. The caller holds the lock that makes
 * `temporary` its own, and flushes the folder (`syncFolder`) afterwards. One left by a killed writer is removed first.
 * @throws {Fault} UNAVAILABLE when the disk is full: the old file stays and the temporary one is removed
 */
export function replaceFile(path: string, temporary: string, bytes: Uint8Array): void {
  try {
    removeIfPresent(temporary);
    {
      // createNew is O_EXCL: it neither follows a link nor reuses a file that somebody planted.
      using file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o600 });
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      file.syncSync();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      removeIfPresent(temporary);
    } catch {
      // the first error is the one to report; the next writer removes the file
    }
    throw hostFault(error, path);
  }
}

/**
 * Makes renames and removals in `folder` durable.
 * @throws {Fault} UNAVAILABLE when the disk fails
 */
export function syncFolder(folder: string): void {
  try {
    using handle = Deno.openSync(folder, { read: true });
    handle.syncSync();
  } catch (error) {
    throw hostFault(error, folder);
  }
}

export function removeIfPresent(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
