import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, eventually, needs } from "../fixture/coffer_cli.ts";
import { atTerminal, NEEDS_TERMINAL } from "../fixture/terminal_session.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };

/** The ones that have the same number on every system that Coffer runs on. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 } as const;

endToEnd("coffer run hands arguments over byte for byte", async (coffer) => {
  await coffer.given();
  const hostile = [
    "",
    " ",
    "two words",
    "$HOME",
    "`id`",
    "$(id)",
    "'single'",
    '"double"',
    "back\\slash",
    "new\nline",
    "tab\t",
    "-s",
    "--all",
    "--",
    "--json",
    "-",
    "*",
    "~",
    "é😀",
    "\ufeff",
    "\ufffd",
    "\x1b[31m",
  ];
  const text = await coffer.ok(["run", "--", "printf", "%s\\0", ...hostile]);
  assert.deepEqual(text.split("\0").slice(0, -1), hostile);
});

endToEnd("coffer run takes no flag from a command without -- in front of it", async (coffer) => {
  await coffer.given({ KEY: "value" });
  assert.equal(await coffer.ok(["run", "-s", "KEY", "printf", "%s ", "a", "b"]), "a b ");
  for (const words of [["--all"], ["--stack", "dev"], ["--", "b"], ["--no-mask", "b"], ["-l"], ["--watchful"]]) {
    const { code, text, stderr } = await coffer.run(["run", "-s", "KEY", "echo", "a", ...words]);
    assert.deepEqual([code, text, stderr.includes(" -- COMMAND")], [125, "", true], words.join(" "));
    const separated = await coffer.ok(["run", "-s", "KEY", "--", "echo", "a", ...words]);
    assert.equal(separated, `a ${words.join(" ")}\n`);
  }
}, BUNDLE_ONLY);

endToEnd("coffer run hands over 20,000 arguments", async (coffer) => {
  await coffer.given();
  const many = Array.from({ length: 20_000 }, (_, i) => `argument ${i}`);
  const text = await coffer.ok(["run", "--", "printf", "%s\\n", ...many]);
  assert.deepEqual(text.trimEnd().split("\n"), many);
}, BUNDLE_ONLY);

endToEnd("coffer run hands over an argument that is not UTF-8", async (coffer) => {
  await coffer.given({ name: "value" });
  const through = `exec "$@" $'a' $'\\xffb' $'\\xef\\xbf\\xbd' '' $'\\xc3'`;
  const { stdout, stderr } = await coffer.run(["run", "--", "printf", "%s\\0"], { through });
  assert.deepEqual([...stdout], [97, 0, 255, 98, 0, 0xef, 0xbf, 0xbd, 0, 0, 0xc3, 0], stderr);
}, LINUX);

endToEnd("coffer run exits as the command did", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const code of [0, 1, 2, 70, 124, 125, 126, 127, 128, 255]) {
    assert.equal((await coffer.run(["run", "--", "sh", "-c", `exit ${code}`])).code, code);
  }
});

endToEnd("coffer run mirrors every exit code there is", async (coffer) => {
  await coffer.given({ name: "value" });
  const codes = Array.from({ length: 256 }, (_, code) => code);
  for (let at = 0; at < codes.length; at += 16) {
    await Promise.all(
      codes.slice(at, at + 16).map(async (code) => {
        assert.equal((await coffer.run(["run", "--", "sh", "-c", `exit ${code}`])).code, code);
      }),
    );
  }
}, BUNDLE_ONLY);

endToEnd("coffer run exits with 128+n when signal n ended the command", async (coffer) => {
  await coffer.given();
  for (const number of Object.values(SIGNALS)) {
    const { code } = await coffer.run(["run", "--", "sh", "-c", `kill -${number} $$`]);
    assert.equal(code, 128 + number);
  }
});

endToEnd("coffer run exits with 126 or 127 when the command does not start", async (coffer) => {
  await coffer.given();
  const notStarted = async (...command: string[]) => {
    const { code, text } = await coffer.run(["run", "--", ...command]);
    assert.equal(text, "");
    return code;
  };
  assert.equal(await notStarted("no-such-command"), 127);
  assert.equal(await notStarted("./no-such-file"), 127);
  assert.equal(await notStarted(""), 127);
  assert.equal(await notStarted(coffer.file("data", "text", 0o600)), 126);
  assert.equal(await notStarted(coffer.project), 126);
  await coffer.given({ huge: "x".repeat(150_000) }, "huge"); // more than the kernel takes in one variable
  assert.equal((await coffer.run(["run", "--stack", "huge", "--", "true"])).code, 126);
});

endToEnd("coffer run passes stdin through", async (coffer) => {
  await coffer.given({ name: "value" });
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const { stdout } = await coffer.run(["run", "--no-mask", "--", "cat"], { stdin: bytes });
  assert.deepEqual(stdout, bytes);
  const masked = await coffer.run(["run", "--", "cat"], { stdin: "in: value." });
  assert.equal(masked.text, "in: *******.");
});

endToEnd("coffer run forwards signals to the command, whose trap runs", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT"] as const) {
    const script = `trap 'echo trapped; exit 7' ${
      signal.slice(3)
    }; touch '${coffer.temp}/${signal}'; while :; do sleep 0.05; done`;
    await using child = coffer.spawn(["run", "--", "sh", "-c", script]);
    const output = child.output();
    await eventually(() => exists(`${coffer.temp}/${signal}`), "the child to start");
    child.kill(signal);
    const { code, stdout } = await output;
    assert.equal(code, 7, signal);
    assert.equal(new TextDecoder().decode(stdout), "trapped\n");
  }
});

endToEnd("coffer run kills a command that ignores the first signal when a second comes", async (coffer) => {
  await coffer.given();
  for (const [first, second] of [["SIGTERM", "SIGTERM"], ["SIGINT", "SIGINT"], ["SIGTERM", "SIGINT"]] as const) {
    const started = `${coffer.temp}/${first}-${second}`;
    const script =
      `trap '' TERM INT; echo $$ > '${started}.new'; mv '${started}.new' '${started}'; while :; do sleep 0.05; done`;
    await using child = coffer.spawn(["run", "--", "sh", "-c", script]);
    const output = child.output();
    await eventually(() => exists(started), "the child to start");
    child.kill(first);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(isAlive(Number(Deno.readTextFileSync(started))), "one signal is not enough");
    child.kill(second);
    const { code } = await output;
    assert.equal(code, 137);
    assert.ok(!isAlive(Number(Deno.readTextFileSync(started))), "the child outlived coffer");
  }
}, BUNDLE_ONLY);

endToEnd("coffer run leaves no command behind when a signal ends it", async (coffer) => {
  await coffer.given();
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const) {
    const pid = `${coffer.temp}/${signal}`;
    const script = `echo $$ > '${pid}.new'; mv '${pid}.new' '${pid}'; exec sleep 60`;
    await using child = coffer.spawn(["run", "--", "sh", "-c", script]);
    const output = child.output();
    await eventually(() => exists(pid), "the child to start");
    child.kill(signal);
    assert.equal((await output).code, 128 + SIGNALS[signal]);
    assert.ok(!isAlive(Number(Deno.readTextFileSync(pid))));
  }
});

endToEnd("coffer run ends promptly when a daemon that the command left holds the output open", async (coffer) => {
  await coffer.given({ name: "value" });
  for (const daemon of ["sleep 30", "while :; do echo noise; sleep 0.02; done", "yes"]) {
    const pid = `${coffer.temp}/pid`;
    const started = performance.now();
    const script = `(${daemon}) & echo $! > '${pid}'; printf 'done val'`;
    const { code, text } = await coffer.run(["run", "--", "sh", "-c", script]);
    const elapsed = performance.now() - started;
    Deno.kill(Number(Deno.readTextFileSync(pid)), "SIGKILL");
    assert.equal(code, 0);
    assert.ok(text.includes("done val"), "what was held back as the start of a value is written");
    assert.ok(elapsed < 10_000, `it took ${elapsed} ms`);
  }
}, { ...BUNDLE_ONLY, lacking: needs("sh", "yes") });

endToEnd("coffer run lets Ctrl-C at a terminal reach the command once", async (coffer) => {
  await coffer.given();
  const script = "trap 'echo trapped; exit 9' INT; echo ready; while :; do sleep 0.05; done";
  const session = await atTerminal(coffer, ["run", "--", "sh", "-c", script], [
    { expect: "ready" },
    { send: "\x03" },
    { expect: "trapped" },
  ], { env: { COFFER_PASSPHRASE: coffer.env["COFFER_PASSPHRASE"] } });
  assert.equal(session.code, 9);
  assert.equal(session.transcript.split("trapped").length, 2);
}, NEEDS_TERMINAL);

endToEnd("coffer run reads the passphrase at the terminal when stdin is the command's", async (coffer) => {
  await coffer.given({ name: "value" });
  const steps = [{ expect: "stack dev" }, { send: `${passphraseOf(coffer)}\r` }];
  const session = await atTerminal(coffer, ["run", "--", "cat"], steps, { stdin: "data value", stdout: true });
  assert.equal(session.stdout, "data *******");
}, NEEDS_TERMINAL);

function passphraseOf(coffer: Coffer): string {
  return coffer.env["COFFER_PASSPHRASE"]!;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    const state = /^State:\s+(\S)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}
