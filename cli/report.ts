/**
 * The one place that prints. Results go to stdout, everything else to stderr, so that a pipe gets results only.
 */
import { EXIT, Fault } from "../core/fault.ts";
import { hostFault } from "../core/store/file_guard.ts";

const encoder = new TextEncoder();
/** Control characters, and those that change the direction or the breaks of the text around them. */
const CONTROL = /[\p{Cc}\p{Bidi_C}\p{Zl}\p{Zp}]/gu;

/** A file descriptor to print to. */
interface Sink {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

export interface ReportOptions {
  readonly json: boolean;
  readonly color: boolean;
}

export class Report {
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  #options: ReportOptions = { json: false, color: false };

  constructor(stdout: Sink, stderr: Sink) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** Set once the flags are known. */
  configure(options: ReportOptions): void {
    this.#options = options;
  }

  get stdoutIsTerminal(): boolean {
    return this.#stdout.isTerminal();
  }

  /** Exact bytes on stdout (1) or stderr (2). */
  bytes(bytes: Uint8Array, fd: 1 | 2 = 1): void {
    write(fd === 1 ? this.#stdout : this.#stderr, bytes);
  }

  /** A line on stdout. */
  line(text: string): void {
    this.bytes(encoder.encode(text + "\n"));
  }

  /** Data on stdout: JSON with `--json`, otherwise the given lines. */
  data(json: unknown, lines: () => readonly string[]): void {
    if (this.#options.json) this.line(JSON.stringify(json, undefined, 2));
    else for (const line of lines()) this.line(visible(line));
  }

  /** A remark for people on stderr; not printed with `--json`. */
  note(text: string): void {
    if (!this.#options.json) this.#tell(`${visible(text)}\n`);
  }

  /** Something to worry about, on stderr in both forms. */
  warning(text: string): void {
    const line = this.#options.json ? json({ warning: text }) : `${this.#paint("33", "warning:")} ${visible(text)}`;
    this.#tell(`${line}\n`);
  }

  /** A failure on stderr. Returns its exit code. */
  failure(error: unknown): number {
    const fault = error instanceof Fault ? error : bug(error);
    const { code, message, hint } = fault;
    if (this.#options.json) {
      this.#tell(json({ error: { code, message, hint: hint ?? null } }) + "\n");
    } else {
      const text = `${this.#paint("31", "error:")} ${visible(message)} [${code}]\n`;
      this.#tell(hint === undefined ? text : `${text}${this.#paint("36", "hint:")}  ${visible(hint)}\n`);
    }
    return EXIT[code];
  }

  /** Says something on stderr. When that cannot be written there is nobody to tell; the exit code still counts. */
  #tell(text: string): void {
    try {
      write(this.#stderr, encoder.encode(text));
    } catch {
      // nobody to tell
    }
  }

  #paint(style: string, text: string): string {
    return this.#options.color && this.#stderr.isTerminal() ? `\x1b[${style}m${text}\x1b[0m` : text;
  }
}

/** The reader of our output has gone away (`coffer list | head -1`): not an error, and nothing is left to say. */
export class OutputClosed extends Error {}

function write(sink: Sink, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
    throw hostFault(error, "the output");
  }
}

/** An unexpected error: its kind and where it came from, but not its message, which may quote what it was given. */
function bug(error: unknown): Fault {
  const kind = error instanceof Error ? error.name : typeof error;
  const at = error instanceof Error ? /\(?([\w./-]+:\d+:\d+)\)?$/m.exec(error.stack ?? "")?.[1] : undefined;
  return new Fault("INTERNAL", `unexpected ${kind}${at ? ` at ${at.split("/").at(-1)}` : ""}`, {
    hint: "this is a bug in coffer; please report it with the command you ran (without any values)",
    cause: error,
  });
}

/** Names and paths come from files and arguments: control characters in them must not reach a terminal. */
function visible(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** JSON on one line, with those characters as JSON escapes. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(CONTROL, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
