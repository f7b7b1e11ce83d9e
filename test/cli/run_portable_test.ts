/** `coffer run` where it may not call foreign code, or there is none that it knows: with the runtime's own means. */
import assert from "node:assert/strict";
import { Coffer, lastReport, needs } from "../fixture/coffer_cli.ts";
import { TARGETS } from "../fixture/coffer_targets.ts";
import { isAlive, isFile, pidIn, saying } from "../fixture/processes.ts";
import { CAN_MOUNT, smallDisk } from "../fixture/temporary_folder.ts";

const SECRET = "correct-horse-battery";

portable("masks both streams and exits as the command did", async (coffer) => {
  const script = 'cat; echo "out $SECRET"; echo "err $SECRET" >&2; exit 3';
  const { code, text, stderr } = await coffer.run(["run", "--", "sh", "-c", script], { stdin: "in\n" });
  assert.deepEqual([code, text, stderr], [3, "in\nout *******\n", "err *******\n"]);
  const plain = await coffer.run(["run", "--no-mask", "--", "sh", "-c", 'echo "$SECRET"; kill -9 $$']);
  assert.deepEqual([plain.code, plain.text], [137, `${SECRET}\n`]);
  assert.equal((await coffer.run(["run", "--", "no-such-command"])).code, 127);
  assert.equal((await coffer.run(["run", "--", coffer.project])).code, 126);
});

portable("passes signals on, and the second request kills", async (coffer) => {
  const outcome = async (name: string, signals: readonly Deno.Signal[], script: string) => {
    const path = `${coffer.temp}/${name}`;
    const loop = "while :; do sleep 0.05; done";
    await using child = coffer.spawn(["run", "--", "sh", "-c", `${script}; ${saying(path)}; ${loop}`]);
    const output = child.output();
    const command = await pidIn(path);
    for (const signal of signals) {
      assert.ok(isAlive(command));
      child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { code, stdout } = await output;
    assert.ok(!isAlive(command));
    return [code, new TextDecoder().decode(stdout)];
  };
  assert.deepEqual(
    await Promise.all([
      outcome("term", ["SIGTERM"], "trap 'echo trapped; exit 7' TERM"),
      outcome("several", ["SIGHUP", "SIGUSR2", "SIGINT"], "trap 'echo hup' HUP; trap 'echo usr2' USR2"),
      outcome("twice", ["SIGTERM", "SIGTERM"], "trap 'echo no' TERM"),
    ]),
    [[7, "trapped\n"], [130, "hup\nusr2\n"], [137, "no\n"]],
  );
});

portable("hands over text as it is, and refuses what would not arrive so", async (coffer) => {
  const args = ["", "two words", "é😀", "\ufeff", "-s", "--", "new\nline"];
  const text = await coffer.ok(["run", "--", "printf", "%s\\0", ...args]);
  assert.deepEqual(text.split("\0").slice(0, -1), args);
  const refused = await coffer.run(["run", "--json", "--", "printf"], { through: `"$@" $'\\xff'` });
  assert.deepEqual([refused.code, lastReport(refused).error?.code], [125, "UNSUPPORTED"]);

  const env = {
    EMPTY: "",
    "Ü": "\ufeffü",
    "a b": "1\n",
    COFFER_FUTURE: "1",
    DENO_OF_MINE: "1",
    PATH: `${coffer.root}/bin`,
  };
  Deno.mkdirSync(env.PATH); // without a `node`, so that the runtime puts its own there
  Deno.symlinkSync("/usr/bin/env", `${env.PATH}/env`);
  const listed = await coffer.ok(["run", "--no-mask", "--", "env", "-0"], { env });
  const { COFFER_PASSPHRASE: _1, COFFER_FUTURE: _2, ...expected } = coffer.environment(env);
  const received = Object.fromEntries(listed.split("\0").slice(0, -1).map((entry) => entry.split(/=([^]*)/, 2)));
  assert.deepEqual(received, { ...expected, SECRET });
});

portable("refuses what it cannot do", async (coffer) => {
  await coffer.fault("UNSUPPORTED", ["run", "--exec", "--", "touch", "started"]);
  await coffer.fault("UNSUPPORTED", ["run", "--fifo", "SECRET", "--", "touch", "started"]);
  assert.ok(!isFile(`${coffer.project}/started`));
});

portable("puts secrets into files in memory, and takes them away", async (coffer) => {
  using disk = smallDisk(1024 * 1024);
  const env = { XDG_RUNTIME_DIR: disk.path };
  const run = ["run", "--file", "SECRET", "--", "sh", "-c"];
  assert.equal(await coffer.ok([...run, 'stat -c %a "$SECRET_FILE"; cat "$SECRET_FILE"'], { env }), "600\n*******");
  await coffer.fault("UNSUPPORTED", ["run", "--fifo", "SECRET", "--", "touch", "started"], { env });
  const path = `${coffer.temp}/pid`;
  await using child = coffer.spawn([...run, `${saying(path)}; exec sleep 60`], { env });
  const output = child.output();
  await pidIn(path);
  assert.equal([...Deno.readDirSync(disk.path)].length, 1);
  child.kill("SIGTERM");
  assert.equal((await output).code, 143);
  assert.deepEqual([...Deno.readDirSync(disk.path)], []);
}, CAN_MOUNT ? undefined : "needs the right to mount");

portable("ends with the command, whatever that left running", async (coffer) => {
  const path = `${coffer.temp}/pid`;
  const { code, text } = await coffer.run([
    "run",
    "--",
    "sh",
    "-c",
    `sleep 60 & ${saying(path, "$!")}; printf 'done corr'`,
  ]);
  Deno.kill(await pidIn(path), "SIGKILL");
  assert.deepEqual([code, text], [0, "done corr"]);
  const broken = await coffer.run(["run", "--", "yes"], { through: '"$@" | head -1; exit "${PIPESTATUS[0]}"' });
  assert.deepEqual([broken.code, broken.text], [141, "y\n"]);
}, needs("yes"));

/** A test of the source without the right to foreign code, in a project with a secret. */
function portable(name: string, test: (coffer: Coffer) => Promise<void>, lacking = needs("sh", "env")): void {
  const source = TARGETS.find((target) => target.name === "source");
  if (!source?.command) return;
  const [deno, run, ...words] = source.command as [string, string, ...string[]];
  Deno.test({
    name: `coffer run without foreign code ${name}${lacking === undefined ? "" : ` [ignored: ${lacking}]`}`,
    ignore: lacking !== undefined,
    async fn() {
      using coffer = new Coffer({ name: "source", command: [deno, run, "--deny-ffi", ...words], reason: "" });
      await coffer.given({ SECRET });
      await test(coffer);
    },
  });
}
