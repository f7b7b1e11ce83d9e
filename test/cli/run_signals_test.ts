import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually, needs } from "../fixture/coffer_cli.ts";
import { isAlive, isFile, pidIn, saying, stateOf } from "../fixture/processes.ts";

const IS_LINUX = Deno.build.os === "linux";
const LINUX = { lacking: IS_LINUX ? undefined : "needs Linux" };

/** Those of signal(7) that end a process: all but CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG and WINCH; two real-time ones. */
const DEADLY = [...Array.from({ length: 16 }, (_, i) => i + 1), 24, 25, 26, 27, 29, 30, 31, 34, 64];

/** All that a program may catch and that the runtime lets one catch. SIGTERM last: it ends the recorder below. */
const CATCHABLE = [
  ...["SIGHUP", "SIGQUIT", "SIGTRAP", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGSTKFLT", "SIGCONT", "SIGTSTP"],
  ...["SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR"],
  ...["SIGSYS", "SIGTERM"],
] as Deno.Signal[];

/** Writes down the name of each signal that it gets. */
const RECORDER = `import signal, sys
path, *names = sys.argv[1:]
record = open(path, "a", buffering=1)
def on(number, frame):
    name = signal.Signals(number).name
    record.write(name + "\\n")
    if name in ("SIGTERM", "SIGINT"): sys.exit(40)
for name in names: signal.signal(getattr(signal, name), on)
record.write("ready\\n")
while True: signal.pause()`;

endToEnd("coffer run exits with 128+n for every signal that ends a command", async (coffer) => {
  await coffer.given();
  await inParallel(DEADLY, async (number) => {
    const through = 'ulimit -c 0; exec "$@"';
    const { code } = await coffer.run(["run", "--", "sh", "-c", `kill -${number} $$`], { through });
    assert.equal(code, 128 + number, `signal ${number}`);
  });
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run passes every signal on once", async (coffer) => {
  await coffer.given({ name: "value" });
  await Promise.all([CATCHABLE, ["SIGINT" as const]].map(async (signals, i) => {
    const path = `${coffer.temp}/recorded-${i}`;
    await using child = coffer.spawn(["run", "--", "python3", "-c", RECORDER, path, ...signals]);
    const output = child.output();
    const expected = ["ready"];
    for (const signal of signals) {
      await eventually(() => linesOf(path).length >= expected.length, `what follows ${expected.at(-1)}`);
      child.kill(signal);
      expected.push(signal);
    }
    const { code, stderr } = await output;
    assert.deepEqual([code, new TextDecoder().decode(stderr)], [40, ""]);
    assert.deepEqual(linesOf(path), expected);
  }));
}, { lacking: needs("python3") ?? LINUX.lacking });

endToEnd("coffer run stops and continues with its command", async (coffer) => {
  await coffer.given({ name: "value" });
  const path = `${coffer.temp}/pid`;
  await using child = coffer.spawn(["run", "--", "sh", "-c", `${saying(path)}; exec sleep 60`]);
  const output = child.output();
  const command = await pidIn(path);
  for (let round = 0; round < 2; round++) {
    child.kill("SIGTSTP");
    await eventually(() => stateOf(command) === "T" && stateOf(child.pid) === "T", "both to stop");
    child.kill("SIGCONT");
    await eventually(() => stateOf(command) !== "T" && stateOf(child.pid) !== "T", "both to go on");
  }
  Deno.kill(command, "SIGSTOP"); // by itself
  await eventually(() => stateOf(child.pid) === "T", "coffer to stop");
  child.kill("SIGCONT");
  await eventually(() => stateOf(command) !== "T", "the command to go on");
  child.kill("SIGTERM");
  assert.equal((await output).code, 143);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run kills all of the process group at the second request", async (coffer) => {
  await coffer.given({ name: "value" });
  const requests = [["SIGTERM", "SIGTERM"], ["SIGINT", "SIGTERM"]] as const;
  await Promise.all(requests.map(async ([first, second]) => {
    const [parent, helper] = [`${coffer.temp}/${first}-parent`, `${coffer.temp}/${first}-helper`];
    const loop = "while :; do sleep 0.05; done";
    const script = `trap '' TERM INT; (${saying(helper, "$BASHPID")}; ${loop}) & ${saying(parent)}; ${loop}`;
    await using child = coffer.spawn(["run", "--", "bash", "-c", script]);
    const output = child.output();
    const pids = [await pidIn(parent), await pidIn(helper)];
    child.kill(first);
    await pause(200);
    assert.deepEqual(pids.map(isAlive), [true, true], "one request is not enough");
    child.kill(second);
    assert.equal((await output).code, 137);
    assert.deepEqual(pids.map(isAlive), [false, false], "something outlived coffer");
  }));
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run takes what `timeout` sends for one request, and SIGINT then SIGTERM for two", async (coffer) => {
  await coffer.given({ name: "value" });
  const script = (path: string) =>
    `trap 'echo int' INT; trap 'sleep 0.2; echo trapped; exit 3' TERM; touch '${path}'; while :; do sleep 0.05; done`;
  const outcome = async (name: string, signals: readonly Deno.Signal[], through: string) => {
    const path = `${coffer.temp}/${name}`;
    await using child = coffer.spawn(["run", "--", "sh", "-c", script(path)], { through });
    const output = child.output();
    await eventually(() => isFile(path), "the command to start");
    for (const signal of signals) child.kill(signal);
    const { code, stdout } = await output;
    return [code, new TextDecoder().decode(stdout)];
  };
  const [timeout, twice, both] = await Promise.all([
    outcome("timeout", ["SIGTERM"], 'exec timeout 60 "$@"'), // it passes on what it gets as it does when time is up
    outcome("twice", ["SIGTERM", "SIGTERM"], 'exec "$@"'),
    outcome("both", ["SIGINT", "SIGTERM"], 'exec "$@"'),
  ]);
  assert.deepEqual(timeout, [3, "trapped\n"]);
  assert.deepEqual(twice, [3, "trapped\n"]);
  assert.deepEqual(both, [3, "int\ntrapped\n"]);
}, { ...BUNDLE_ONLY, lacking: needs("timeout") });

endToEnd("coffer run leaves signals ignored that it was started with as ignored", async (coffer) => {
  await coffer.given({ name: "value" });
  const traps: readonly string[] = ["HUP", "INT QUIT", "HUP INT QUIT TERM USR1 USR2 ALRM TSTP TTIN TTOU WINCH IO XCPU"];
  await inParallel(traps, async (signals) => {
    const through = (command: string) => `trap '' ${signals}; ${command}`;
    const direct = dispositions(await coffer.ok(["version"], { through: through("exec cat /proc/self/status") }));
    assert.notEqual(direct.SigIgn, "0000000000000000");
    for (const flags of [[], ["--no-mask"], ["--exec"]]) {
      const words = ["run", ...flags, "--", "cat", "/proc/self/status"];
      assert.deepEqual(dispositions(await coffer.ok(words, { through: through('exec "$@"') })), direct, `${flags}`);
    }
  });
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run under nohup outlives a hangup with its command", async (coffer) => {
  await coffer.given({ name: "value" });
  const path = `${coffer.temp}/pid`;
  const script = `${saying(path)}; while [ ! -e '${coffer.temp}/go' ]; do sleep 0.05; done; echo done`;
  await using child = coffer.spawn(["run", "--", "sh", "-c", script], { through: 'exec nohup "$@"' });
  const output = child.output();
  const command = await pidIn(path);
  child.kill("SIGHUP");
  Deno.kill(command, "SIGHUP");
  await pause(200);
  coffer.file(`${coffer.temp}/go`, "");
  const { code, stdout } = await output;
  assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, "done\n"]);
}, { ...BUNDLE_ONLY, lacking: needs("nohup") ?? LINUX.lacking });

