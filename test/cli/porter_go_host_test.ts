/** Coffer as a plugin of a host in Go: Porter's own fork of go-plugin, as Porter calls it. */
import assert from "node:assert/strict";
import { type Coffer, endToEnd, type EndToEndOptions } from "../fixture/coffer_cli.ts";
import { goPrograms } from "../fixture/go_plugin.ts";
import { TextLineStream } from "../fixture/text_lines.ts";

const GO = await goPrograms();
const WITH_GO: EndToEndOptions = { lacking: GO.lacking };
const UNKNOWN = 2, UNIMPLEMENTED = 12;

interface Answer {
  readonly ok: boolean;
  readonly value?: string;
  readonly code?: number;
  readonly error?: string;
  readonly millis?: readonly number[];
  readonly log?: readonly string[];
}

class GoHost implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;

  constructor(coffer: Coffer, store: string, { config = "", mtls = false } = {}) {
    this.#child = new Deno.Command(GO.host!, {
      env: coffer.environment(),
      clearEnv: true,
      cwd: coffer.project,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextLineStream()).getReader();
    void this.#write({ command: coffer.command(["run", `secrets.coffer.${store}`]), config, mtls });
  }

  /** What became of the start. */
  started(): Promise<Answer> {
    return this.#read();
  }

  async do(call: Readonly<Record<string, string | number>>): Promise<Answer> {
    await this.#write(call);
    return await this.#read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
    await this.#output.cancel();
  }

  async #write(value: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
  }

  async #read(): Promise<Answer> {
    return JSON.parse((await this.#output.read()).value!);
  }
}

for (const mtls of [false, true]) {
  endToEnd(`Go's host ${mtls ? "with AutoMTLS" : "as Porter's"} gets on with Coffer`, async (coffer) => {
    await coffer.given();
    await using host = new GoHost(coffer, "sealed", { mtls });
    assert.equal((await host.started()).ok, true);
    const key = { keyName: "secret", keyValue: "01J9ZV6XQ4T7N0B8K3M5R2WYCD-password" };
    for (const value of ["", "hunter2", "ü日本🙂\n"]) {
      assert.equal((await host.do({ do: "create", ...key, value })).error, undefined);
      assert.deepEqual(await host.do({ do: "resolve", ...key }), { ok: true, value });
    }
    for (const mebibytes of [1, 6]) {
      const large = { keyName: "secret", keyValue: "large", value: "x", times: mebibytes * 1024 * 1024 };
      assert.equal((await host.do({ do: "create", ...large })).ok, true);
      assert.equal((await host.do({ do: "size", ...large })).ok, true);
    }
    assert.equal((await host.do({ do: "parallel", keyValue: "p", times: 32 })).ok, true);
    assert.equal((await host.do({ do: "ping" })).ok, true);
    assert.equal((await host.do({ do: "streams" })).ok, true);
    assert.equal((await host.do({ do: "unknown" })).code, UNIMPLEMENTED);
    const missing = await host.do({ do: "resolve", keyName: "secret", keyValue: "none" });
    assert.equal(missing.code, UNKNOWN);
    assert.match(missing.error!, /none/);
    assert.equal((await host.do({ do: "intrude" })).ok, mtls);
    const { ok, log, millis } = await host.do({ do: "kill" });
    assert.deepEqual([ok, log], [true, undefined]);
    assert.ok(millis![0]! < 2000, "it had to be killed"); // half a second on an idle machine
    assert.equal(await coffer.ok(["get", "01J9ZV6XQ4T7N0B8K3M5R2WYCD-password"]), "ü日本🙂\n");
  }, { ...WITH_GO, targets: mtls ? ["bundle"] : ["bundle", "executable"] });
}

endToEnd("Go's host is told in words why a plugin does not start, and what it cannot do", async (coffer) => {
  await using broken = new GoHost(coffer, "filesystem", { config: "{" });
  assert.equal((await broken.started()).ok, false);
  await using unknown = new GoHost(coffer, "nothing");
  assert.equal((await unknown.started()).ok, false);
  await using host = new GoHost(coffer, "host", { config: "null" });
  assert.equal((await host.started()).ok, true);
  const { code, error } = await host.do({ do: "create", keyName: "secret", keyValue: "a", value: "b" });
  assert.equal(code, UNKNOWN);
  assert.match(error!, /: not implemented$/);
}, { ...WITH_GO, targets: ["bundle"] });

for (const mode of ["plain", "mtls"]) {
  endToEnd(`Go's host sends everything to Coffer through one connection, ${mode}`, async (coffer) => {
    await coffer.given();
    const { success, stderr } = await new Deno.Command(GO.multiplexedHost!, {
      args: [mode, ...coffer.command(["run", "secrets.coffer.sealed"])],
      env: coffer.environment(),
      clearEnv: true,
      cwd: coffer.project,
      stdin: "null",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.equal((await coffer.ok(["get", "large"])).length, 16 * (3 << 16));
    assert.equal((await coffer.json(["list"]) as string[]).length, 33);
  }, WITH_GO);
}
