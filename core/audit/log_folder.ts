/** Where the audit log is: `$COFFER_HOME/audit`, with files `1.jsonl`, `2.jsonl`, … and a head (docs/audit.md §1). */
import { Fault } from "../fault.ts";
import { syncFolder } from "../store/atomic_file.ts";
import { guardFolder, openGuarded } from "../store/file_guard.ts";
import { type Head, HEAD_BYTES, parseHead } from "./head.ts";

const FILE = /^([1-9]\d{0,8})\.jsonl$/;

export class LogFolder {
  readonly #home: string;
  readonly path: string;

  /** @param home the user's own folder */
  constructor(home: string) {
    this.#home = home;
    this.path = `${home}/audit`;
  }

  /** @throws {Fault} DENIED when it, or the home, is a link, is not ours, or is open to others */
  guard(): boolean {
    return guardFolder(this.#home, "private") && guardFolder(this.path, "private");
  }

  make(): void {
    if (this.guard()) return;
    Deno.mkdirSync(this.path, { recursive: true, mode: 0o700 });
    this.guard(); // somebody may have been faster, with something else
    syncFolder(this.#home);
  }

  get headPath(): string {
    return `${this.path}/head.json`;
  }

  pathOf(file: number): string {
    return `${this.path}/${file}.jsonl`;
  }

  /** The numbers of the files that there are, rising. */
  files(): number[] {
    const numbers = [...Deno.readDirSync(this.path)].map(({ name }) => Number(FILE.exec(name)?.[1] ?? 0));
    return numbers.filter((number) => number > 0).sort((a, b) => a - b);
  }

  /** Opens one of its files, which has to be there. */
  open(path: string, options: Deno.OpenOptions): Deno.FsFile {
    const file = openGuarded(path, "private", options);
    if (file) return file;
    throw new Fault("CONFLICT", `${path} was removed meanwhile`, { hint: "try again" });
  }
}

/** Writes all of it: the system may take it in parts. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** The head in a file that is at its beginning; undefined when there is none that can be read. */
export function readHead(file: Deno.FsFile): Head | undefined {
  return parseHead(readHeadBytes(file));
}

/** What may be a head. A file that holds more gives more, which is none. */
export function readHeadBytes(file: Deno.FsFile): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD_BYTES + 1);
  const n = file.readSync(bytes) ?? 0;
  return bytes.subarray(0, n === HEAD_BYTES ? n : n + readFully(file, bytes.subarray(n)));
}

/** Reads until `into` is full or the file ends; returns how much that is. */
export function readFully(file: Deno.FsFile, into: Uint8Array): number {
  let at = 0;
  for (let n: number | null = 0; at < into.length && n !== null; at += n ?? 0) n = file.readSync(into.subarray(at));
  return at;
}
