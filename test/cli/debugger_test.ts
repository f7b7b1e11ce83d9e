import assert from "node:assert/strict";
import { type Coffer, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { isAlive, isFile } from "../fixture/processes.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };
/** The runtime catches SIGUSR1 half a second after its start. */
const CAUGHT_MS = 800;

endToEnd("coffer opens no debugger at SIGUSR1, and ignores what it was started with as ignored", async (coffer) => {
  await coffer.given();
  await Promise.all([
    attack(coffer, "waiting", 'exec "$@"', ["SIGUSR1", "SIGUSR1"]),
    attack(coffer, "hung-up", "trap '' HUP INT TERM USR1; exec \"$@\"", ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1"]),
  ]);
}, LINUX);

/** A command that waits for its stdin outlives the signals without a word. */
async function attack(coffer: Coffer, name: string, through: string, signals: readonly Deno.Signal[]): Promise<void> {
  await using child = coffer.spawn(["set", name], { stdin: "", through });
  const output = child.output();
  await pause(CAUGHT_MS);
  for (const signal of signals) {
    child.kill(signal);
    await pause(100);
    assert.ok(isAlive(child.pid), `${name}: ${signal}`);
  }
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("value"));
  await writer.close();
  const { code, stdout, stderr } = await output;
  assert.equal(code, 0);
  assert.equal(new TextDecoder().decode(stdout), "");
  assert.equal(new TextDecoder().decode(stderr), `sealed ${name}, version 1\n`);
}

endToEnd("coffer run passes SIGUSR1 on and opens no debugger", async (coffer) => {
  await coffer.given({ name: "value" });
  const go = `${coffer.temp}/go`;
  const script = `trap 'echo usr1' USR1; touch '${go}'; while [ -e '${go}' ]; do sleep 0.05 & wait; done`;
  await using child = coffer.spawn(["run", "--", "sh", "-c", script]);
  const output = child.output();
  await eventually(() => isFile(go), "the command");
  child.kill("SIGUSR1");
  await pause(CAUGHT_MS);
  child.kill("SIGUSR1");
  await pause(200);
  Deno.removeSync(go);
  const { code, stdout, stderr } = await output;
  const seen = [code, new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)];
  assert.deepEqual(seen, [0, "usr1\nusr1\n", ""]);
}, LINUX);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