endToEnd("coffer run gives the command the signals that it would have without Coffer", async (coffer) => {
  await coffer.given({ name: "value" });
  const direct = dispositions(await coffer.ok(["version"], { through: "exec cat /proc/self/status" }));
  for (const flags of [[], ["--no-mask"], ["--exec"]]) {
    assert.deepEqual(dispositions(await coffer.ok(["run", ...flags, "--", "cat", "/proc/self/status"])), direct);
  }
  const { code, text } = await coffer.run(["run", "--", "bash", "-c", "yes | head -1; echo ${PIPESTATUS[0]}"]);
  assert.deepEqual([code, text], [0, "y\n141\n"]);
}, LINUX);

function dispositions(status: string): Record<string, string> {
  const fields = [...status.matchAll(/^(Sig(?:Blk|Ign|Cgt)):\s*(\S+)$/gm)];
  assert.equal(fields.length, 3);
  // 32 and 33 are the C library's own, which Node leaves ignored in what it starts.
  const own = 0b11n << 31n;
  return Object.fromEntries(fields.map(([, name, mask]) => [name, (BigInt(`0x${mask}`) & ~own).toString(16)]));
}

function linesOf(path: string): string[] {
  return isFile(path) ? Deno.readTextFileSync(path).split("\n").slice(0, -1) : [];
}

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += 8) await Promise.all(items.slice(at, at + 8).map(run));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
