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

export function encodeHead({ file, size, seq, hash }: Head): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify({ file, size, seq, hash }).padEnd(HEAD_BYTES - 1)}\n`);
}

/** Undefined when it is not, byte for byte, what a head encodes to. */
export function parseHead(bytes: Uint8Array): Head | undefined {
  const text = new TextDecoder().decode(bytes);
  const match = /^\{"file":([1-9]\d{0,8}),"size":(\d{1,15}),"seq":(\d{1,15}),"hash":"([0-9a-f]{64})"\} *\n$/.exec(text);
  if (!match) return undefined;
  const [, file, size, seq, hash] = match;
  const head = { file: Number(file), size: Number(size), seq: Number(seq), hash: hash! };
  return new TextDecoder().decode(encodeHead(head)) === text ? head : undefined;
}
