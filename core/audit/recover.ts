/**
 * What a writer does that finds the log in another state than the head says: after a kill, a power cut, or somebody's
 * doing. It goes on, so that nobody can lock the user out of the secrets by a scratch in the log, and the next line
 * says for good what was found.
 */
import { Fault } from "../fault.ts";
import type { Head } from "./head.ts";
import { GENESIS, headerText, type Repair } from "./line.ts";
import { type LogFolder, readFully } from "./log_folder.ts";
import { parseLine } from "./parse_line.ts";

export interface Recovered {
  /** Where to go on. Size 0: with a file that is still to be made. */
  readonly at: Head;
  readonly repair: Repair;
}

/**
 * Cuts off what no writer finished. To be called under the log's lock.
 * @param head undefined when there is none that can be read
 * @throws {Fault} TAMPERED when neither the head nor the last line says where to go on
 */
export function recover(folder: LogFolder, head: Head | undefined): Recovered {
  const { file, size, line, torn } = cutEnd(folder, head);
  const last = line === undefined ? undefined : parseLine(line);
  if (!head) {
    if (!last) throw beyondRepair(folder);
    const at = { file, size, seq: last.seq, hash: last.hash };
    return { at, repair: { torn, ahead: 0, lost: 0, headless: last.seq > 0 } };
  }
  const ahead = last ? Math.max(0, last.seq - head.seq) : 0;
  const lost = last ? Math.max(0, head.seq - last.seq) : 0;
  // The head knows better what the last line was than a line that was changed.
  const { seq, hash } = last && last.seq !== head.seq ? last : head;
  return { at: { file, size, seq, hash }, repair: { torn, ahead, lost, headless: false } };
}

interface End {
  readonly file: number;
  readonly size: number;
  /** The last whole line; undefined when it is no text. */
  readonly line: string | undefined;
  /** Bytes behind it, which were cut off. */
  readonly torn: number;
}

/** Removes files that have no whole line, and what is behind the last whole line of the newest that has one. */
function cutEnd(folder: LogFolder, head: Head | undefined): End {
  let torn = 0;
  for (const file of folder.files().reverse()) {
    const path = folder.pathOf(file);
    using log = folder.open(path, { read: true, write: true });
    const { size } = log.statSync();
    const { line, end } = lastLine(log, size);
    torn += size - end;
    if (end === 0) Deno.removeSync(path);
    else {
      if (end < size) log.truncateSync(end);
      return { file, size: end, line, torn };
    }
  }
  // Nothing is left. What was there may turn up again: its number is not used for something else.
  const file = head && head.seq > 0 ? head.file + 1 : 1;
  return { file, size: 0, line: headerText(GENESIS), torn };
}

/** The last line that has an end, and where that is. A line can be long: a batch is one. */
function lastLine(log: Deno.FsFile, size: number): { line: string | undefined; end: number } {
  for (let length = Math.min(size, 65536);; length = Math.min(size, length * 2)) {
    const bytes = new Uint8Array(length);
    log.seekSync(size - length, Deno.SeekMode.Start);
    const tail = bytes.subarray(0, readFully(log, bytes));
    const end = tail.lastIndexOf(10) + 1;
    const start = tail.lastIndexOf(10, end - 2) + 1;
    if (length < size && (end === 0 || start === 0)) continue;
    if (end === 0) return { line: undefined, end: 0 };
    return {
      line: new TextDecoder("utf-8", { ignoreBOM: true }).decode(tail.subarray(start, end - 1)),
      end: size - length + end,
    };
  }
}

function beyondRepair({ path }: LogFolder): Fault {
  return new Fault("TAMPERED", `the audit log in ${path} has neither a head nor a last line that can be read`, {
    hint: `keep it for whoever looks into it, and let a new one begin: mv ${path} ${path}.damaged`,
  });
}
