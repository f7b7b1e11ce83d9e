/** Descriptors that we were given and that nobody else is to have. */
import { cString, libc } from "./libc.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

const STDIN = 0, O_RDONLY = 0;
const F_SETFD = 2, FD_CLOEXEC = 1;

/** Children do not get it: a file could be read again from its start. In the place of stdin they get an empty one. */
export function keepFromChildren(fd: number): void {
  const functions = libc(SYMBOLS);
  if (!functions) return;
  if (fd !== STDIN) return void functions.fcntl(fd, F_SETFD, FD_CLOEXEC);
  const empty = functions.open(cString("/dev/null"), O_RDONLY);
  functions.dup2(empty, fd);
  functions.close(empty);
}
