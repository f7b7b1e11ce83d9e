/** Programs that people run at a terminal, and the environment that they find there. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { sourceCommand } from "../fixture/coffer_targets.ts";
import {
  atShell,
  key,
  line,
  lineToPrompt,
  NEEDS_TERMINAL,
  PROMPT,
  runAtTerminal,
  type Step,
} from "../fixture/terminal_session.ts";

const SECRET = "a secret of the programs";
const INTERRUPT = "\x03", STOP = "\x1a";

/** Some are nothing that a shell can hold, some are what shells have for themselves. */
const ENVIRONMENTS = {
  "plain": { LINES: "text", empty: "", order: "1", pid: "2", status: "3" },
  "exported by another shell": { "BASH_FUNC_f%%": "() {  echo 'a function'\n}", "BASH_FUNC_g%%": "() { broken (" },
  "not a shell's": { "a.b": "1", "npm_config_//registry/:_token": "2", "with space": "3", "é": "4" },
  "shells' own": { OPTIND: "text", IFS: "abc", PPID: "1", RANDOM: "text", SHELLOPTS: "errexit:xtrace", BASHOPTS: "x" },
};

for (const [kind, variables] of Object.entries(ENVIRONMENTS)) {
  endToEnd(`coffer run hands variables over byte for byte at a terminal: ${kind}`, async (coffer) => {
    await coffer.given({ name: SECRET, "other/name": "line\nline'\"$`\\" });
    const through = "export ODD=$'\\xff\\x80 \\n'; exec env -u PWD -u OLDPWD -u SHLVL \"$@\"";
    const env = { TERM: "xterm", ...variables };
    const command = ["--", "cp", "/proc/self/environ", "kept"];
    const keep = async (run: () => Promise<unknown>) => {
      await run();
      return Deno.readFileSync(`${coffer.project}/kept`).toHex();
    };
    const expected = await keep(() => coffer.ok(["run", ...command], { env, through }));
    const seen = await keep(() => runAtTerminal(coffer, command, [], { env, through }));
    assert.deepEqual(entriesOf(seen), entriesOf(expected));
    assert.ok(new TextDecoder().decode(Uint8Array.fromHex(seen)).includes(`name=${SECRET}\0`));
  }, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });
}

endToEnd("coffer run hands a shell's exported function on, and can be stopped all the same", async (coffer) => {
  await coffer.given({ name: SECRET });
  const { code } = await atShell(coffer, "bash", [
    ...lineToPrompt('f() { echo "a function and $name"; }; export -f f'),
    ...line("coffer run -- bash -c 'f; read a; echo got $a'", "a function and *******\r\n"),
    ...key(STOP, "Stopped", PROMPT),
    ...line("fg", "coffer"),
    ...key("a line\n", "got a line\r\n", PROMPT),
    // Not through a shell that begins the executable: it may be one that drops the function.
  ], { env: { COFFER_PASSPHRASE: PASSPHRASE }, command: sourceCommand("-A") });
  assert.equal(code, 0);
}, { ...BUNDLE_ONLY, lacking: needs("python3", "bash") });

endToEnd("coffer run hands descriptors on at a terminal, and none of its own", async (coffer) => {
  await coffer.given();
  coffer.file("handed", "handed on\n");
  const through = (handed: readonly number[]) => `exec "$@" ${handed.map((fd) => `${fd}< handed`).join(" ")}`;
  for (const handed of [[9], [8, 9], [3, 4, 5, 6, 7, 8, 9, 12]]) {
    const script = handed.map((fd) => `read -r line <&${fd}; echo "$line"`).join("; ");
    const read = await runAtTerminal(coffer, ["--", "bash", "-c", script], [], { through: through(handed) });
    assert.deepEqual([read.code, read.shown], [0, "handed on\r\n".repeat(handed.length)]);
  }
  const list = await runAtTerminal(coffer, ["--", "ls", "-m", "/dev/fd"], [], { through: through([5, 9]) });
  assert.equal(list.shown, "0, 1, 2, 3, 5, 9\r\n"); // 3 is the folder that `ls` reads
}, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });

const PROGRAMS: Record<string, { readonly args: readonly string[]; readonly steps: readonly Step[] }> = {
  less: {
    args: ["less", "text"],
    steps: [...key("", "line 1\r\n"), ...key("G", "the last: *******", "END"), ...key("q")],
  },
  top: { args: ["top", "-d", "60"], steps: [...key("", "PID"), ...key("q")] },
  python3: {
    args: ["python3", "-q"],
    steps: [
      ...key("", ">>> "),
      ...key("import os; os.environ['name']\n", "'*******'", ">>> "),
      ...key(`import time; print(1 + 1); time.sleep(60)\n`, "2\r\n"),
      ...key(INTERRUPT, "KeyboardInterrupt", ">>> "),
      ...key("exit()\n"),
    ],
  },
  psql: { args: ["psql", "--help"], steps: key("", "General options") },
};

