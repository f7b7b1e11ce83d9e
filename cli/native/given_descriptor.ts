/** Descriptors that we were given and that nobody else is to have. */
import { cString, fixed, libc } from "./libc.ts";

const SYMBOLS = {
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

const STDIN = 0, O_RDONLY = 0;
const F_GETFD = 1, F_SETFD = 2, FD_CLOEXEC = 1;

/** Those that `keepFromChildren` has set the flag of. */
const kept = new Set<number>();

/**
 * Whether it is not one that we were given, but the runtime's own: with the flag it would not have come through exec(3).
 * Databases of the runtime's caches are among them, which would be taken for a passphrase that nobody knows.
 */
export function isOwn(fd: number): boolean {
  return !kept.has(fd) && libc(SYMBOLS)?.fcntl(fd, F_GETFD, 0) === FD_CLOEXEC;
}

/**
 * Reads to the end, or to `limit` bytes. Unlike opening /dev/fd/N, it works with a socket, and with what another user
 * opened before we got our own rights. Undefined when that cannot be done.
 */
export function readGiven(fd: number, limit: number): Uint8Array | undefined {
  const functions = libc(SYMBOLS);
  if (!functions) return undefined;
  const bytes = fixed(limit);
  for (let length = 0;;) {
    const read = Number(functions.read(fd, bytes.subarray(length), BigInt(limit - length)));
    if (read < 0) return undefined;
    length += read;
    if (read === 0) return bytes.subarray(0, length);
  }
}

/** Children do not get it: a file could be read again from its start. In the place of stdin they get an empty one. */
export function keepFromChildren(fd: number): void {
  const functions = libc(SYMBOLS);
  if (!functions) return;
  kept.add(fd);
  if (fd !== STDIN) return void functions.fcntl(fd, F_SETFD, FD_CLOEXEC);
  const empty = functions.open(cString("/dev/null"), O_RDONLY);
  functions.dup2(empty, fd);
  functions.close(empty);
}
