import assert from "node:assert/strict";
import { temporaryFolder } from "../fixture/temporary_folder.ts";

const SCRIPT = new URL("../../scripts/compile.ts", import.meta.url).pathname;

/** Runs the task's program, with no runtime for compiled programs. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", SCRIPT, ...args],
    env: { DENORT_BIN: "/nowhere/denort", NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

Deno.test("compile says so when there is no runtime for compiled programs, and leaves nothing", async () => {
  using folder = temporaryFolder();
  const { code, stderr } = await run(["--output", `${folder.path}/coffer`]);
  assert.equal(code, 69);
  assert.match(stderr, /DENORT_BIN/);
  assert.match(stderr, /--self-extracting/);
  assert.deepEqual(namesIn(folder.path), []);
});

Deno.test("compile refuses a target that Deno is not built for", async () => {
  const { code, stderr } = await run(["--target", "riscv64gc-unknown-linux-gnu"]);
  assert.equal(code, 64);
  assert.match(stderr, /x86_64-unknown-linux-gnu/);
});

Deno.test("compile --self-extracting refuses another system's target", async () => {
  const other = Deno.build.target === "aarch64-apple-darwin" ? "x86_64-unknown-linux-gnu" : "aarch64-apple-darwin";
  assert.equal((await run(["--self-extracting", "--target", other])).code, 64);
});

/** Deno stands in for the runtime: what is made does not run the program, but holds what would. */
Deno.test("compile embeds bundle, permissions and name, the same bytes each time", async () => {
  using folder = temporaryFolder();
  const made = [`${folder.path}/one`, `${folder.path}/two`] as const;
  for (const path of made) {
    const { code, stderr } = await run(["--output", path], { DENORT_BIN: Deno.execPath() });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\d MB\n$/);
  }
  const bytes = await Deno.readFile(made[0]);
  assert.equal(await digest(bytes), await digest(await Deno.readFile(made[1])));
  assert.equal((await Deno.stat(made[0])).mode! & 0o777, 0o755 & ~Deno.umask());
  const embedded = new TextDecoder("latin1").decode(bytes.subarray((await Deno.stat(Deno.execPath())).size - 4096));
  assert.match(embedded, /"allow_net":\[\]/, "everything granted, or /dev/tty stays closed");
  assert.match(embedded, /"prompt":false/);
  assert.match(embedded, /"code_cache_key":null/, "it would be kept under a name that anyone can guess");
  assert.match(embedded, /"ca_data":null/);
  assert.match(embedded, /COFFER_PASSPHRASE/, "the bundle");
  assert.deepEqual(namesIn(folder.path).sort(), ["one", "two"]);
});

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
