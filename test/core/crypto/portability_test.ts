/** The conformance suite under Node and in headless Chromium, from one bundle. */
import assert from "node:assert/strict";
import { conformance, type Report } from "./conformance.ts";
import { documents } from "./documents.ts";

/** The first of these programs that runs, and what it says its version is. */
async function find(...names: readonly string[]): Promise<{ name: string; version: string } | undefined> {
  for (const name of names) {
    try {
      const { success, stdout } = await new Deno.Command(name, { args: ["--version"], stderr: "null" }).output();
      if (success) return { name, version: new TextDecoder().decode(stdout).trim() };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

async function bundle(): Promise<string> {
  const script = new URL("./portability_bundle.ts", import.meta.url).href;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", script], stderr: "inherit" });
  const { success, stdout } = await command.output();
  assert.ok(success, "esbuild failed");
  return new TextDecoder().decode(stdout);
}

/** The report, if there is one, with as many checks as the same suite makes here. */
async function assertComplete(outcome: string): Promise<Report> {
  const { report, failure } = JSON.parse(outcome) as { report?: Report; failure?: string };
  assert.ok(report, failure ?? "no report");
  const here = await conformance(await documents());
  const counts = ({ wycheproof, vectors, differential }: Report) => ({ wycheproof, vectors, differential });
  assert.deepEqual(counts(report), counts(here));
  return report;
}

const node = await find("node");
Deno.test({
  name: `conformance() holds in Node (${node?.version ?? "skipped: no node on PATH"})`,
  ignore: !node,
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    try {
      await Deno.writeTextFile(file, await bundle());
      const { stdout } = await new Deno.Command(node!.name, { args: [file], stderr: "inherit" }).output();
      const report = await assertComplete(new TextDecoder().decode(stdout));
      // Relaxed SIMD came with V8 11.4, that is after Node 20.
      const hasRelaxedSimd = Number(node!.version.match(/^v(\d+)/)![1]) > 20;
      assert.equal(report.aead, hasRelaxedSimd ? "wasm-relaxed-simd" : "noble");
      assert.equal(report.scrypt, "wasm-simd");
      assert.equal(report.wiped, hasRelaxedSimd ? 2 : 1);
    } finally {
      await Deno.remove(file);
    }
  },
});

const CHROMIUM_ARGUMENTS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** Serves a page with the bundle and waits until it reports back. */
async function runInChromium(program: string, script: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/outcome") resolve(await request.text());
    else if (pathname === "/suite.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
    const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/suite.js"></script>';
    return new Response(page, { headers: { "content-type": "text/html" } });
  });
  const profile = await Deno.makeTempDir();
  const browser = new Deno.Command(program, {
    args: [...CHROMIUM_ARGUMENTS, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.addr.port}/`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timeout = setTimeout(() => reject(new Error("no report from the browser within two minutes")), 120_000);
  const ended = browser.status.then(({ code }) => reject(new Error(`the browser ended early, with ${code}`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timeout);
    browser.kill();
    await ended;
    await server.shutdown();
    await removeProfile(profile);
  }
}

/** The browser's helpers may still be writing for a moment after it has gone. */
async function removeProfile(folder: string): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const chromium = await find("chromium", "chromium-browser", "google-chrome");
Deno.test({
  name: `conformance() holds in a browser (${chromium?.version ?? "skipped: no chromium on PATH"})`,
  ignore: !chromium,
  async fn() {
    const report = await assertComplete(await runInChromium(chromium!.name, await bundle()));
    assert.equal(report.aead, "wasm-relaxed-simd");
    assert.equal(report.scrypt, "wasm-simd");
    assert.equal(report.wiped, 2);
  },
});
