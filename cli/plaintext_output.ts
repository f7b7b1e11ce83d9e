/** Writing plaintext on the user's demand: never where group or others can read it. */
import { Fault } from "../core/fault.ts";
import { replaceFile } from "../core/store/atomic_file.ts";
import { hostFault, statIfPresent } from "../core/store/file_guard.ts";

const OTHERS = 0o077;

/**
 * A shell has made the file of `coffer export > file` already, usually readable by everybody.
 * @throws {Fault} DENIED before anything is written
 */
export async function refuseOpenStdout(): Promise<void> {
  const { fstatSync } = await import("node:fs");
  const info = fstatSync(1);
  if (info.isFile() && (info.mode & OTHERS) !== 0) {
    throw new Fault("DENIED", "stdout is a file that group or others can read", {
      hint: "use -o FILE, which writes it with mode 600, or run `umask 077` and remove the file first",
    });
  }
}

/**
 * Writes a new file, 0600, or replaces one that only its owner can read.
 * @throws {Fault} DENIED when the file is there and is too open
 */
export function writePrivate(path: string, bytes: Uint8Array): void {
  requirePrivate(path);
  // Beside the target, so that the rename stays within one file system and a full disk leaves the old file.
  replaceFile(path, `${path}.${crypto.randomUUID()}.new`, bytes);
}

/** Appends to a file of ours, closing it to group and others first: GitHub's runner makes it readable. */
export function appendPrivate(path: string, bytes: Uint8Array): void {
  try {
    const info = statIfPresent(path);
    if (info?.isSymlink) throw new Fault("DENIED", `${path} is a symbolic link`, { hint: "name the file itself" });
    if (info) Deno.chmodSync(path, 0o600);
    using file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  } catch (error) {
    throw hostFault(error, path);
  }
}

function requirePrivate(path: string): void {
  const info = statIfPresent(path);
  if (!info) return;
  if (!info.isFile) {
    throw new Fault("DENIED", `${path} is not a regular file`, { hint: "name another file to write" });
  }
  if (info.mode !== null && (info.mode & OTHERS) !== 0) {
    throw new Fault("DENIED", `${path} can be read by group or others (mode ${(info.mode & 0o777).toString(8)})`, {
      hint: `chmod 600 ${path}, and think about who has read it already`,
    });
  }
}
