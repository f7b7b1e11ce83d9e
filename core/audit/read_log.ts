/** Reading the audit log: all of it, as it is at one moment. */
import { concat } from "../crypto/bytes.ts";
import { lockFolder } from "../store/file_lock.ts";
import { openGuarded, statIfPresent } from "../store/file_guard.ts";
import type { Head } from "./head.ts";
import { LogFolder, readFully, readHead } from "./log_folder.ts";

const CHUNK_BYTES = 256 * 1024;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // one that was put in must not be overlooked

/** What a reader is told, in the log's order. */
export interface LogReader {
  file(number: number): void;
  /** A line without its line end. */
  line(text: string): unknown;
  /** The file ends with bytes that are no whole line. */
  torn(bytes: number): void;
}

export class AuditSnapshot {
  readonly #folder: LogFolder;
  readonly #sizes: ReadonlyMap<number, number>;
  /** Undefined when there is none that can be read. */
  readonly head: Head | undefined;

  private constructor(folder: LogFolder, sizes: ReadonlyMap<number, number>, head: Head | undefined) {
    this.#folder = folder;
    this.#sizes = sizes;
    this.head = head;
  }

  /**
   * Takes down how far the log goes, between two writers. What comes later is not looked at.
   * @param home the user's own folder, absolute
   * @throws {Fault} DENIED when the place is not safe; UNAVAILABLE when it is locked for a minute
   */
  static async take(home: string): Promise<AuditSnapshot> {
    const folder = new LogFolder(home);
    if (!folder.guard()) return new AuditSnapshot(folder, new Map(), undefined);
    using _lock = await lockFolder(folder.path);
    const sizes = new Map(folder.files().map((file) => [file, statIfPresent(folder.pathOf(file))?.size ?? 0]));
    using head = openGuarded(folder.headPath, "private", { read: true });
    return new AuditSnapshot(folder, sizes, head && readHead(head));
  }

  /** @throws {Fault} DENIED for a link, and for a file that is not ours or is open to others */
  read(reader: LogReader): void {
    for (const [file, size] of this.#sizes) {
      reader.file(file);
      this.#readFile(file, size, reader);
    }
  }

  #readFile(file: number, size: number, reader: LogReader): void {
    using log = this.#folder.open(this.#folder.pathOf(file), { read: true });
    const buffer = new Uint8Array(CHUNK_BYTES);
    let rest: Uint8Array[] = []; // of a line that is longer than a chunk
    for (let left = size; left > 0;) {
      const chunk = buffer.subarray(0, readFully(log, buffer.subarray(0, Math.min(left, CHUNK_BYTES))));
      if (chunk.length === 0) break; // cut off meanwhile
      left -= chunk.length;
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        reader.line(decoder.decode(concat(...rest, chunk.subarray(start, end))));
        rest = [];
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.slice(start));
    }
    if (rest.length > 0) reader.torn(concat(...rest).length);
  }
}
