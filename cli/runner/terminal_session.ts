/**
 * The person's terminal while a command has one of its own: keys go there as they are typed, and the size follows.
 * It outlives a command that is started again.
 */
import { fixed } from "../native/libc.ts";
import { Descriptors } from "../native/pipe.ts";
import { type Modes, Terminals } from "../native/pseudo_terminal.ts";

const BUFFER_BYTES = 4096;
/** How often to look whether the shell has taken us to the foreground: no signal tells. */
const LOOK_MS = 100;

export class TerminalSession {
  readonly terminals: Terminals;
  readonly #descriptors: Descriptors;
  /** The person's terminal. */
  readonly #fd: number;
  /** As the shell had set it. Undefined while it is. */
  #before: Modes | undefined;
  /** Our side of the command's terminal. Undefined: nobody reads keys. */
  #target: number | undefined;

  private constructor(terminals: Terminals, descriptors: Descriptors, fd: number) {
    this.terminals = terminals;
    this.#descriptors = descriptors;
    this.#fd = fd;
  }

  /** Undefined where no pseudo-terminal can be had, and without a controlling terminal. */
  static open(): TerminalSession | undefined {
    const [terminals, descriptors] = [Terminals.load(), Descriptors.load()];
    const fd = terminals?.openOwn();
    const pair = terminals?.openPair();
    if (!terminals || !descriptors || fd === undefined || !pair) return undefined;
    terminals.close(pair.ours);
    const session = new TerminalSession(terminals, descriptors, fd);
    session.#passKeys();
    return session;
  }

  /** Makes a command's terminal like the person's: size, and modes unless the shell's own are set just now. */
  imitate(ours: number): void {
    this.terminals.copySize(this.#fd, ours);
    if (this.terminals.isForeground(this.#fd)) {
      this.terminals.setModes(ours, this.#before ?? this.terminals.modes(this.#fd));
    }
  }

  /** From now on keys go to `ours`. */
  connect(ours: number): void {
    this.#target = ours;
    this.#makeRaw();
  }

  disconnect(): void {
    this.#target = undefined;
    this.#restore();
  }

  /** The person's terminal has another size. */
  resize(): void {
    if (this.#target !== undefined) this.terminals.copySize(this.#fd, this.#target);
  }

  /** Gives the terminal back to the shell, stops us until the shell continues us, and takes it again. */
  suspend(): void {
    this.#restore();
    this.terminals.stopOwnGroup();
    this.resume();
  }

  /** After we were stopped: the shell has set the terminal as it likes it. */
  resume(): void {
    this.#before = undefined;
    if (this.#target === undefined) return;
    this.#makeRaw();
    this.resize();
  }

  [Symbol.dispose](): void {
    this.disconnect();
  }

  #makeRaw(): void {
    // In the background the terminal is the shell's, and setting its modes would stop us.
    if (this.#before || !this.terminals.isForeground(this.#fd)) return;
    this.#before = this.terminals.modes(this.#fd);
    this.terminals.setModes(this.#fd, this.terminals.raw(this.#before));
  }

  #restore(): void {
    if (this.#before && this.terminals.isForeground(this.#fd)) this.terminals.setModes(this.#fd, this.#before);
    this.#before = undefined;
  }

  /** Until the terminal is gone, or the process ends. */
  async #passKeys(): Promise<void> {
    const keys = fixed(BUFFER_BYTES);
    for (;;) {
      if (this.#target === undefined || !this.terminals.isForeground(this.#fd)) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        continue;
      }
      this.#makeRaw();
      await this.terminals.readable(this.#fd);
      if (this.#target === undefined || !this.terminals.isForeground(this.#fd)) continue;
      const length = await this.#descriptors.read(this.#fd, keys);
      if (length === 0) return;
      await this.#descriptors.write(this.#target, keys.subarray(0, length));
    }
  }
}
