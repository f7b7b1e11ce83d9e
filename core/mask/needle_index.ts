/**
 * Finds needles in output. A table of four-byte windows rejects nearly every position of ordinary output with one
 * look-up, however many needles there are; what passes is narrowed down byte by byte in the sorted list.
 */
import type { NeedleList } from "./needle_list.ts";

/** More bytes could complete a needle: what `match` returns instead of a length. */
export const OPEN = -1;

const WINDOW_BYTES = 4;
/** 2^32 divided by the golden ratio: spreads windows that differ in any bit over the top bits of the product. */
const MULTIPLIER = 0x9E3779B1;
/** Table entries per window: with 32, at most three of a hundred positions of random output pass by chance. */
const SPACE = 32;
const LEAST_TABLE_BITS = 12;
/** A table of two megabytes stays in a processor's cache. */
const CACHED_TABLE_BITS = 21;
/** For the pieces of values of megabytes. */
const MOST_TABLE_BITS = 24;
/** Strides multiply the windows in the table: only up to eight entries for each in a table that is cached. */
const MOST_WINDOWS_BY_STRIDE = 2 ** 18;
/** Skipping further gains nothing over reading the output. */
const LONGEST_STRIDE = 8;

export class NeedleIndex {
  readonly #list: NeedleList;
  /**
   * Positions are looked at in strides: every needle that begins in the next `stride` positions has the window at the
   * last of them, at one of its first `stride` offsets, as each is long enough. If the table does not know that
   * window, none begins there.
   */
  readonly #stride: number;
  readonly #table: Uint8Array;
  readonly #tableShift: number;
  /** Groups of needles with the same first window, and for each its window and first needle. */
  readonly #groupWindows: Int32Array;
  readonly #groupStarts: Int32Array;
  /** Open addressing: a group's number plus one, at the place of its window or after it. */
  readonly #slots: Int32Array;
  readonly #slotShift: number;

  constructor(list: NeedleList) {
    this.#list = list;
    const { bytes, from, size } = list;
    const count = from.length;
    let shortest = LONGEST_STRIDE + WINDOW_BYTES - 1;
    for (let needle = 0; needle < count; needle++) if (size[needle]! < shortest) shortest = size[needle]!;
    const affordable = Math.floor(MOST_WINDOWS_BY_STRIDE / Math.max(count, 1));
    const stride = Math.max(1, Math.min(shortest - WINDOW_BYTES + 1, affordable));
    const bits = Math.max(LEAST_TABLE_BITS, Math.ceil(Math.log2(count * stride * SPACE + 1)));
    const shift = 32 - Math.min(bits, count > MOST_WINDOWS_BY_STRIDE ? MOST_TABLE_BITS : CACHED_TABLE_BITS);
    const table = new Uint8Array(2 ** (32 - shift));
    const starts: number[] = [];
    const windows: number[] = [];
    const view = viewOf(bytes);
    for (let needle = 0, last: number | undefined; needle < count; needle++) {
      const at = from[needle]!;
      const window = view.getInt32(at, true);
      if (window !== last) {
        starts.push(needle);
        windows.push(last = window);
      }
      for (let offset = 0; offset < stride; offset++) {
        table[Math.imul(view.getInt32(at + offset, true), MULTIPLIER) >>> shift] = 1;
      }
    }
    starts.push(count);
    this.#stride = stride;
    this.#table = table;
    this.#tableShift = shift;
    this.#groupWindows = Int32Array.from(windows);
    this.#groupStarts = Int32Array.from(starts);
    const slotBits = Math.ceil(Math.log2(windows.length * 2 + 2));
    this.#slotShift = 32 - slotBits;
    this.#slots = new Int32Array(2 ** slotBits);
    for (let group = 0; group < windows.length; group++) this.#slots[this.#slotOf(windows[group]!)] = group + 1;
  }

  /** The first position from `at` on where a needle could begin; `output.byteLength` when there is none. */
  next(output: DataView, at: number): number {
    const [table, shift, stride] = [this.#table, this.#tableShift, this.#stride];
    const ahead = stride - 1;
    // Behind the last whole window every position is looked at by itself.
    const end = output.byteLength - (WINDOW_BYTES + ahead);
    while (at <= end) {
      if (table[Math.imul(output.getInt32(at + ahead, true), MULTIPLIER) >>> shift] !== 0) return at;
      at += stride;
    }
    return Math.min(at, output.byteLength);
  }

  /**
   * The length of the longest needle that stands at `at`; 0 when none does.
   * @param isLast whether nothing follows the output; otherwise OPEN is returned when what follows could make a needle
   */
  match(output: DataView, at: number, isLast: boolean): number {
    const { bytes, from, size } = this.#list;
    const left = output.byteLength - at;
    let low = 0;
    let high = from.length;
    let depth = 0;
    if (left >= WINDOW_BYTES) {
      const group = this.#slots[this.#slotOf(output.getInt32(at, true))]! - 1;
      if (group < 0) return 0;
      low = this.#groupStarts[group]!;
      high = this.#groupStarts[group + 1]!;
      depth = WINDOW_BYTES;
    }
    // Needles from `low` to `high` agree with the output in their first `depth` bytes.
    let longest = 0;
    while (low < high) {
      if (size[low] === depth) {
        longest = depth;
        if (++low === high) break;
      }
      if (high - low === 1) {
        const base = from[low]!;
        const end = Math.min(size[low]!, left);
        while (depth < end && bytes[base + depth] === output.getUint8(at + depth)) depth++;
        if (depth < end) break;
        if (depth < size[low]!) return isLast ? longest : OPEN;
        return depth;
      }
      if (depth === left) return isLast ? longest : OPEN;
      const byte = output.getUint8(at + depth);
      const first = bytes[from[low]! + depth]!;
      const last = bytes[from[high - 1]! + depth]!;
      if (byte < first || byte > last) break;
      if (first < byte) low = this.#firstAtLeast(byte, depth, low, high);
      if (byte < last) high = this.#firstAtLeast(byte + 1, depth, low, high);
      depth++;
    }
    return longest;
  }

  /** The first needle of the range whose byte at `depth` is `byte` or more. */
  #firstAtLeast(byte: number, depth: number, low: number, high: number): number {
    const { bytes, from } = this.#list;
    while (low < high) {
      const middle = low + high >>> 1;
      if (bytes[from[middle]! + depth]! < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where the window's group is, or would be. */
  #slotOf(window: number): number {
    const last = this.#slots.length - 1;
    let slot = Math.imul(window, MULTIPLIER) >>> this.#slotShift;
    for (;; slot = slot + 1 & last) {
      const group = this.#slots[slot]!;
      if (group === 0 || this.#groupWindows[group - 1] === window) return slot;
    }
  }
}

/** The same bytes, to be read four at a time. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
