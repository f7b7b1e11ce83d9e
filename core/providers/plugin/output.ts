/**
 * What a plugin prints: read to the end, so that it never has to wait for us, and hardly any of it kept. Its log, JSON
 * lines on stderr as hclog writes them, is shown as far as it warns.
 */
import { Masker } from "../../mask/masker.ts";
import type { Secret } from "../../secret.ts";

/** More in a minute is no log. */
const MOST_BYTES = 64 * 1024 * 1024;
const MINUTE_MS = 60_000;
const LONGEST_LINE_BYTES = 16 * 1024;
const KEPT_LINES = 8;
const MOST_SHOWN_LINES = 20;
const LONGEST_SHOWN = 300;
const LOUD = ["warn", "error"];

const decoder = new TextDecoder();

export interface Listener {
  warn(text: string): void;
  /** There is too much of it. */
  flood(): void;
}

export class PluginOutput {
  readonly #listener: Listener;
  /** What must not be shown. */
  readonly #hidden: () => Iterable<Secret>;
  /** The last lines on stderr that are no log's. */
  readonly #tail: string[] = [];
  #line = new Uint8Array(0);
  #isTooLong = false;
  #shown = 0;
  #holders = 0;
  readonly #heldBack: string[] = [];
  #bytes = 0;
  #since = Date.now();

  /** @param hidden lends what must not be shown, when something is */
  constructor(listener: Listener, hidden: () => Iterable<Secret>) {
    this.#listener = listener;
    this.#hidden = hidden;
  }

  /** The last lines on stderr, on one line; empty when there are none. */
  get tail(): string {
    return this.#visible(this.#tail.join("; "));
  }

  /**
   * Holds back what would be shown until this is disposed of: the log of a call is here before its answer is, with the
   * value that must not be shown.
   */
  hold(): Disposable {
    this.#holders++;
    return {
      [Symbol.dispose]: () => {
        this.#holders--;
        if (this.#holders === 0) { for (const message of this.#heldBack.splice(0)) this.#show(message); }
      },
    };
  }

  /** For what is only counted. */
  readonly discard = (chunk: Uint8Array): void => {
    if (Date.now() - this.#since > MINUTE_MS) [this.#bytes, this.#since] = [0, Date.now()];
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) this.#listener.flood();
  };

  /** For stderr. */
  readonly log = (chunk: Uint8Array): void => {
    this.discard(chunk);
    for (let rest = chunk; rest.length > 0;) {
      const end = rest.indexOf(0x0a);
      this.#append(rest.subarray(0, end < 0 ? rest.length : end));
      if (end < 0) return;
      this.#endLine();
      rest = rest.subarray(end + 1);
    }
  };

  #append(part: Uint8Array): void {
    this.#isTooLong ||= this.#line.length + part.length > LONGEST_LINE_BYTES;
    if (this.#isTooLong) return;
    const line = new Uint8Array(this.#line.length + part.length);
    line.set(this.#line);
    line.set(part, this.#line.length);
    this.#line = line;
  }

  #endLine(): void {
    const text = this.#isTooLong ? "" : decoder.decode(this.#line).trim();
    this.#line = new Uint8Array(0);
    this.#isTooLong = false;
    if (text === "") return;
    const entry = logEntry(text);
    if (entry === undefined) {
      this.#tail.push(text.slice(0, LONGEST_SHOWN));
      if (this.#tail.length > KEPT_LINES) this.#tail.shift();
    } else if (LOUD.includes(entry.level)) {
      this.#show(entry.message);
    }
  }

  #show(message: string): void {
    if (this.#shown > MOST_SHOWN_LINES) return;
    if (this.#holders > 0) {
      if (this.#heldBack.length <= MOST_SHOWN_LINES) this.#heldBack.push(message);
      return;
    }
    this.#shown++;
    this.#listener.warn(
      this.#shown > MOST_SHOWN_LINES ? "has more to say, which is not shown" : this.#visible(message),
    );
  }

  #visible(text: string): string {
    if (text === "") return text;
    const masked = new Masker(this.#hidden()).text(text);
    return masked.length > LONGEST_SHOWN ? `${masked.slice(0, LONGEST_SHOWN)}…` : masked;
  }
}

function logEntry(line: string): { readonly level: string; readonly message: string } | undefined {
  try {
    const { "@level": level, "@message": message } = JSON.parse(line);
    return typeof level === "string" && typeof message === "string" ? { level, message } : undefined;
  } catch {
    return undefined;
  }
}
