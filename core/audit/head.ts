/**
 * The head: how far the log had come when a writer last left it (docs/audit.md §3). It tells a writer where to go on
 * without reading the log, and a verifier that lines are gone from the end, which the chain alone cannot show.
 */
import type { ChainState } from "./line.ts";

export interface Head extends ChainState {
  /** The number of the newest file. */
  readonly file: number;
  /** Its size in bytes. */
  readonly size: number;
}

/** Always the same, so that it is overwritten in place: one small write, of which a killed writer leaves all or nothing. */
export const HEAD_BYTES = 160;

export function encodeHead(head: Head): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(textOf(head));
}

/** Undefined when it is not, byte for byte, what a head encodes to. */
export function parseHead(bytes: Uint8Array): Head | undefined {
  try {
    const text = new TextDecoder().decode(bytes);
    const { file, size, seq, hash } = JSON.parse(text);
    const isHead = [file, size, seq].every((count) => Number.isSafeInteger(count) && count >= 0) && file > 0 &&
      typeof hash === "string" && hash.length === 64 && /^[0-9a-f]*$/.test(hash);
    const head = { file, size, seq, hash };
    return isHead && textOf(head) === text ? head : undefined;
  } catch {
    return undefined; // not JSON, or not an object
  }
}

function textOf({ file, size, seq, hash }: Head): string {
  return `${JSON.stringify({ file, size, seq, hash }).padEnd(HEAD_BYTES - 1)}\n`;
}
