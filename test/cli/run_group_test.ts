import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs } from "../fixture/coffer_cli.ts";
import { isAlive, pidIn, saying } from "../fixture/processes.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };
const LOOP = "while :; do sleep 0.05; done";

endToEnd("coffer run gives the command a process group of its own where there is no terminal", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const flags of [[], ["--no-mask"]]) {
    const text = await coffer.ok(["run", ...flags, "--", "sh", "-c", "echo $$ $(ps -o pgid= $$) $(ps -o pgid= $PPID)"]);
    const [pid, group, ours] = text.trim().split(" ");
    assert.equal(group, pid);
    assert.notEqual(group, ours);
  }
}, { ...BUNDLE_ONLY, lacking: needs("ps") ?? LINUX.lacking });

endToEnd("coffer run waits for what is in a pipeline with the command", async (coffer) => {
  await coffer.given({ name: "value" });
  const scripts = {
    "printf 'b\\nvalue\\na\\n' > >(sort)": "a\nb\n*******\n",
    "exec > >(sleep 0.4; tee /dev/null); echo late": "late\n",
    "echo late > >(sleep 0.2; cat >&2)": "late\n",
  };
  await Promise.all(
    Object.entries(scripts).map(async ([script, expected]) => {
      const { code, text, stderr } = await coffer.run(["run", "--", "bash", "-c", script]);
      assert.deepEqual([code, text + stderr], [0, expected], script);
    }),
  );
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run ends what the command left running, first with SIGTERM and then with SIGKILL", async (coffer) => {
  await coffer.given({ name: "value" });
  const [polite, stubborn, detached] = ["polite", "stubborn", "detached"].map((name) => `${coffer.temp}/${name}`) as [
    string,
    string,
    string,
  ];
  const leave = async (script: string) => {
    const { code, text } = await coffer.run(["run", "--", "bash", "-c", `${script} echo $$`]);
    assert.equal(code, 0);
    return text.replace(/\d+\n/, "");
  };
  const wait = (path: string) => `while [ ! -e '${path}' ]; do sleep 0.01; done;`;
  const [bye, nothing] = await Promise.all([
    leave(`(trap 'echo bye; exit' TERM; ${saying(polite, "$BASHPID")}; ${LOOP}) & ${wait(polite)}`),
    leave(`(trap 'echo no' TERM; ${saying(stubborn, "$BASHPID")}; ${LOOP}) & ${wait(stubborn)}`),
    leave(`setsid sh -c "${saying(detached, "\\$\\$")}; exec sleep 60" > /dev/null 2>&1 & ${wait(detached)}`),
  ]);
  assert.deepEqual([bye, nothing], ["bye\n", "no\n"]);
  assert.ok(!isAlive(await pidIn(polite)));
  assert.ok(!isAlive(await pidIn(stubborn)));
  const daemon = await pidIn(detached);
  assert.ok(isAlive(daemon), "a daemon has left the group on purpose");
  Deno.kill(daemon, "SIGKILL");
}, { ...BUNDLE_ONLY, lacking: needs("setsid") ?? LINUX.lacking });

endToEnd("coffer run keeps passing signals on to what the command left running", async (coffer) => {
  await coffer.given({ name: "value" });
  const path = `${coffer.temp}/pid`;
  const script = `(trap 'echo usr1; exit' USR1; ${saying(path, "$BASHPID")}; ${LOOP}) & exit 5`;
  await using child = coffer.spawn(["run", "--", "bash", "-c", script]);
  const output = child.output();
  await pidIn(path);
  child.kill("SIGUSR1");
  const { code, stdout } = await output;
  assert.deepEqual([code, new TextDecoder().decode(stdout)], [5, "usr1\n"]);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run does not wait for what has ended and nobody asks for", async (coffer) => {
  await coffer.given({ name: "value" });
  // As a container's first process often does: orphans become its children, and it asks for none of them.
  const heedless = `import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
orphan = os.waitpid(-1, os.WNOHANG)[0]
sys.exit(code if orphan > 0 else 99)`;
  const through = `exec python3 -c '${heedless}' "$@"`;
  const started = performance.now();
  for (let i = 0; i < 5; i++) {
    const script = "sh -c '(exit) & sleep 0.05' & sleep 0.02; kill -9 $!; sleep 0.1; exit 3";
    const { code, stderr } = await coffer.run(["run", "--", "sh", "-c", script], { through });
    assert.equal(code, 3, stderr);
  }
  assert.ok(performance.now() - started < 10_000, "each of them took two seconds");
}, { ...BUNDLE_ONLY, lacking: needs("python3") ?? LINUX.lacking });
