import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { isFile } from "../fixture/processes.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };

endToEnd("coffer run --exec becomes the command", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const arguments_ = ["", "two words", "é😀", "\ufeff", "-s", "--", "new\nline"];
  const script = 'echo $$; printf "%s\\0" "$KEY" "$@"; exit 7';
  await using child = coffer.spawn(["run", "--exec", "--", "sh", "-c", script, "sh", ...arguments_]);
  const { code, stdout, stderr } = await child.output();
  const [pid, ...rest] = new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout).split(/(?<=^\d+)\n/);
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(Number(pid), child.pid);
  assert.deepEqual(rest.join("\n").split("\0").slice(0, -1), ["value", ...arguments_]);
  assert.equal(code, 7);
}, LINUX);

endToEnd("coffer run --exec hands over arguments that are not UTF-8", async (coffer) => {
  await coffer.given();
  const { stdout } = await coffer.run(["run", "--exec", "--", "printf", "%s\\0"], {
    through: `exec "$@" $'\\xff' $'a\\xc3'`,
  });
  assert.deepEqual([...stdout], [0xff, 0, 97, 0xc3, 0]);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --exec ends as the command does", async (coffer) => {
  await coffer.given();
  const path = `${coffer.temp}/started`;
  await using child = coffer.spawn(["run", "--exec", "--", "sh", "-c", `touch '${path}'; exec sleep 60`]);
  const output = child.output();
  await eventually(() => isFile(path), "the command to start");
  child.kill("SIGTERM");
  const { signal } = await output;
  assert.equal(signal, "SIGTERM");
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --exec exits with 126 or 127 when the command does not start", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const data = coffer.file("data", "text", 0o600);
  const cases = [["no-such-command", 127], ["./no-such-file", 127], ["", 127], [data, 126], [coffer.project, 126]];
  for (const [command, expected] of cases as [string, number][]) {
    const { code, text, stderr } = await coffer.run(["run", "--exec", "--json", "--", command]);
    assert.deepEqual([code, text], [expected, ""], command);
    assert.equal(JSON.parse(stderr).error.code, expected === 127 ? "NOT_FOUND" : "DENIED");
  }
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd(
  "coffer run finds a program where the command's own PATH says, and a script without a first line",
  async (coffer) => {
    const [first, second] = ["first", "second"].map((name) => `${coffer.project}/${name}`) as [string, string];
    coffer.file("first/tool", "not to be executed", 0o600);
    coffer.file("second/tool", 'echo "$0 $#"', 0o700);
    coffer.file("tool", "echo here", 0o700);
    await coffer.given({ PATH: `/nowhere:${coffer.project}/tool:${first}:${second}` });
    await coffer.given({ PATH: `/nowhere::${second}` }, "here");
    await coffer.given({ PATH: `/nowhere:${first}` }, "denied");
    for (const flags of [[], ["--exec"], ["--no-mask"]]) {
      const run = (stack: string) => coffer.run(["run", "--stack", stack, ...flags, "--", "tool", "a", "b c"]);
      assert.equal((await run("dev")).text, `${second}/tool 2\n`, `${flags}`);
      assert.equal((await run("here")).text, "here\n");
      assert.equal((await run("denied")).code, 126);
    }
  },
  { ...BUNDLE_ONLY, ...LINUX },
);

endToEnd("coffer run --exec refuses what needs somebody to stay", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const path = coffer.file("in.tpl", "{{ coffer:///KEY }}");
  for (const flags of [["--watch"], ["--file", "KEY"], ["--fifo", "KEY"], ["--template", `${path}=out`]]) {
    await coffer.fault("USAGE", ["run", "--exec", ...flags, "--", "touch", "started"]);
  }
  assert.ok(!isFile(`${coffer.project}/started`));
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, BUNDLE_ONLY);
