/** The log under its lock: opened where the last writer left it, and appended to. */
import { openGuarded, statIfPresent } from "../store/file_guard.ts";
import { syncFolder } from "../store/atomic_file.ts";
import { encodeHead, type Head } from "./head.ts";
import { GENESIS, headerText, type LineContent, nextLine, type Repair, repairContent, type Stamp } from "./line.ts";
import { type LogFolder, readHead, writeAll } from "./log_folder.ts";

const encoder = new TextEncoder();

export class OpenLog implements Disposable {
  readonly #folder: LogFolder;
  readonly #rotateAt: number;
  readonly #headFile: Deno.FsFile;

  /** @param rotateAt the size in bytes from which on a file is left and the next one begun */
  constructor(folder: LogFolder, rotateAt: number) {
    this.#folder = folder;
    this.#rotateAt = rotateAt;
    this.#headFile = openGuarded(folder.headPath, "private", { read: true, write: true }) ??
      Deno.openSync(folder.headPath, { read: true, write: true, createNew: true, mode: 0o600 });
  }

  /**
   * Appends lines: all of them with one write, or none.
   * @param durable whether they must survive a power cut
   */
  async append(contents: readonly LineContent[], stamp: Stamp, durable: boolean): Promise<void> {
    const head = readHead(this.#headFile);
    const { at, repair } = head && this.#isAsLeft(head) ? { at: head, repair: undefined } : await this.#recover(head);
    const isFull = at.size >= this.#rotateAt;
    const [file, before] = isFull ? [at.file + 1, 0] : [at.file, at.size];
    const texts = before === 0 ? [headerText(at)] : [];
    let state = repair ? { seq: at.seq + repair.lost, hash: at.hash } : at;
    for (const content of repair ? [repairContent(repair, stamp), ...contents] : contents) {
      const next = nextLine(state, content);
      texts.push(next.text);
      state = next.state;
    }
    const bytes = encoder.encode(texts.join("\n") + "\n");
    const path = this.#folder.pathOf(file);
    using log = before === 0
      ? Deno.openSync(path, { append: true, createNew: true, mode: 0o600 })
      : this.#folder.open(path, { append: true });
    try {
      writeAll(log, bytes);
      if (durable) log.syncDataSync();
      if (before === 0) syncFolder(this.#folder.path);
      this.#writeHead({ file, size: before + bytes.length, seq: state.seq, hash: state.hash });
    } catch (error) {
      // What was not kept was not allowed: it must not be in the log. If that fails too, the next writer sees to it.
      try {
        log.truncateSync(before);
      } catch {
        // the first error is the one to report
      }
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#headFile.close();
  }

  /** In place: a killed writer leaves the old head or the new one, since this is one small write. */
  #writeHead(head: Head): void {
    this.#headFile.seekSync(0, Deno.SeekMode.Start);
    writeAll(this.#headFile, encodeHead(head));
  }

  #isAsLeft({ file, size }: Head): boolean {
    const found = statIfPresent(this.#folder.pathOf(file));
    if (size === 0 ? found !== undefined : found?.size !== size) return false;
    // A writer that was killed may have begun the next file.
    return size < this.#rotateAt || !statIfPresent(this.#folder.pathOf(file + 1));
  }

  async #recover(head: Head | undefined): Promise<{ at: Head; repair: Repair | undefined }> {
    const { recover } = await import("./recover.ts"); // hardly ever
    const { at, repair } = recover(this.#folder, head);
    if (!head) {
      // Before there is a line, so that a log without a head is one whose head was taken away.
      this.#headFile.truncateSync(0);
      if (at.seq === 0) this.#writeHead({ file: at.file, size: 0, ...GENESIS });
    }
    const { torn, ahead, lost, headless } = repair;
    return { at, repair: torn + ahead + lost > 0 || headless ? repair : undefined };
  }
}
