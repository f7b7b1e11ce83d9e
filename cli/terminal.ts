/**
 * The person at the terminal: questions without echo, confirmations, progress.
 *
 * Questions go to the terminal itself, so that they work while stdin and stdout are pipes. The prompt libraries on npm
 * read from stdin only and load Node's compatibility layer (docs/dependencies.md).
 */
import { Fault } from "../core/fault.ts";
import { Secret } from "../core/secret.ts";

/** A prompt was left without an answer: by a key, or by a signal. */
export class Interrupted extends Error {
  /** 128 + the signal's number, as shells report it. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("interrupted");
    this.exitCode = exitCode;
  }
}

/** What would end the process in the middle of a prompt, and leave the terminal without echo. */
const ENDINGS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const encoder = new TextEncoder();
const MAX_LINE_BYTES = 4096;
const CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, LINE_FEED = 10, RETURN = 13, CTRL_U = 21, DELETE = 127;

export class Terminal {
  /**
   * Opened at once where there seems to be one, as `dropUnneeded` (permissions.ts) takes the right to do so away; else
   * when somebody is to be asked. A failed attempt costs as much as half a start.
   */
  #tty = [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal()) ? openTty() : undefined;

  /** Whether a question would open the terminal. */
  get isUnopened(): boolean {
    return this.#tty === undefined;
  }

  /**
   * Asks for a line without showing it. Returns undefined when nobody is there to ask.
   * @throws {Interrupted} on Ctrl-C, on Ctrl-D on an empty line, on a signal, and when the terminal goes away
   * @throws {Fault} USAGE when the line is too long to take whole
   */
  async askHidden(question: string): Promise<Secret | undefined> {
    const tty = this.#tty ??= openTty();
    if (!tty) return undefined;
    using ending = onEnding();
    tty.setRaw(true); // before the question: an answer that follows it at once must not be echoed
    try {
      tty.writeSync(encoder.encode(`${question}: `));
      return await readHidden(tty, ending.signalled);
    } finally {
      tty.setRaw(false);
      tty.writeSync(encoder.encode("\r\n"));
    }
  }

  /** Asks for yes or no; only `y` or `yes` is yes. Undefined when nobody is there to ask. */
  confirm(question: string): boolean | undefined {
    const tty = this.#tty ??= openTty();
    if (!tty) return undefined;
    tty.writeSync(encoder.encode(`${question} [y/N] `));
    const buffer = new Uint8Array(256);
    const n = tty.readSync(buffer) ?? 0;
    return /^y(es)?$/i.test(new TextDecoder().decode(buffer.subarray(0, n)).trim());
  }

  /**
   * Shows how far `work` has come, in a line on stderr where that is a terminal. The line is gone before anything that is
   * said of the result.
   * @param work calls `update` with 0…1
   */
  async progress<T>(label: string, work: (update: (done: number) => void) => Promise<T>): Promise<T> {
    const shown = Deno.stderr.isTerminal();
    let last = -1;
    try {
      return await work((done) => {
        const percent = Math.floor(done * 100);
        if (!shown || percent === last) return;
        last = percent;
        Deno.stderr.writeSync(encoder.encode(`\r${label} ${percent} %`));
      });
    } finally {
      if (last >= 0) Deno.stderr.writeSync(encoder.encode("\r\x1b[2K"));
    }
  }
}

function openTty(): Deno.FsFile | undefined {
  try {
    return Deno.openSync("/dev/tty", { read: true, write: true });
  } catch {
    return undefined; // no controlling terminal
  }
}

function tooLong(): Fault {
  return new Fault("USAGE", `a line at a prompt has at most ${MAX_LINE_BYTES} bytes`, {
    hint: "give a longer value through a file or a pipe",
  });
}

/** Rejects when a signal asks the process to end. */
function onEnding(): { readonly signalled: Promise<never> } & Disposable {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {}); // between two prompts nobody waits for it
  const listeners = Object.entries(ENDINGS).map(([signal, code]) =>
    [signal as keyof typeof ENDINGS, () => reject(new Interrupted(code))] as const
  );
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    signalled: promise,
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

async function readHidden(tty: Deno.FsFile, signalled: Promise<never>): Promise<Secret> {
  const line = new Uint8Array(MAX_LINE_BYTES);
  const byte = new Uint8Array(1);
  let length = 0;
  try {
    for (;;) {
      const ended = await Promise.race([tty.read(byte), signalled]) === null;
      const key = byte[0]!;
      if (ended || key === CTRL_C || (key === CTRL_D && length === 0)) throw new Interrupted(ENDINGS.SIGINT);
      if (key === RETURN || key === LINE_FEED) return new Secret(line.slice(0, length));
      if (key === CTRL_U) length = 0;
      else if (key === BACKSPACE || key === DELETE) length = withoutLastCharacter(line, length);
      else if (key >= 32 && length === line.length) throw tooLong();
      else if (key >= 32) line[length++] = key;
    }
  } finally {
    line.fill(0);
    byte.fill(0);
  }
}

/** Drops one UTF-8 character: its continuation bytes, then its first byte. */
function withoutLastCharacter(line: Uint8Array, length: number): number {
  while (length > 0 && (line[--length]! & 0xc0) === 0x80);
  return length;
}
