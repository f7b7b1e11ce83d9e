/** Finds what does not fit together in an audit log (docs/audit.md §5). */
import type { Head } from "./head.ts";
import { type AuditLine, type ChainState, expectedHash, GENESIS, type Repair } from "./line.ts";
import { parseLine } from "./parse_line.ts";

/**
 * What was found. As problems: `malformed`: no line in the form that Coffer writes. `altered`: a line does not follow
 * from the one before; one of the two was changed. `missing`: lines are not there. `order`: a line is where it does not
 * belong. `file`: a whole file is not there. `cut`: the end is not there, or is not what the head says. `head`: the head
 * is not there, or cannot be read. `expected`: not the line that was asked for.
 *
 * As notes: `torn`: an unfinished line, of a writer that was interrupted. `ahead`: lines that a writer wrote before it
 * was interrupted. `start`: the log begins later, since older files were taken away.
 */
export type FindingKind = "malformed" | "altered" | "missing" | "order" | "file" | "cut" | "head" | "expected" | Note;
type Note = "torn" | "ahead" | "start";
const NOTES: readonly string[] = ["torn", "ahead", "start"] satisfies Note[];

export interface Finding {
  readonly kind: FindingKind;
  /** File and line. */
  readonly where: string;
  readonly message: string;
}

export interface AuditVerdict {
  /** How many lines were looked at. */
  readonly lines: number;
  /** The last one. */
  readonly end: ChainState;
  readonly problems: readonly Finding[];
  /** What happens without anybody's doing. */
  readonly notes: readonly Finding[];
}

/** Fed with a log from its beginning to its end. */
export class AuditVerifier {
  readonly #head: Head | undefined;
  readonly #expected: ChainState | undefined;
  readonly #findings: Finding[] = [];
  /** Undefined behind what cannot be read, or is not here. */
  #state: ChainState | undefined = GENESIS;
  #end: ChainState = GENESIS;
  #file = 0;
  #lineNumber = 0;
  #lines = 0;
  #headSeen = false;
  #expectedSeen = false;

  /** @param expected a line that somebody has taken down: it must be there with that hash */
  constructor(head: Head | undefined, expected?: ChainState) {
    this.#head = head;
    this.#expected = expected;
    this.#see(GENESIS);
  }

  /** The next file begins. The first of all is number 1. */
  file(number: number): void {
    const before = this.#file;
    this.#file = number;
    this.#lineNumber = 0;
    if (number === before + 1) return;
    // What was before is not here: its header is taken at its word.
    this.#state = undefined;
    if (before === 0) this.#find("start", `files before ${number}.jsonl are not here`);
    else this.#find("file", `${before + 1}.jsonl is not here`);
  }

  /** The next line, without its line end. Returns what it is. */
  line(text: string): AuditLine | undefined {
    this.#lineNumber++;
    const line = parseLine(text);
    const isHeader = line !== undefined && "format" in line;
    if (!line || isHeader !== (this.#lineNumber === 1)) {
      this.#find("malformed", "this is no line of an audit log");
      this.#state = undefined;
      return undefined;
    }
    if (isHeader) this.#header(line);
    else this.#follow(line, text);
    this.#state = this.#end = { seq: line.seq, hash: line.hash };
    this.#see(line);
    return line;
  }

  /** The file ends with so many bytes that are no whole line. */
  torn(bytes: number): void {
    this.#lineNumber++;
    this.#find("torn", `${bytes} bytes of a line that was not finished`);
  }

  verdict(): AuditVerdict {
    const { seq } = this.#end;
    this.#lineNumber = 0;
    if (this.#lines > 0 && !this.#head) this.#find("head", "the head is not there, or cannot be read", "head.json");
    if (this.#head && !this.#headSeen) {
      const gone = this.#head.seq - seq;
      this.#find("cut", gone > 0 ? `${lines(gone)} gone from the end` : "the end was changed", "head.json");
    } else if (this.#head && this.#head.seq < seq) {
      this.#find("ahead", `${lines(seq - this.#head.seq)} not confirmed yet`, "head.json");
    }
    if (this.#expected && !this.#expectedSeen) {
      this.#find("expected", `there is no line ${this.#expected.seq} with the hash that was given`, "the log");
    }
    const isNote = ({ kind }: Finding) => NOTES.includes(kind);
    return {
      lines: this.#lines,
      end: this.#end,
      problems: this.#findings.filter((finding) => !isNote(finding)),
      notes: this.#findings.filter(isNote),
    };
  }

  #header({ seq, hash }: ChainState): void {
    if (!this.#state) return;
    if (seq > this.#state.seq) this.#find("missing", `${lines(seq - this.#state.seq)} before this file`);
    else if (seq < this.#state.seq || hash !== this.#state.hash) {
      this.#find("altered", "the file does not begin where the one before it ended");
    }
  }

  #follow(line: Exclude<AuditLine, { format: string }>, text: string): void {
    this.#lines++;
    const repaired: Repair | undefined = "repaired" in line ? line.repaired : undefined;
    if (repaired) this.#report(repaired);
    if (!this.#state) return; // what was before cannot be read, and is reported
    const gap = line.seq - this.#state.seq - 1 - (repaired?.lost ?? 0);
    if (gap > 0) this.#find("missing", `${lines(gap)} missing before line ${line.seq}`);
    else if (gap < 0) this.#find("order", `line ${line.seq} does not belong here`);
    else if (expectedHash(this.#state.hash, text) !== line.hash) {
      this.#find("altered", `line ${line.seq}, or the one before it, was changed`);
    }
  }

  #report({ torn, ahead, lost, headless }: Repair): void {
    if (lost > 0) this.#find("cut", `${lines(lost)} gone when this one was written`);
    if (headless) this.#find("head", "the head was gone when this line was written");
    if (torn > 0) this.#find("torn", `${torn} bytes of an unfinished line were cut off`);
    if (ahead > 0) this.#find("ahead", `${lines(ahead)} before this one had not been confirmed`);
  }

  #see({ seq, hash }: ChainState): void {
    if (this.#head?.seq === seq && this.#head.hash === hash) this.#headSeen = true;
    if (this.#expected?.seq === seq && this.#expected.hash === hash) this.#expectedSeen = true;
  }

  #find(kind: FindingKind, message: string, where = `${this.#file}.jsonl:${this.#lineNumber}`): void {
    this.#findings.push({ kind, where, message });
  }
}

function lines(count: number): string {
  return count === 1 ? "1 line" : `${count} lines`;
}
