/** Pipes and other descriptors that the runtime has no name for. */
import { fixed, type Functions, libc } from "./libc.ts";

const SYMBOLS = {
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  writeNow: { name: "write", parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const O_CLOEXEC = 0o2000000, F_GETFD = 1, FD_CLOEXEC = 1, F_SETPIPE_SZ = 1031;
const AF_UNIX = 1, SOCK_STREAM = 1, SOCK_CLOEXEC = 0o2000000;
/** The most that the kernel gives to whoever asks. A full pipe costs the child a turn of ours. */
const PIPE_BYTES = 1024 * 1024;

export class Descriptors {
  readonly #libc: Functions<typeof SYMBOLS>;

  private constructor(functions: Functions<typeof SYMBOLS>) {
    this.#libc = functions;
  }

  /** Undefined where there is no such C library. */
  static load(): Descriptors | undefined {
    const functions = libc(SYMBOLS);
    return functions && new Descriptors(functions);
  }

  /** Neither end is handed to a child unless it is named. Undefined when there are no descriptors left. */
  pipe(): { readonly read: number; readonly write: number } | undefined {
    const ends = fixed(8);
    if (this.#libc.pipe2(ends, O_CLOEXEC) !== 0) return undefined;
    const [read, write] = new Int32Array(ends.buffer) as unknown as [number, number];
    this.#libc.fcntl(write, F_SETPIPE_SZ, PIPE_BYTES); // refused where the user's share is used up: it stays smaller
    return { read, write };
  }

  /** A pipe in both directions. Undefined when there are no descriptors left. */
  socketPair(): readonly [number, number] | undefined {
    const ends = fixed(8);
    if (this.#libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) !== 0) return undefined;
    return new Int32Array(ends.buffer) as unknown as [number, number];
  }

  /** Whether a child has this one as we do, without its being named. */
  isHandedOn(fd: number): boolean {
    const flags = this.#libc.fcntl(fd, F_GETFD, 0);
    return flags >= 0 && (flags & FD_CLOEXEC) === 0;
  }

  /** Reads what there is, and waits for it. Returns 0 at the end, and when the other side of a terminal is gone. */
  async read(fd: number, into: Uint8Array<ArrayBuffer>): Promise<number> {
    return Math.max(0, Number(await this.#libc.read(fd, into, BigInt(into.length))));
  }

  /** Writes all of it. Returns whether it could. */
  async write(fd: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      const written = Number(await this.#libc.write(fd, rest, BigInt(rest.length)));
      if (written < 0) return false;
      at += written;
    }
    return true;
  }

  /** Writes a few bytes to a pipe or socket that has room. */
  writeNow(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#libc.writeNow(fd, bytes, BigInt(bytes.length));
  }

  close(fd: number): void {
    this.#libc.close(fd);
  }
}
