/** Output of the kinds that commands print most of, as files. */

/** What is repeated to fill a file. */
const BLOCK_BYTES = 32 * 1024 * 1024;
/** The most that Web Crypto gives at once. */
const RANDOM_BYTES = 65536;
/** 76 characters of base64. */
const LINE_BYTES = 57;

export const KINDS: Readonly<Record<string, () => Uint8Array>> = {
  "log lines": logBlock,
  "random base64": base64Block,
};

/** Writes a file of `size` bytes, a block of lines over and over. */
export async function writeText(path: string, block: Uint8Array, size: number): Promise<void> {
  using file = await Deno.create(path);
  for (let left = size; left > 0;) left -= file.writeSync(block.subarray(0, left));
}

/** A web server's access log. */
function logBlock(): Uint8Array {
  const pick = <T>(of: readonly T[]) => of[Math.floor(Math.random() * of.length)]!;
  const upTo = (limit: number) => Math.floor(Math.random() * limit);
  const paths = ["/", "/login", "/health", "/static/app.js", "/api/v1/users", "/api/v1/orders"];
  const line = (at: number) =>
    `${new Date(at).toISOString()} INFO  request id=${upTo(2 ** 32).toString(16).padStart(8, "0")} ` +
    `method=${pick(["GET", "GET", "POST"])} path=${pick(paths)}/${upTo(100_000)} status=${
      pick([200, 200, 304, 404])
    } ` +
    `client=10.${upTo(256)}.${upTo(256)}.${upTo(256)} took=${(Math.random() * 200).toFixed(2)}ms\n`;
  const encoder = new TextEncoder();
  const block = new Uint8Array(BLOCK_BYTES);
  for (let used = 0, at = Date.UTC(2026, 0); used < BLOCK_BYTES; at += upTo(50)) {
    used += encoder.encodeInto(line(at), block.subarray(used)).written;
  }
  return block;
}

function base64Block(): Uint8Array {
  const encoder = new TextEncoder();
  const block = new Uint8Array(BLOCK_BYTES);
  const random = new Uint8Array(RANDOM_BYTES);
  for (let used = 0; used < BLOCK_BYTES;) {
    crypto.getRandomValues(random);
    for (let at = 0; at < RANDOM_BYTES && used < BLOCK_BYTES; at += LINE_BYTES) {
      const line = `${random.subarray(at, at + LINE_BYTES).toBase64()}\n`;
      used += encoder.encodeInto(line, block.subarray(used)).written;
    }
  }
  return block;
}