for (const [program, { args, steps }] of Object.entries(PROGRAMS)) {
  endToEnd(`coffer run -- ${program} works at a terminal`, async (coffer) => {
    await coffer.given({ name: SECRET });
    coffer.file("text", [...Array.from({ length: 200 }, (_, i) => `line ${i + 1}`), `the last: ${SECRET}`].join("\n"));
    const session = await runAtTerminal(coffer, ["--", ...args], steps, { env: { LESS: "", PAGER: "less" } });
    assert.deepEqual([session.code, session.restored], [0, true], session.transcript);
    assert.ok(!session.transcript.includes(SECRET));
  }, { ...BUNDLE_ONLY, lacking: needs("python3", "less", program) });
}

endToEnd("coffer run -- less shows a pipe and reads the keys of the terminal", async (coffer) => {
  await coffer.given({ name: SECRET });
  const text = [...Array.from({ length: 200 }, (_, i) => `line ${i + 1}`), `the last: ${SECRET}`].join("\n");
  const session = await runAtTerminal(coffer, ["--", "less"], [
    ...key("", "line 1\r\n"),
    ...key("G", "the last: *******", "END"),
    ...key("q"),
  ], { stdin: text, env: { LESS: "" } });
  assert.deepEqual([session.code, session.restored], [0, true], session.transcript);
  assert.ok(!session.transcript.includes(SECRET));
}, { lacking: needs("python3", "less") });

endToEnd("coffer run works in coffer run, which asks for the passphrase", async (coffer) => {
  await coffer.given({ name: SECRET });
  const inner = coffer.command(["run", "--", "sh", "-c", '[ -t 0 ] && [ -t 1 ] && read a && echo "got $a $name"']);
  const session = await runAtTerminal(coffer, [
    "--pristine",
    "--preserve-env=DENO_DIR,DENO_NO_UPDATE_CHECK",
    "--",
    ...inner,
  ], [
    ...key("", "stack dev"),
    ...key(`${PASSPHRASE}\r`),
    ...key("a line\n", "got a line *******\r\n"),
  ]);
  assert.deepEqual([session.code, session.restored], [0, true], session.transcript);
  assert.ok(!session.transcript.includes(PASSPHRASE));
}, NEEDS_TERMINAL);

endToEnd("coffer run in the background of a script leaves the script its keys", async (coffer) => {
  await coffer.given({ name: SECRET });
  const server = `echo "serves $name"; until [ -e stop ]; do sleep 0.05; done; echo "ends $name"`;
  const through = '"$@" & "$@" & read -r line; echo "the script got $line"; touch stop; wait $!; echo "code=$?"; wait';
  const session = await runAtTerminal(coffer, ["--", "bash", "-c", server], [
    ...key("", "serves *******", "serves *******"),
    { echo: true },
    ...key("a line\n", "the script got a line\r\n", "code=0\r\n"),
  ], { through });
  assert.deepEqual([session.code, session.echoes, session.restored], [0, [true], true]);
  assert.equal(session.shown.split("ends *******").length, 3);
}, NEEDS_TERMINAL);

endToEnd(
  "coffer run --watch starts a command at a terminal again, and says so in a line of its own",
  async (coffer) => {
    await coffer.given({ name: SECRET });
    const change = "echo another | COFFER_PASSPHRASE=$GIVEN coffer set name";
    const script =
      `echo "has $\{#name}"; [ -e changed ] || { touch changed; ${change}; }; read a; echo "got $a"; exit 4`;
    const { code, transcript } = await atShell(coffer, "sh", [
      ...line(
        `coffer run --watch -- bash -c '${script}'`,
        `has ${SECRET.length}\r\n`,
        "started again\r\n",
        "has 7\r\n",
      ),
      ...key("a line\n", "got a line\r\n", PROMPT),
      ...lineToPrompt("echo code=$?", "code=4\r\n"),
    ], { env: { COFFER_PASSPHRASE: PASSPHRASE, GIVEN: PASSPHRASE } });
    assert.equal(code, 0, transcript);
  },
  { ...BUNDLE_ONLY, lacking: needs("python3", "bash") },
);

endToEnd("coffer run says once that there is no controlling terminal, and masks through a pipe", async (coffer) => {
  await coffer.given({ name: SECRET });
  const script = '[ -t 0 ] && [ ! -t 1 ] && echo "piped $name"';
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [], { through: 'setsid --wait "$@"' });
  assert.equal(session.code, 0, session.transcript);
  const lines = session.shown.split("\r\n");
  assert.equal(lines.filter((text) => text.includes("--no-mask")).length, 1, session.transcript);
  assert.deepEqual(lines.slice(-2), ["piped *******", ""]);
}, { ...BUNDLE_ONLY, lacking: needs("python3", "setsid") });

/** `NAME=value` in hexadecimal, sorted. */
function entriesOf(environ: string): string[] {
  return environ.match(/../g)!.join(" ").split("00").map((entry) => entry.trim()).sort();
}
