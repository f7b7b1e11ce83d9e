/**
 * Bundles portability_entry.ts and writes it to standard output. A process of its own, as esbuild keeps one that a test
 * would be blamed for.
 */
import * as esbuild from "esbuild";

const { outputFiles } = await esbuild.build({
  entryPoints: [new URL("./portability_entry.ts", import.meta.url).pathname],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  logLevel: "error",
});
await Deno.stdout.write(outputFiles[0]!.contents);
await esbuild.stop();
