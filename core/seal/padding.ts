/**
 * Padding to a bucket, so that a sealed value tells little about its length (docs/format.md §4.2).
 *
 * padded = length (4 bytes, big-endian) ‖ value ‖ zeros. Buckets are multiples of 64 bytes up to 1 KiB and eight steps
 * per doubling above, so at most 12.5 % is added. Powers of two would hide more and cost up to 100 %.
 */
const HEADER = 4;
const BLOCK = 64;

/** The largest value: 16 MiB. */
export const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/** The padded size of a value of `size` bytes. */
export function bucketOf(size: number): number {
  const n = size + HEADER;
  const step = Math.max(BLOCK, 2 ** (Math.floor(Math.log2(Math.max(n - 1, 1))) - 3));
  return Math.ceil(n / step) * step;
}

export function pad(value: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(bucketOf(value.length));
  new DataView(padded.buffer).setUint32(0, value.length);
  padded.set(value, HEADER);
  return padded;
}

/** Returns a copy of the value, or undefined when the padding is not the one `pad` makes. */
export function unpad(padded: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (padded.length < BLOCK) return undefined;
  const size = new DataView(padded.buffer, padded.byteOffset, HEADER).getUint32(0);
  if (size > MAX_VALUE_BYTES || bucketOf(size) !== padded.length) return undefined;
  for (let i = HEADER + size; i < padded.length; i++) if (padded[i] !== 0) return undefined;
  return padded.slice(HEADER, HEADER + size);
}
