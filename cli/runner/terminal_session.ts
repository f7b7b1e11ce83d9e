/**
 * The person's terminal while a command has one of its own: keys go there as they are typed, and the size follows.
 * It outlives a command that is started again.
 */
import { fixed } from "../native/libc.ts";
import { Descriptors } from "../native/pipe.ts";
import { type Modes, type StopSignal, Terminals } from "../native/pseudo_terminal.ts";

const BUFFER_BYTES = 4096;
/** How often to look whether the shell has taken us to the foreground: no signal tells. */
export const LOOK_MS = 100;

export class TerminalSession {
  readonly terminals: Terminals;
  /** Whether a command gets the keys from its start, and not only once it asks for them. */
  readonly lendsAtOnce: boolean;
  readonly #descriptors: Descriptors;
  /** The person's terminal. */
  readonly #fd: number;
  /** Our side of the command's terminal. */
  #ours: number | undefined;
  /** Whether keys go there. */
  #isLent = false;
  #isPassing = false;
  /** The modes as we found them, and as we have set them. Undefined while they are the shell's. */
  #modes: { readonly before: Modes; readonly raw: Modes } | undefined;

  private constructor(terminals: Terminals, descriptors: Descriptors, fd: number, lendsAtOnce: boolean) {
    this.terminals = terminals;
    this.lendsAtOnce = lendsAtOnce;
    this.#descriptors = descriptors;
    this.#fd = fd;
  }

  /** Undefined where no pseudo-terminal can be had, and without a controlling terminal. */
  static open(lendsAtOnce: boolean): TerminalSession | undefined {
    const [terminals, descriptors] = [Terminals.load(), Descriptors.load()];
    const fd = terminals?.openOwn();
    const pair = terminals?.openPair();
    if (!terminals || !descriptors || fd === undefined || !pair) return undefined;
    terminals.close(pair.ours);
    return new TerminalSession(terminals, descriptors, fd, lendsAtOnce);
  }

  /** Whether the terminal is ours, and not the shell's or another job's. */
  get isForeground(): boolean {
    return this.terminals.isForeground(this.#fd);
  }

  /** Makes a command's terminal like the person's: size, and modes unless the shell's own are set just now. */
  connect(ours: number): void {
    this.#ours = ours;
    this.resize();
    if (this.isForeground) this.terminals.setModes(ours, this.#modes?.before ?? this.terminals.modes(this.#fd));
  }

  /** The command has ended. Its output may still be on the way, so the modes stay as they are until we are disposed of. */
  disconnect(): void {
    this.#isLent = false;
    this.#ours = undefined;
  }

  /** From now on keys go to the command, whenever we are in the foreground. */
  lend(): void {
    this.#isLent = true;
    this.#makeRaw();
    if (!this.#isPassing) void this.#passKeys();
  }

  takeBack(): void {
    this.#isLent = false;
    this.#restore();
  }

  /** The person's terminal may have another size. */
  resize(): void {
    if (this.#ours !== undefined) this.terminals.copySize(this.#fd, this.#ours);
  }

  /** Gives the terminal back to the shell and stops us until the shell continues us. */
  stop(signal: StopSignal): void {
    this.takeBack();
    this.terminals.stopOwnGroup(signal);
  }

  /** Somebody has continued us, and the terminal may be as the shell likes it. */
  resume(): void {
    if (this.#isLent) this.#makeRaw();
    this.resize();
  }

  /** Shows something of our own, which raw modes would show as stairs. */
  aside(show: () => void): void {
    this.#restore();
    show();
    if (this.#isLent) this.#makeRaw();
  }

  [Symbol.dispose](): void {
    this.takeBack();
  }

  #makeRaw(): void {
    // In the background the terminal is the shell's, and setting its modes would stop us.
    if (!this.isForeground) return;
    const now = this.terminals.modes(this.#fd);
    if (this.#modes && equal(now, this.#modes.raw)) return;
    this.terminals.setModes(this.#fd, this.terminals.raw(now));
    this.#modes = { before: now, raw: this.terminals.modes(this.#fd) };
    this.resize(); // in the background nobody told us
  }

  #restore(): void {
    if (this.#modes && this.isForeground) this.terminals.setModes(this.#fd, this.#modes.before);
    this.#modes = undefined;
  }

  /** Until the terminal is gone, or the process ends. */
  async #passKeys(): Promise<void> {
    this.#isPassing = true;
    const keys = fixed(BUFFER_BYTES);
    for (;;) {
      if (!this.#isLent || !this.isForeground) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        continue;
      }
      this.#makeRaw();
      await this.terminals.readable(this.#fd);
      if (!this.#isLent || !this.isForeground) continue;
      const length = await this.#descriptors.read(this.#fd, keys);
      if (length === 0) return;
      if (this.#ours !== undefined) await this.#descriptors.write(this.#ours, keys.subarray(0, length));
    }
  }
}

function equal(a: Modes, b: Modes): boolean {
  return a.every((byte, i) => byte === b[i]);
}
