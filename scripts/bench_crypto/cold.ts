/** Whole processes that unlock once: what a person waits for at the command line. */
import * as esbuild from "esbuild";
import type { Subject } from "./rounds.ts";

/** What each process runs; the specifiers are resolved from the repository's root. */
const PROGRAMS: Record<string, string> = {
  "nothing": "",
  "core": `
    import { scrypt } from "./core/crypto/scrypt.ts";
    await scrypt(new Uint8Array(10), new Uint8Array(16), { logN: 17, r: 8, p: 1, length: 32 });`,
  "@noble/hashes": `
    import { scrypt } from "@noble/hashes/scrypt.js";
    scrypt(new Uint8Array(10), new Uint8Array(16), { N: 2 ** 17, r: 8, p: 1, dkLen: 32 });`,
  "import core's faces":
    `import "./core/crypto/scrypt.ts"; import "./core/crypto/aead.ts"; import "./core/crypto/hkdf.ts";`,
};

export interface Cold {
  readonly subjects: Record<string, Subject>;
  clean(): Promise<void>;
}

/** Bundles every program into a file of its own. */
export async function coldProcesses(): Promise<Cold> {
  const folder = await Deno.makeTempDir();
  const subjects: Record<string, Subject> = {};
  for (const [name, contents] of Object.entries(PROGRAMS)) {
    const outfile = `${folder}/${Object.keys(subjects).length}.js`;
    const resolveDir = new URL("../../", import.meta.url).pathname;
    await esbuild.build({
      stdin: { contents, resolveDir, loader: "ts" },
      bundle: true,
      minify: true,
      format: "esm",
      target: "esnext",
      outfile,
    });
    subjects[name] = async () => {
      const start = performance.now();
      const { success } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-lock", outfile] })
        .output();
      if (!success) throw new Error(`the process of ${name} failed`);
      return performance.now() - start;
    };
  }
  await esbuild.stop();
  return { subjects, clean: () => Deno.remove(folder, { recursive: true }) };
}
