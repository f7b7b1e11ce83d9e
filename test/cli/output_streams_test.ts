import assert from "node:assert/strict";
import { endToEnd, needs } from "../fixture/coffer_cli.ts";

const PRINTING = [
  ["list"],
  ["get", "name"],
  ["history", "name"],
  ["export", "-f", "json"],
  ["verify", "--json"],
  ["doctor"],
  ["version"],
  ["stack", "list"],
  ["completion", "bash"],
  ["--help"],
  ["get", "--help"],
];

endToEnd("coffer fails as UNAVAILABLE when its output is lost to a full disk", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const args of PRINTING) {
    const { code, stderr } = await coffer.run(args, { through: '"$@" > /dev/full' });
    assert.equal(code, 8, `${args.join(" ")}: ${stderr}`);
    assert.ok(stderr.includes("[UNAVAILABLE]") || stderr.includes('"UNAVAILABLE"'), stderr);
    assertNoTrace(stderr);
  }
});

endToEnd("coffer succeeds without a word when the reader of its output goes away", async (coffer) => {
  const names = Array.from({ length: 400 }, (_, i) => [`${"long/".repeat(40)}${i}`, "x"]);
  await coffer.given(Object.fromEntries(names));
  const through = '"$@" | head -1; exit "${PIPESTATUS[0]}"';
  const { code, text, stderr } = await coffer.run(["list"], { through });
  assert.equal(text.split("\n").length, 2);
  assert.equal(code, 0);
  assert.equal(stderr, "");
}, { lacking: needs("head") });

endToEnd("coffer does not crash when stdout or stderr is closed", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const through of ['"$@" >&-', '"$@" 2>&-', '"$@" >&- 2>&- <&-']) {
    for (const args of [...PRINTING, ["run", "--", "true"]]) {
      const { code, stderr } = await coffer.run(args, { through });
      assert.equal(code, 0, `${through} ${args.join(" ")}: ${stderr}`);
      assertNoTrace(stderr);
    }
    const failed = await coffer.run(["get", "missing"], { through });
    assert.equal(failed.code, 4);
    assertNoTrace(failed.stderr);
  }
});

endToEnd("coffer keeps its exit code when stderr cannot be written", async (coffer) => {
  await coffer.given({ name: "value" });
  assert.equal((await coffer.run(["get", "missing"], { through: '"$@" 2> /dev/full' })).code, 4);
  assert.equal((await coffer.run(["run", "--", "no-such"], { through: '"$@" 2> /dev/full' })).code, 127);
  assert.equal((await coffer.run(["set", "name"], { through: '"$@" 2> /dev/full', stdin: "new" })).code, 0);
  assert.equal(await coffer.ok(["get", "name"]), "new");
});

endToEnd("coffer prints all of a large value or fails when its pipe does not block", async (coffer) => {
  await coffer.given({ name: "x".repeat(1_000_000) });
  await coffer.given({}, "empty");
  const reader = "import os,sys,time,fcntl,subprocess\n" +
    "r,w=os.pipe(); fcntl.fcntl(w,fcntl.F_SETFL,os.O_NONBLOCK)\n" +
    "p=subprocess.Popen(sys.argv[1:],stdout=w); os.close(w); n=0\n" +
    "while True:\n b=os.read(r,4096)\n if not b: break\n n+=len(b); time.sleep(0.001)\n" +
    "print(n, p.wait())";
  for (const args of [["get", "name"], ["run", "--stack", "empty", "--", "head", "-c", "1000000", "/dev/zero"]]) {
    const text = await coffer.ok(args, { through: `python3 -c '${reader}' "$@"` });
    // The runtime does not say how much of a write went through: trying again could print a part twice.
    assert.match(text, /^(1000000 0|\d+ (8|125))\n$/);
  }
}, { lacking: needs("python3") });

endToEnd("coffer prints JSON alone on stdout, and one JSON report per line on stderr", async (coffer) => {
  await coffer.given({ name: "value" });
  const commands = [
    ["list"],
    ["get", "name"],
    ["history", "name"],
    ["set", "name", "--generate"],
    ["rollback", "name", "1"],
    ["verify"],
    ["rekey"],
    ["doctor"],
    ["version"],
    ["stack", "list"],
    ["rm", "name", "--yes"],
  ];
  for (const command of commands) {
    const { text, stderr } = await coffer.run([...command, "--json"]);
    assert.doesNotThrow(() => JSON.parse(text), command.join(" "));
    for (const line of stderr.split("\n").filter(Boolean)) JSON.parse(line);
  }
});

endToEnd("coffer prints no colours when it is told not to, or stderr is no terminal", async (coffer) => {
  for (const options of [{}, { env: { NO_COLOR: "1" } }, { env: { FORCE_COLOR: "1" } }]) {
    const { stderr } = await coffer.run(["get", "name"], options);
    assert.ok(stderr.startsWith("error: "));
  }
});

function assertNoTrace(stderr: string): void {
  assert.ok(!/\n\s+at |Uncaught|INTERNAL/.test(stderr), stderr);
}
