/** Passing the command's output on, masked. */
import { type MaskedStream, type Masker } from "../../core/mask/masker.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import type { OutputSource, Sink } from "./started_command.ts";

/** One output of the command on its way to one of ours. */
export class Output {
  readonly #source: OutputSource;
  readonly #stream: MaskedStream;
  /** What went wrong, if anything. */
  readonly #copied: Promise<unknown>;
  readonly #abandoned = Promise.withResolvers<undefined>();
  #isWriting = false;
  #bytes = 0;

  /** @param interactive somebody watches, and types: see `Masker.open` */
  constructor(source: OutputSource, masker: Masker, interactive: boolean) {
    this.#source = source;
    this.#stream = masker.open(interactive);
    this.#copied = this.#copy().catch((error) => error);
  }

  /** How much the command has written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether we wait for the command, and not for our own reader. */
  get isWaiting(): boolean {
    return !this.#isWriting;
  }

  /** Waits until all is written. @throws {Fault} UNAVAILABLE when it was lost for another reason than that nobody reads it */
  async finish(): Promise<void> {
    const failure = await this.#copied;
    if (failure !== undefined && !(failure instanceof Deno.errors.BrokenPipe)) throw hostFault(failure, "the output");
  }

  /** Ends the copy although something still holds the other end open. What the masker held back is written. */
  abandon(): void {
    this.#abandoned.resolve(undefined);
  }

  async #copy(): Promise<void> {
    try {
      for (;;) {
        const bytes = await Promise.race([this.#source.read(), this.#abandoned.promise]);
        this.#isWriting = true;
        if (!bytes) break;
        this.#bytes += bytes.length;
        await writeAll(this.#source.to, this.#stream.write(bytes));
        this.#isWriting = false;
      }
      await writeAll(this.#source.to, this.#stream.end());
      this.#isWriting = false;
    } catch (error) {
      // Our reader is gone or our disk is full: closing the pipe gives the command SIGPIPE, as without us.
      this.#source.close();
      throw error;
    }
  }
}

/**
 * A pipe of ours that somebody has set to refuse instead of to wait ends this: the runtime does not say how much of a
 * refused write went through, and trying again could print a part twice.
 */
async function writeAll(to: Sink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
