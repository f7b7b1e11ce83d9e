/**
 * Masking: every byte of a stream that belongs to an occurrence of a secret, in any of the forms that programs print it
 * in, is replaced; one token per covered run.
 *
 * The result does not depend on how the stream is cut into chunks: what could be the start of a secret is held back
 * until the next bytes decide. There is no timer (a pause must not leak half a secret) and no switch in the data.
 * It is a safety net against accidents; a child that wants to leak a value can always encode it in a way of its own.
 */
import { concat } from "../crypto/bytes.ts";
import type { Secret } from "../secret.ts";
import { eachForm } from "./forms.ts";
import { NeedleIndex, OPEN, viewOf } from "./needle_index.ts";
import { NeedleCollector } from "./needle_list.ts";

/** Porter's token. Nothing in it derives from the value, not even its length. */
export const MASK = "*******";
/** A shorter value would wreck ordinary output; the caller warns about it by name. */
export const LEAST_MASKED_BYTES = 4;

/** Fewer than what is held to be worth masking. With many secrets, nearly every byte begins like one of their forms. */
const MOST_AHEAD_BYTES = 2;

const encoder = new TextEncoder();
const TOKEN = encoder.encode(MASK);
const NOTHING = new Uint8Array(0);

export class Masker {
  readonly #index: NeedleIndex;

  /** @param secrets lent: their forms are copied */
  constructor(secrets: Iterable<Secret>) {
    const needles = new NeedleCollector();
    for (const secret of secrets) {
      if (secret.size < LEAST_MASKED_BYTES) continue;
      secret.use((value) =>
        eachForm(value, (form) => {
          if (form.length >= LEAST_MASKED_BYTES) needles.add(form);
        })
      );
    }
    this.#index = new NeedleIndex(needles.list());
  }

  /**
   * Begins one stream.
   * @param interactive for a person at a terminal, who types and looks at every byte: one or two bytes that begin like a
   * needle are not held back until there are more, as most never do. Of a secret that is written in pieces, as when it
   * is typed, these two may be seen; otherwise the output is the same.
   */
  open(interactive = false): MaskedStream {
    return new MaskedStream(this.#index, interactive ? MOST_AHEAD_BYTES : 0);
  }

  /** Begins one stream, as a transform. */
  stream(): TransformStream<Uint8Array, Uint8Array> {
    const stream = this.open();
    return new TransformStream({
      transform(chunk, controller) {
        const out = stream.write(chunk);
        if (out.length > 0) controller.enqueue(out.slice()); // ours is lent until the next write
      },
      flush(controller) {
        const out = stream.end();
        if (out.length > 0) controller.enqueue(out);
      },
    });
  }

  /** Masks a whole text. */
  text(text: string): string {
    const stream = this.open();
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return decoder.decode(stream.write(encoder.encode(text)), { stream: true }) + decoder.decode(stream.end());
  }
}

/** The state of one masked stream. */
export class MaskedStream {
  readonly #index: NeedleIndex;
  /** The end of what was written: a needle could begin at its first byte. At most 63 bytes. */
  #pending: Uint8Array = NOTHING;
  /** For `#pending` and a chunk side by side. New memory for each chunk would take as long as the masking. */
  #joined: Uint8Array = NOTHING;
  /** How many bytes at the head of `#pending` a match that began before them covers. */
  #covered = 0;
  /** Whether a covered run, whose token has been written, reaches up to `#pending`. */
  #masking = false;
  /** How many bytes of `#pending` may be returned although they are not decided. */
  readonly #mostAhead: number;
  /** How many bytes at the head of `#pending` have been. */
  #ahead = 0;

  constructor(index: NeedleIndex, mostAhead: number) {
    this.#index = index;
    this.#mostAhead = mostAhead;
  }

  /**
   * Masks `chunk` and returns all that is decided by now: a part of `chunk` itself, other bytes, or none. They are valid
   * until the next call; the caller may use the chunk's memory again once it is done with them.
   */
  write(chunk: Uint8Array): Uint8Array {
    return this.#advance(this.#pending.length === 0 ? chunk : this.#join(chunk), false);
  }

  /** Returns the last bytes, after which the stream is over. */
  end(): Uint8Array {
    return this.#advance(this.#pending, true);
  }

  #join(chunk: Uint8Array): Uint8Array {
    const size = this.#pending.length + chunk.length;
    if (this.#joined.length < size) this.#joined = new Uint8Array(size);
    this.#joined.set(this.#pending);
    this.#joined.set(chunk, this.#pending.length);
    return this.#joined.subarray(0, size);
  }

  #advance(bytes: Uint8Array, isLast: boolean): Uint8Array {
    const index = this.#index;
    const view = viewOf(bytes);
    // The covered runs, as the places where each begins and ends.
    const runs = this.#masking ? [0, this.#covered] : [];
    let at = 0;
    for (; (at = index.next(view, at)) < bytes.length; at++) {
      const length = index.match(view, at, isLast);
      // Everything in front of `at` is decided, since any needle that covers it starts there.
      if (length === OPEN) break;
      if (length === 0) continue;
      const last = runs.length - 1;
      if (last < 0 || at > runs[last]!) runs.push(at, at + length);
      else if (at + length > runs[last]!) runs[last] = at + length;
    }
    const decided = this.#masked(bytes, at, runs);
    // What went ahead and turned out to be plain is not returned again.
    const out = this.#ahead === 0 ? decided : decided.subarray(Math.min(this.#ahead, at, runs[0] ?? at));
    this.#ahead = Math.max(0, this.#ahead - at);
    this.#pending = at < bytes.length ? bytes.slice(at) : NOTHING;
    const end = runs.at(-1) ?? -1;
    this.#masking = end >= at;
    this.#covered = Math.max(0, end - at);
    return this.#withAhead(out);
  }

  #withAhead(out: Uint8Array): Uint8Array {
    const { length } = this.#pending;
    if (length <= this.#ahead || length > this.#mostAhead || this.#covered > 0) return out;
    const ahead = this.#pending.subarray(this.#ahead);
    this.#ahead = length;
    this.#masking = false; // should these be covered, a token of their own ends what is seen of them
    return out.length === 0 ? ahead : concat(out, ahead);
  }

  /** The bytes up to `end` with a token for each run; the first run may have its token already. */
  #masked(bytes: Uint8Array, end: number, runs: readonly number[]): Uint8Array {
    if (runs.length === 0) return bytes.subarray(0, end);
    let plain = end;
    for (let i = 0; i < runs.length; i += 2) plain -= Math.min(runs[i + 1]!, end) - runs[i]!;
    const tokens = runs.length / 2 - (this.#masking ? 1 : 0);
    const out = new Uint8Array(plain + tokens * TOKEN.length);
    let from = 0;
    let to = 0;
    for (let i = 0; i < runs.length; i += 2) {
      out.set(bytes.subarray(from, runs[i]), to);
      to += runs[i]! - from;
      if (i > 0 || !this.#masking) {
        out.set(TOKEN, to);
        to += TOKEN.length;
      }
      from = Math.min(runs[i + 1]!, end);
    }
    out.set(bytes.subarray(from, end), to);
    return out;
  }
}
