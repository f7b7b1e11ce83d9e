/**
 * The needles that the forms of all values come to: none longer than 64 bytes, in lexicographic order, each once.
 *
 * A longer form is cut into pieces of 64 bytes, the last of which overlaps the one before. Wherever the form stands, all
 * its pieces stand side by side, so masking the pieces masks the form; and it bounds both what a stream holds back and
 * the work at one position, whatever the values and the output are.
 */
export const LONGEST_NEEDLE_BYTES = 64;

/** The longest unit of which a repetition is a row (`=====`, `- - -`, `%20%20%20`). */
const LONGEST_ROW_UNIT_BYTES = 3;
/** Sorting is by the first bytes as one number, with the needle's index below them in what a double holds exactly. */
const SORTED_BYTES = 3;
const INDEX_LIMIT = 2 ** 29;

/** Needle `i` is `bytes` from `from[i]` on, `size[i]` bytes. Pieces of one form share its bytes. */
export interface NeedleList {
  readonly bytes: Uint8Array;
  /** Doubles, as the forms of several large values together can pass what 32 bits count. */
  readonly from: Float64Array;
  readonly size: Uint8Array;
}

/** Collects forms for a list. */
export class NeedleCollector {
  #bytes = new Uint8Array(1024);
  #used = 0;
  /** The last form that was copied, and where its copy begins. */
  #copied: Uint8Array = this.#bytes;
  #copiedTo = 0;
  readonly #froms: number[] = [];
  readonly #sizes: number[] = [];

  /** @param form 4 bytes or more; copied, unless it is a part of the one that was copied last (a line of a value) */
  add(form: Uint8Array): void {
    if (!isPart(form, this.#copied)) this.#copy(form);
    const from = this.#copiedTo + form.byteOffset - this.#copied.byteOffset;
    if (form.length <= LONGEST_NEEDLE_BYTES) {
      this.#froms.push(from);
      this.#sizes.push(form.length);
    } else {
      for (const at of piecesOf(form)) {
        this.#froms.push(from + at);
        this.#sizes.push(LONGEST_NEEDLE_BYTES);
      }
    }
  }

  list(): NeedleList {
    return sortedOnce(this.#bytes, this.#froms, this.#sizes);
  }

  #copy(form: Uint8Array): void {
    const needed = this.#used + form.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    this.#bytes.set(form, this.#used);
    this.#copied = form;
    this.#copiedTo = this.#used;
    this.#used = needed;
  }
}

function isPart(part: Uint8Array, whole: Uint8Array): boolean {
  return part.buffer === whole.buffer && part.byteOffset >= whole.byteOffset &&
    part.byteOffset + part.length <= whole.byteOffset + whole.length;
}

/** Whether the bytes repeat a unit of at most three. A row in a value says nothing of it, and wrecks ordinary output. */
export function isRow(bytes: Uint8Array): boolean {
  for (let unit = 1; unit <= LONGEST_ROW_UNIT_BYTES; unit++) {
    let at = unit;
    while (at < bytes.length && bytes[at] === bytes[at - unit]) at++;
    if (at >= bytes.length) return true;
  }
  return false;
}

/** Where the pieces of a long form begin. Rows are left out, unless there is nothing else. */
function piecesOf(form: Uint8Array): number[] {
  const last = form.length - LONGEST_NEEDLE_BYTES;
  const all: number[] = [];
  for (let at = 0; at < last; at += LONGEST_NEEDLE_BYTES) all.push(at);
  all.push(last);
  const telling = all.filter((at) => !isRow(form.subarray(at, at + LONGEST_NEEDLE_BYTES)));
  return telling.length > 0 ? telling : all;
}

function sortedOnce(bytes: Uint8Array, froms: readonly number[], sizes: readonly number[]): NeedleList {
  const count = froms.length;
  // Numbers sort natively. The rest is compared where the first bytes agree.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = froms[i]!;
    keys[i] = (bytes[from]! << 16 | bytes[from + 1]! << 8 | bytes[from + 2]!) * INDEX_LIMIT + i;
  }
  keys.sort();
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = keys[i]! % INDEX_LIMIT;
  const compare = (a: number, b: number): number => {
    const fromA = froms[a]!;
    const fromB = froms[b]!;
    const common = Math.min(sizes[a]!, sizes[b]!);
    for (let i = SORTED_BYTES; i < common; i++) {
      const difference = bytes[fromA + i]! - bytes[fromB + i]!;
      if (difference !== 0) return difference;
    }
    return sizes[a]! - sizes[b]!;
  };
  const from = new Float64Array(count);
  const size = new Uint8Array(count);
  let kept = 0;
  for (let i = 0; i < count;) {
    const nextStart = (Math.floor(keys[i]! / INDEX_LIMIT) + 1) * INDEX_LIMIT;
    const first = i;
    let end = i + 1;
    while (end < count && keys[end]! < nextStart) end++;
    if (end - first > 1) order.subarray(first, end).sort(compare);
    for (; i < end; i++) {
      if (i > first && compare(order[i - 1]!, order[i]!) === 0) continue;
      from[kept] = froms[order[i]!]!;
      size[kept++] = sizes[order[i]!]!;
    }
  }
  return { bytes, from: from.subarray(0, kept), size: size.subarray(0, kept) };
}
