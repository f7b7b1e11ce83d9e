/** Terminals: the pair that a command is given, and the person's own (termios(3), pty(7)). */
import { cString, fixed, type Functions, libc } from "./libc.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  cfmakeraw: { parameters: ["buffer"], result: "void" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  tcgetpgrp: { parameters: ["i32"], result: "i32" },
  getpgrp: { parameters: [], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  sigaction: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  pollNow: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const;

const O_RDONLY = 0, O_RDWR = 2, O_NOCTTY = 0o400, O_CLOEXEC = 0o2000000;
const TIOCGWINSZ = 0x5413n, TIOCSWINSZ = 0x5414n;
const TCSADRAIN = 1;
const POLLIN = 1, FOREVER = -1;
const STOPS = { SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22 } as const;
/**
 * Room for `struct termios`, of which the C library uses 60 bytes, for `struct sigaction`, which has 152, and for a path
 * such as /dev/pts/4194304.
 */
const MODES_BYTES = 128, ACTION_BYTES = 256, PATH_BYTES = 64;

/** `struct termios`, opaque. */
export type Modes = Uint8Array<ArrayBuffer>;

/** What ^Z sends, and what a process gets that wants the terminal in its background. */
export type StopSignal = keyof typeof STOPS;

export class Terminals {
  readonly #libc: Functions<typeof SYMBOLS>;

  private constructor(functions: Functions<typeof SYMBOLS>) {
    this.#libc = functions;
  }

  /** Undefined where there is no such C library. */
  static load(): Terminals | undefined {
    const functions = libc(SYMBOLS);
    return functions && new Terminals(functions);
  }

  /** The controlling terminal, or undefined when there is none. */
  openOwn(): number | undefined {
    const fd = this.#libc.open(cString("/dev/tty"), O_RDWR | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? undefined : fd;
  }

  /** A new pair: our side, and the path of the command's. Undefined when the system has none to give. */
  openPair(): { readonly ours: number; readonly theirs: string } | undefined {
    const ours = this.#libc.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ours < 0) return undefined;
    const name = fixed(PATH_BYTES);
    const failed = this.#libc.grantpt(ours) || this.#libc.unlockpt(ours) ||
      this.#libc.ptsname_r(ours, name, BigInt(PATH_BYTES));
    if (failed) {
      this.#libc.close(ours);
      return undefined;
    }
    return { ours, theirs: new TextDecoder().decode(name.subarray(0, name.indexOf(0))) };
  }

  /** A terminal that cannot be written to. Undefined when it cannot be opened. */
  openToControl(path: string): number | undefined {
    const fd = this.#libc.open(cString(path), O_RDONLY | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? undefined : fd;
  }

  modes(fd: number): Modes {
    const modes = fixed(MODES_BYTES);
    this.#libc.tcgetattr(fd, modes);
    return modes;
  }

  /** After what was written has been shown, as the new modes would change how it is. */
  setModes(fd: number, modes: Modes): void {
    this.#libc.tcsetattr(fd, TCSADRAIN, modes);
  }

  /** Every key arrives as it is typed, ^C and ^Z among them, and nothing is echoed. */
  raw(modes: Modes): Modes {
    const raw = modes.slice();
    this.#libc.cfmakeraw(raw);
    return raw;
  }

  /** The other side's foreground processes get SIGWINCH when the size has changed. */
  copySize(from: number, to: number): void {
    const size = fixed(8);
    if (this.#libc.ioctl(from, TIOCGWINSZ, size) === 0) this.#libc.ioctl(to, TIOCSWINSZ, size);
  }

  /** Whether this process may read the terminal: in the background that would stop it. */
  isForeground(fd: number): boolean {
    return this.#libc.tcgetpgrp(fd) === this.#libc.getpgrp();
  }

  /** Waits until there is something to read, or the other side is gone. Unlike a read, it may wait in the background. */
  async readable(fd: number): Promise<void> {
    const polled = toRead(fd);
    // A signal ends the wait. And what is looked at afterwards stays in memory meanwhile.
    while (!isReady(polled)) await this.#libc.poll(polled, 1n, FOREVER);
  }

  /** Whether there is something to read, or the other side is gone. */
  isReadable(fd: number): boolean {
    const polled = toRead(fd);
    this.#libc.pollNow(polled, 1n, 0);
    return isReady(polled);
  }

  /** Reads what there is. Returns 0 when the other side is gone. */
  read(fd: number, into: Uint8Array<ArrayBuffer>): number {
    return Math.max(0, Number(this.#libc.read(fd, into, BigInt(into.length))));
  }

  /**
   * Stops our process group until the shell continues it, whether we catch the signal or not. Returns at once where no
   * shell could.
   */
  stopOwnGroup(signal: StopSignal): void {
    const caught = fixed(ACTION_BYTES);
    const byDefault = fixed(ACTION_BYTES);
    this.#libc.sigaction(STOPS[signal], byDefault, caught);
    this.#libc.kill(0, STOPS[signal]);
    this.#libc.sigaction(STOPS[signal], caught, null);
  }

  close(fd: number): void {
    this.#libc.close(fd);
  }
}

/** `struct pollfd`: a descriptor, what to look for, and what there is. */
function toRead(fd: number): Uint8Array<ArrayBuffer> {
  const polled = fixed(8);
  const view = new DataView(polled.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, POLLIN, true);
  return polled;
}

function isReady(polled: Uint8Array<ArrayBuffer>): boolean {
  return new DataView(polled.buffer).getInt16(6, true) !== 0;
}
