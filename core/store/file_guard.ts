/**
 * What Coffer refuses to read or write on disk, whoever asks: symbolic links (they lead a write elsewhere), other
 * owners' files (they can change under us), and modes that let others change sealed files or read private ones.
 */
import { Fault } from "../fault.ts";

/**
 * `sealed`: ciphertext, accepted as git checks it out (0644, 0664), refused when everybody may write.
 * `private`: anything that is not ciphertext; refused when group or others may read or write.
 */
export type Exposure = "sealed" | "private";

/** lstat that returns undefined for what does not exist. */
export function statIfPresent(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw hostFault(error, path);
  }
}

/** Whether there is a folder. @throws as `lookGuardedFolder` */
export function guardFolder(path: string, exposure: Exposure): boolean {
  return lookGuardedFolder(path, exposure) !== undefined;
}

/**
 * Looks at a folder; undefined when there is none.
 * @throws {Fault} DENIED when it is a link, is not a folder, is not ours, or is too open
 */
export function lookGuardedFolder(path: string, exposure: Exposure): Deno.FileInfo | undefined {
  const info = statIfPresent(path);
  if (!info) return undefined;
  if (!info.isSymlink && !info.isDirectory) throw new Fault("DENIED", `${path} is not a folder`);
  guard(path, info, exposure, "700");
  return info;
}

/**
 * Looks at a regular file; undefined when there is none.
 * @throws {Fault} DENIED for anything but a file that is ours and not too open
 */
export function lookGuarded(path: string, exposure: Exposure): Deno.FileInfo | undefined {
  const info = statIfPresent(path);
  if (info) guardFile(path, info, exposure);
  return info;
}

/** How often a file is looked at anew that is replaced between looking and opening; a busy writer needs two or three. */
const ATTEMPTS = 50;

/**
 * Reads a regular file of at most `limit` bytes, whole; undefined when there is none. It may be replaced meanwhile.
 * @throws {Fault} DENIED for anything but a file that is ours and not too open; CONFIG when it is larger
 */
export function readGuarded(path: string, exposure: Exposure, limit: number): Uint8Array<ArrayBuffer> | undefined {
  let size = 0;
  using file = openGuarded(path, exposure, { read: true }, (info) => {
    size = info.size;
    if (size > limit) throw new Fault("CONFIG", `${path} is larger than ${limit} bytes`);
  });
  if (!file) return undefined;
  try {
    const bytes = new Uint8Array(size);
    let at = 0;
    for (let n: number | null = 0; at < bytes.length && n !== null; at += n ?? 0) {
      n = file.readSync(bytes.subarray(at));
    }
    return at === bytes.length ? bytes : bytes.slice(0, at);
  } catch (error) {
    throw hostFault(error, path);
  }
}

/**
 * Opens a regular file; undefined when there is none. It may be replaced meanwhile.
 * @param check looks at the file, before it is opened and after
 * @throws {Fault} DENIED for anything but a file that is ours and not too open; what `check` throws
 */
export function openGuarded(
  path: string,
  exposure: Exposure,
  options: Deno.OpenOptions,
  check: (info: Deno.FileInfo) => void = () => {},
): Deno.FsFile | undefined {
  const checkAll = (info: Deno.FileInfo) => {
    guardFile(path, info, exposure);
    check(info);
  };
  for (let attempt = 1;; attempt++) {
    // Before opening, which would follow a link and wait for the other end of a FIFO.
    const info = statIfPresent(path);
    if (!info) return undefined;
    checkAll(info);
    let file: Deno.FsFile | undefined;
    try {
      file = Deno.openSync(path, options);
      const opened = file.statSync();
      if (opened.ino === info.ino && opened.dev === info.dev) {
        // Once more: the number of a removed file's inode may have gone to the next one already.
        checkAll(opened);
        return file;
      }
      file.close(); // a writer's rename came in between
    } catch (error) {
      file?.close();
      if (error instanceof Deno.errors.NotFound) return undefined; // removed between the two calls
      throw hostFault(error, path);
    }
    if (attempt === ATTEMPTS) {
      throw new Fault("CONFLICT", `${path} is being replaced all the time`, { hint: "try again" });
    }
  }
}

function guardFile(path: string, info: Deno.FileInfo, exposure: Exposure): void {
  guard(path, info, exposure, "600");
  if (!info.isFile) throw new Fault("DENIED", `${path} is not a regular file`);
}

let uid: number | null | undefined;

/** This process's user; null on systems that have none. Asked for once: it takes as long as a look at a file. */
export function ownUid(): number | null {
  return uid ??= Deno.uid();
}

function guard(path: string, info: Deno.FileInfo, exposure: Exposure, mode: string): void {
  if (info.isSymlink) {
    throw new Fault("DENIED", `${path} is a symbolic link`, {
      hint: `replace it with what it points to: rm ${quote(path)}, then copy the original there`,
    });
  }
  const me = ownUid();
  if (me === null) return; // no owners or modes on this system
  if (info.uid !== null && info.uid !== me) {
    throw new Fault("DENIED", `${path} belongs to another user (uid ${info.uid}, not ${me})`, {
      hint: `if it is yours: sudo chown ${me} ${quote(path)}`,
    });
  }
  const refused = exposure === "private" ? 0o077 : 0o002;
  if (info.mode !== null && (info.mode & refused) !== 0) {
    const what = exposure === "private" ? "group or others can access it" : "everybody can change it";
    throw new Fault("DENIED", `${path} is too open: ${what} (mode ${(info.mode & 0o777).toString(8)})`, {
      hint: exposure === "private" ? `chmod ${mode} ${quote(path)}` : `chmod o-w ${quote(path)}`,
    });
  }
}

/** A path as one shell word, for hints that can be pasted. */
function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Translates a host error once, at the edge. */
export function hostFault(error: unknown, path: string): unknown {
  if (error instanceof Fault) return error;
  const code = (error as { code?: string }).code;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new Fault("UNAVAILABLE", `there is no space left to write ${path}`, {
      hint: "free some space and try again; nothing was lost",
      cause: error,
    });
  }
  const refused = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    code === "EROFS" || code === "EPERM" || code === "EACCES";
  if (refused) return new Fault("DENIED", `the system refuses access to ${path}`, { cause: error });
  if (error instanceof Deno.errors.NotFound) {
    return new Fault("NOT_FOUND", `${path} does not exist`, { cause: error });
  }
  return new Fault("UNAVAILABLE", `${path} cannot be read or written (${code ?? (error as Error).name})`, {
    cause: error,
  });
}
