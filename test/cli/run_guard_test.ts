import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { childrenOf, commandLineOf, isAlive, pidIn, saying } from "../fixture/processes.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };
const LOOP = "while :; do sleep 0.05; done";
const SECRET = "a-value-that-nobody-else-sees";

endToEnd("coffer run is ended with its command's whole group when it is killed", async (coffer) => {
  await coffer.given({ SECRET });
  await Promise.all((["SIGKILL", "SIGFPE"] as const).map(async (signal) => {
    const [parent, helper] = [`${coffer.temp}/${signal}-parent`, `${coffer.temp}/${signal}-helper`];
    const stubborn = `(trap '' TERM; ${saying(helper, "$BASHPID")}; ${LOOP}) &`;
    await using child = coffer.spawn([
      "run",
      "--file",
      "SECRET",
      "--",
      "bash",
      "-c",
      `${stubborn} ${saying(parent)}; ${LOOP}`,
    ], {
      through: 'ulimit -c 0; exec "$@"',
    });
    const output = child.output();
    const pids = [await pidIn(parent), await pidIn(helper)];
    const guard = await guardOf(child.pid);
    child.kill(signal);
    await output; // ends when every process that has the pipe has ended
    await eventually(() => ![...pids, guard].some(isAlive), "all to end");
  }));
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run's guard knows no value and ends with it", async (coffer) => {
  await coffer.given({ SECRET });
  for (const flags of [[], ["--file", "SECRET"], ["--no-mask"]]) {
    const path = `${coffer.temp}/${flags.length}-${flags[0]}`;
    await using child = coffer.spawn(["run", ...flags, "--", "sh", "-c", `${saying(path)}; read -r line`], {
      stdin: "",
    });
    const output = child.output();
    await pidIn(path);
    const guard = await guardOf(child.pid);
    const seen = ["cmdline", "environ"].map((file) => Deno.readTextFileSync(`/proc/${guard}/${file}`)).join();
    for (const value of [SECRET, coffer.env["COFFER_PASSPHRASE"]!]) assert.ok(!seen.includes(value));
    assert.notEqual(seen, ",");
    await child.stdin.close();
    await output;
    await eventually(() => !isAlive(guard), "the guard to end");
  }
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run starts a command again with a guard of its own each time", async (coffer) => {
  await coffer.given({ SECRET });
  await using child = coffer.spawn(["run", "--watch", "--", "sh", "-c", `echo "\${#SECRET}"; ${LOOP}`]);
  const output = child.output();
  const first = await guardOf(child.pid);
  await coffer.ok(["set", "SECRET"], { stdin: "another value" });
  await eventually(() => !isAlive(first), "the first guard to end");
  const second = await guardOf(child.pid);
  assert.notEqual(second, first);
  child.kill("SIGTERM");
  const { stdout } = await output;
  assert.equal(new TextDecoder().decode(stdout), `${SECRET.length}\n13\n`);
  await eventually(() => !isAlive(second), "the second guard to end");
}, { ...BUNDLE_ONLY, ...LINUX });

/** Coffer's child that is not the command. */
async function guardOf(pid: number): Promise<number> {
  const find = () => childrenOf(pid).find((child) => commandLineOf(child).includes("coffer-guard"));
  await eventually(() => find() !== undefined, "the guard");
  return find()!;
}
