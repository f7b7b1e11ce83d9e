/** What only a whole process shows: memory that comes back, and a signal that gets through. */
import assert from "node:assert/strict";

const FIXTURE = new URL("./scrypt_process_fixture.ts", import.meta.url);
const MIB = 2 ** 20;

function start(what: string): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    // All permissions: the lookup of the modules' cache differs by machine, and nothing is being isolated here.
    args: ["run", "-A", "--no-check", "--v8-flags=--expose-gc", FIXTURE.href, what],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  });
}

Deno.test("derive() has one table in memory, reuses it, and gives it back to the collector some time later", async () => {
  const { success, stdout } = await start("memory").output();
  assert.ok(success);
  const usage = JSON.parse(new TextDecoder().decode(stdout)) as Record<"before" | "peak" | "held" | "after", number>;
  const grown = (when: "peak" | "held" | "after") => (usage[when] - usage.before) / MIB;
  // One table of 128 MiB; a second one, or one per derivation, would be far above.
  assert.ok(grown("peak") > 100 && grown("peak") < 200, `grew by ${grown("peak")} MiB`);
  assert.ok(grown("held") > 100, `reusable: ${grown("held")} MiB`);
  assert.ok(grown("after") < 64, `kept ${grown("after")} MiB`);
});

Deno.test({
  name: "scrypt() lets a signal handler run long before it is done",
  ignore: Deno.build.os === "windows",
  async fn() {
    const child = start("signal").spawn();
    const reader = child.stdout.getReader();
    await reader.read(); // it says when it has begun
    const sent = performance.now();
    child.kill("SIGINT");
    const { code } = await child.status;
    await reader.cancel();
    assert.equal(code, 130);
    assert.ok(performance.now() - sent < 1500, "the derivation itself takes several seconds");
  },
});
