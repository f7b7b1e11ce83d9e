/** The log, opened where the last writer left it, and appended to. */
import { lookGuarded, openGuarded, statIfPresent } from "../store/file_guard.ts";
import { syncFolder } from "../store/atomic_file.ts";
import { encodeHead, type Head, parseHead } from "./head.ts";
import { GENESIS, headerText, type LineContent, nextLine, type Repair, repairContent, type Stamp } from "./line.ts";
import { type LogFolder, readHeadBytes, writeAll } from "./log_folder.ts";

const encoder = new TextEncoder();

/** A file that is open, and how to tell whether it is still the one that is there. */
interface Kept {
  readonly file: Deno.FsFile;
  readonly dev: number;
  readonly ino: number | null;
}

export class OpenLog implements Disposable {
  readonly #folder: LogFolder;
  readonly #rotateAt: number;
  readonly #kept = new Map<"head" | "log", Kept>();
  /** What was written last, and its bytes. */
  #left: { readonly head: Head; readonly bytes: Uint8Array } | undefined;

  /** @param rotateAt the size in bytes from which on a file is left and the next one begun */
  constructor(folder: LogFolder, rotateAt: number) {
    this.#folder = folder;
    this.#rotateAt = rotateAt;
  }

  /**
   * Appends lines: all of them with one write, or none. To be called under the log's lock.
   * @param durable whether they must survive a power cut
   */
  async append(contents: readonly LineContent[], stamp: Stamp, durable: boolean): Promise<void> {
    const headFile = this.#headFile;
    const head = this.#readHead(headFile);
    const found = head && lookGuarded(this.#folder.pathOf(head.file), "private");
    const { at, repair } = head && this.#isAsLeft(head, found)
      ? { at: head, repair: undefined }
      : await this.#recover(headFile, head);
    const isFull = at.size >= this.#rotateAt;
    const [number, before] = isFull ? [at.file + 1, 0] : [at.file, at.size];
    const texts = before === 0 ? [headerText(at)] : [];
    let state = repair ? { seq: at.seq + repair.lost, hash: at.hash } : at;
    for (const content of repair ? [repairContent(repair, stamp), ...contents] : contents) {
      const next = nextLine(state, content);
      texts.push(next.text);
      state = next.state;
    }
    const bytes = encoder.encode(texts.join("\n") + "\n");
    const log = this.#logFile(number, before === 0, number === head?.file ? found : undefined);
    try {
      writeAll(log, bytes);
      if (durable) log.syncDataSync();
      if (before === 0) syncFolder(this.#folder.path);
      this.#writeHead(headFile, { file: number, size: before + bytes.length, seq: state.seq, hash: state.hash });
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
    for (const { file } of this.#kept.values()) file.close();
    this.#kept.clear();
  }

  #readHead(file: Deno.FsFile): Head | undefined {
    file.seekSync(0, Deno.SeekMode.Start);
    const bytes = readHeadBytes(file);
    const isOurs = this.#left?.bytes.length === bytes.length && this.#left.bytes.every((byte, i) => byte === bytes[i]);
    return isOurs ? this.#left!.head : parseHead(bytes);
  }

  get #headFile(): Deno.FsFile {
    const path = this.#folder.headPath;
    return this.#opened("head", path, () =>
      openGuarded(path, "private", { read: true, write: true }) ??
        Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 }));
  }

  #logFile(number: number, isNew: boolean, looked: Deno.FileInfo | undefined): Deno.FsFile {
    const path = this.#folder.pathOf(number);
    const open = () =>
      isNew
        ? Deno.openSync(path, { append: true, createNew: true, mode: 0o600 })
        : this.#folder.open(path, { append: true });
    return this.#opened("log", path, open, looked);
  }

  /**
   * The file that is open already, if it is the one at `path`, with all guards; else that one.
   * @param looked what is known to be there
   */
  #opened(which: "head" | "log", path: string, open: () => Deno.FsFile, looked?: Deno.FileInfo): Deno.FsFile {
    const kept = this.#kept.get(which);
    if (kept) {
      const found = looked ?? lookGuarded(path, "private");
      if (found?.ino === kept.ino && found.dev === kept.dev) return kept.file;
      this.#kept.delete(which);
      kept.file.close();
    }
    const file = open();
    const { dev, ino } = file.statSync();
    this.#kept.set(which, { file, dev, ino });
    return file;
  }

  /** In place: a killed writer leaves the old head or the new one, since this is one small write. */
  #writeHead(file: Deno.FsFile, head: Head): void {
    const bytes = encodeHead(head);
    file.seekSync(0, Deno.SeekMode.Start);
    writeAll(file, bytes);
    this.#left = { head, bytes };
  }

  #isAsLeft({ file, size }: Head, found: Deno.FileInfo | undefined): boolean {
    if (size === 0 ? found !== undefined : found?.size !== size) return false;
    // A writer that was killed may have begun the next file.
    return size < this.#rotateAt || !statIfPresent(this.#folder.pathOf(file + 1));
  }

  async #recover(headFile: Deno.FsFile, head: Head | undefined): Promise<{ at: Head; repair: Repair | undefined }> {
    const { recover } = await import("./recover.ts"); // hardly ever
    const { at, repair } = recover(this.#folder, head);
    if (!head) {
      // Before there is a line, so that a log without a head is one whose head was taken away.
      headFile.truncateSync(0);
      if (at.seq === 0) this.#writeHead(headFile, { file: at.file, size: 0, ...GENESIS });
    }
    const { torn, ahead, lost, headless } = repair;
    return { at, repair: torn + ahead + lost > 0 || headless ? repair : undefined };
  }
}
