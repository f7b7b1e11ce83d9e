import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { childrenOf, isFile } from "../fixture/processes.ts";

const NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"] as const;
const THROUGH = `exec ${NAMESPACE.join(" ")} "$@"`;
const OPTIONS = { ...BUNDLE_ONLY, lacking: lacking() };

endToEnd("coffer run as a container's first process passes signals and exit codes on", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const script = (name: string, then: string) =>
    `trap 'echo "trapped $KEY"; exit 7' TERM; touch '${coffer.temp}/${name}'; ${then}; while :; do sleep 0.05; done`;
  const outcome = async (name: string, then: string, signals: readonly Deno.Signal[]) => {
    await using child = coffer.spawn(["run", "--", "bash", "-c", script(name, then)], { through: THROUGH });
    const output = child.output();
    await eventually(() => isFile(`${coffer.temp}/${name}`), "the command");
    const [first] = childrenOf(child.pid);
    for (const signal of signals) Deno.kill(first!, signal);
    const { code, stdout } = await output;
    return [code, new TextDecoder().decode(stdout)];
  };
  assert.deepEqual(
    await Promise.all([
      outcome("outside", ":", ["SIGTERM"]),
      outcome("inside", "[ $PPID = 1 ] && kill -TERM 1", []),
      outcome("killed", "kill -9 $$", []),
      outcome("ended", "exit 3", []),
    ]),
    [[7, "trapped *******\n"], [7, "trapped *******\n"], [137, ""], [3, ""]],
  );
}, OPTIONS);

endToEnd("coffer run as a container's first process takes away who has ended", async (coffer) => {
  await coffer.given({ KEY: "value" });
  // Each of these is left to the first process; some make a group or a session of their own.
  const script = `for i in {1..200}; do
  (sleep 0.0$((i % 10)) &)
  [ $((i % 50)) = 0 ] && (setsid sleep 0.1 &)
done
for i in {1..200}; do
  left=$(grep -l '^State:.[ZSR]' /proc/[0-9]*/status 2>/dev/null | wc -l)
  zombies=$(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l)
  [ "$zombies" = 0 ] && [ "$left" -le 6 ] && break
  sleep 0.05
done
echo "$zombies zombies, $((left <= 6))"`;
  const { code, text } = await coffer.run(["run", "--", "bash", "-c", script], { through: THROUGH });
  assert.deepEqual([code, text], [0, "0 zombies, 1\n"]);
}, OPTIONS);

endToEnd("coffer run as a container's first process stops and continues with its command", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const path = `${coffer.temp}/ticks`;
  const script = `while :; do echo tick >> '${path}'; sleep 0.02; done`;
  await using child = coffer.spawn(["run", "--", "bash", "-c", script], { through: THROUGH });
  const output = child.output();
  await eventually(() => ticks(path) > 0, "the command");
  const [first] = childrenOf(child.pid);
  Deno.kill(first!, "SIGTSTP");
  await eventually(async () => {
    const before = ticks(path);
    await new Promise((resolve) => setTimeout(resolve, 200));
    return ticks(path) === before;
  }, "it to stop");
  const stopped = ticks(path);
  Deno.kill(first!, "SIGCONT");
  await eventually(() => ticks(path) > stopped, "it to go on");
  Deno.kill(first!, "SIGTERM");
  assert.equal((await output).code, 143);
}, OPTIONS);

function ticks(path: string): number {
  return isFile(path) ? Deno.readTextFileSync(path).length : 0;
}

function lacking(): string | undefined {
  try {
    const [program, ...args] = NAMESPACE;
    const { success } = new Deno.Command(program, { args: [...args, "true"], stderr: "null" }).outputSync();
    return success ? undefined : "needs the right to make a process namespace";
  } catch {
    return "needs unshare";
  }
}
