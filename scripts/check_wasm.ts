/**
 * Fails unless the committed WebAssembly, and the unrolled source it is made from, are byte for byte what the pinned
 * compiler makes today.
 *
 *     deno run -A scripts/check_wasm.ts
 */
import { generate } from "./build_wasm.ts";

const ROOT = new URL("../", import.meta.url);

const stale: string[] = [];
for (const [path, expected] of await generate()) {
  const committed = await Deno.readTextFile(new URL(path, ROOT)).catch(() => "");
  if (committed !== expected) stale.push(path);
}
if (stale.length > 0) {
  throw new Error(`not what the source builds to: ${stale.join(", ")}; run \`deno run -A scripts/build_wasm.ts\``);
}
