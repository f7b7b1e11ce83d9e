/** What a command shows on a terminal of its own. */
import { fixed } from "../native/libc.ts";
import type { Terminals } from "../native/pseudo_terminal.ts";
import type { OutputSource, Sink } from "./started_command.ts";

const BUFFER_BYTES = 64 * 1024;
/** The kernel keeps no more than this of what nobody has read yet. */
const MOST_UNREAD_BYTES = 128 * 1024;
const LOOK_MS = 1;

export class TerminalSource implements OutputSource {
  readonly to: Sink;
  readonly #terminals: Terminals;
  #fd: number | undefined;
  readonly #buffer = fixed(BUFFER_BYTES);
  /** Whether all that was read so far has been written. */
  #isWritten = true;
  #bytes = 0;

  /** @param fd our side of the terminal */
  constructor(fd: number, to: Sink, terminals: Terminals) {
    this.#fd = fd;
    this.to = to;
    this.#terminals = terminals;
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#isWritten = true;
    if (this.#fd === undefined) return undefined;
    await this.#terminals.readable(this.#fd);
    const length = this.#terminals.read(this.#fd, this.#buffer);
    this.#isWritten = false;
    this.#bytes += length;
    if (length > 0) return this.#buffer.subarray(0, length);
    this.close();
    return undefined;
  }

  close(): void {
    if (this.#fd !== undefined) this.#terminals.close(this.#fd);
    this.#fd = undefined;
  }

  /** Waits until what the command has shown by now is written. */
  async shown(): Promise<void> {
    const most = this.#bytes + MOST_UNREAD_BYTES;
    while (
      this.#fd !== undefined && this.#bytes < most && !(this.#isWritten && !this.#terminals.isReadable(this.#fd))
    ) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
