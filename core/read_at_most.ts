/** A stream's bytes, when there are not too many. */

/**
 * Reads a stream to its end. What the bytes came in is wiped.
 * @returns undefined when there are more than `most`: whoever sends them may do so without end
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  most: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, size);
      chunks.push(value);
      if ((size += value.length) > most) return undefined;
    }
  } finally {
    for (const chunk of chunks) chunk.fill(0);
    await reader.cancel().catch(() => {}); // the rest is of no interest
    reader.releaseLock();
  }
}

/** Not by `concat`, whose arguments the engine limits: a program may write byte by byte. */
function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
