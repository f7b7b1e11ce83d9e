/** Randomness for tests: the same label gives the same bytes, for ever and everywhere. */

import { createHash } from "node:crypto";
import type { Random } from "./stack_writer.ts";

/** Block i of the stream is SHA-256(`<label> <i>`); each request starts a new block. */
export function seededRandom(label: string): Random {
  let block = 0;
  return (length) => {
    const bytes = new Uint8Array(Math.ceil(length / 32) * 32);
    for (let at = 0; at < length; at += 32) {
      bytes.set(createHash("sha256").update(`${label} ${block++}`).digest(), at);
    }
    return bytes.slice(0, length);
  };
}
