import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { sourceCommand } from "../fixture/coffer_targets.ts";
import { atTerminal, key, NEEDS_TERMINAL, runAtTerminal } from "../fixture/terminal_session.ts";

const SECRET = "a secret of the terminal";

endToEnd(
  "coffer run gives the command a terminal of its own where stdout is one, and masks what it shows",
  async (coffer) => {
    await coffer.given({ name: SECRET });
    const script = `for fd in 0 1 2; do [ -t $fd ] && echo "$fd is"; done; tty; echo "to stdout: $name";
    echo "to stderr: $name" >&2; echo "to the terminal: $name" > /dev/tty`;
    const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [], { through: 'tty; "$@"' });
    assert.deepEqual([session.code, session.restored], [0, true]);
    const [ours, zero, one, two, theirs, ...lines] = session.shown.split("\r\n");
    assert.deepEqual([zero, one, two], ["0 is", "1 is", "2 is"]);
    for (const terminal of [ours, theirs]) assert.ok(terminal?.startsWith("/dev/pts/"), terminal ?? "none");
    assert.notEqual(theirs, ours);
    assert.deepEqual(lines, ["to stdout: *******", "to stderr: *******", "to the terminal: *******", ""]);
  },
  NEEDS_TERMINAL,
);

endToEnd("coffer run --no-mask leaves the command the very terminal", async (coffer) => {
  await coffer.given({ name: SECRET });
  const command = ["--no-mask", "--", "sh", "-c", 'tty; echo "$name"'];
  const { shown } = await runAtTerminal(coffer, command, [], { through: 'tty; "$@"' });
  const [ours, ...lines] = shown.split("\r\n");
  assert.deepEqual(lines, [ours, SECRET, ""]);
}, NEEDS_TERMINAL);

endToEnd("coffer run gives the command's terminal the size of the window, also when that changes", async (coffer) => {
  await coffer.given();
  const script = "stty size; trap 'stty size; exit' WINCH; echo waits; while :; do sleep 0.05; done";
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [
    { expect: "31 97\r\n" },
    { expect: "waits" },
    { resize: [40, 120] },
    { expect: "40 120\r\n" },
  ], { size: [31, 97] });
  assert.equal(session.code, 0);
}, NEEDS_TERMINAL);

endToEnd("coffer run gives the command's terminal the modes that it finds, and puts them back", async (coffer) => {
  await coffer.given();
  const through = 'stty -echo -ixon erase ^H; "$@"; stty -a';
  const { code, shown } = await runAtTerminal(coffer, ["--", "stty", "-a"], [], { through });
  assert.equal(code, 0);
  const [during, after] = shown.split(/(?=speed )/);
  for (const modes of [during, after]) {
    for (const mode of ["-echo", "-ixon", "erase = ^H", "icanon", "isig", "opost"]) {
      assert.match(modes ?? "", new RegExp(`(?<!\\S)${RegExp.escape(mode)}(?![^\\s;])`), mode);
    }
  }
}, NEEDS_TERMINAL);

endToEnd("coffer run lets a command set its own terminal's modes", async (coffer) => {
  await coffer.given();
  const script = `import sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
print('raw', flush=True)
keys = sys.stdin.buffer.raw.read(1) + sys.stdin.buffer.raw.read(1)
termios.tcsetattr(0, termios.TCSADRAIN, before)
print('keys', keys.hex())`;
  const session = await runAtTerminal(coffer, ["--", "python3", "-c", script], [
    ...key("", "raw\n"),
    ...key("\x03", ""),
    ...key("\x1a", "keys 031a\r\n"),
  ]);
  assert.equal(session.code, 0);
  assert.ok(!session.transcript.includes("raw\r"), "nothing but the command's own terminal adds to its output");
  assert.ok(session.restored);
}, NEEDS_TERMINAL);

endToEnd("coffer run masks at a terminal what is written in pieces, and what is typed", async (coffer) => {
  await coffer.given({ name: SECRET });
  const pieces = [SECRET.slice(0, 5), SECRET.slice(5, 12), SECRET.slice(12)];
  const script = `${
    pieces.map((piece) => `printf '${piece}'; sleep 0.1`).join("; ")
  }; echo; read line; echo "got $line"`;
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [
    ...key("", "*******\r\n"),
    ...[...SECRET].flatMap((letter) => key(letter)),
    ...key("\n", "*******", "got *******\r\n"),
  ]);
  assert.equal(session.code, 0);
  // Two bytes may be seen, so that keys that only begin like a secret are.
  assert.ok(!session.transcript.includes(SECRET.slice(2)));
  assert.ok(!session.transcript.includes(SECRET.slice(0, 3)));
}, NEEDS_TERMINAL);

endToEnd("coffer run shows each key that does not make a secret at once", async (coffer) => {
  await coffer.given({ name: SECRET });
  const keys = ["x", SECRET[0]!, SECRET[1]!, "y", "\n"];
  const steps = keys.flatMap((letter) => key(letter, letter === "\n" ? "\r\n" : letter));
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", "echo ready; read line; echo got $line"], [
    { expect: "ready\r\n" },
    ...steps,
    { expect: "got" },
  ]);
  assert.equal(session.code, 0);
}, NEEDS_TERMINAL);

endToEnd("coffer run hands stdin through when only stdout is a terminal, and keys on /dev/tty", async (coffer) => {
  await coffer.given({ name: SECRET });
  const script =
    'cat; [ ! -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo "asks $name" && read key < /dev/tty && echo "got $key"';
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [
    ...key("", "from the pipe\r", "asks *******\r"),
    ...key("an answer\n", "got an answer\r\n"),
  ], { stdin: "from the pipe\n" });
  assert.equal(session.code, 0);
  assert.ok(session.restored);
}, NEEDS_TERMINAL);

endToEnd("coffer run masks stderr in a file where stdout is a terminal", async (coffer) => {
  await coffer.given({ name: SECRET });
  const script = '[ -t 0 ] && [ -t 1 ] && [ ! -t 2 ] && echo "seen $name" && echo "kept $name" >&2; exit 7';
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [], { through: 'exec "$@" 2> errors' });
  assert.deepEqual([session.code, session.shown], [7, "seen *******\r\n"]);
  assert.equal(Deno.readTextFileSync(`${coffer.project}/errors`), "kept *******\n");
}, NEEDS_TERMINAL);

endToEnd("coffer run leaves the command the person's terminal where stdout is none", async (coffer) => {
  await coffer.given({ name: SECRET });
  const script = `[ -t 0 ] && [ ! -t 1 ] && tty > /dev/tty; stty -echo < /dev/tty
    printf 'Password: ' > /dev/tty; read answer < /dev/tty; stty echo < /dev/tty; echo "$answer $name"`;
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", script], [
    ...key("", "Password: "),
    { echo: true },
    ...key("typed\n"),
  ], { stdout: true, through: 'tty > /dev/tty; exec "$@"' });
  assert.deepEqual([session.code, session.stdout, session.echoes], [0, "typed *******\n", [false]]);
  const [ours, theirs] = session.shown.split("\r\n");
  assert.equal(theirs, ours);
  assert.ok(session.restored);
}, NEEDS_TERMINAL);

endToEnd("coffer run passes 10 MB through a terminal, complete and in order", async (coffer) => {
  await coffer.given({ name: SECRET });
  const { code, shown } = await runAtTerminal(coffer, ["--", "seq", "1500000"]);
  assert.equal(code, 0);
  const lines = shown.split("\r\n");
  assert.equal(lines.pop(), "");
  assert.equal(lines.length, 1_500_000);
  assert.equal(lines.findIndex((text, i) => text !== String(i + 1)), -1);
}, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });

endToEnd("coffer run takes what is pasted, however much", async (coffer) => {
  await coffer.given();
  const pasted = Array.from({ length: 2000 }, (_, i) => `line ${i} of what is pasted`).join("\n");
  const session = await runAtTerminal(coffer, ["--", "sh", "-c", "echo ready; cat > pasted; echo done"], [
    ...key("", "ready\r\n"),
    ...key(`${pasted}\n\x04`, "done"),
  ]);
  assert.equal(session.code, 0);
  assert.equal(Deno.readTextFileSync(`${coffer.project}/pasted`), `${pasted}\n`);
}, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });

endToEnd("coffer run says that a command does not start before it touches the terminal", async (coffer) => {
  await coffer.given();
  coffer.file("script", "#!/bin/sh\n", 0o600);
  for (const [command, code] of [["there-is-no-such-command", 127], ["./script", 126], [".", 126]] as const) {
    const session = await runAtTerminal(coffer, ["--json", "--", command]);
    assert.equal(session.code, code);
    assert.deepEqual(session.shown.split("\r\n").map((text) => text.startsWith('{"error"')), [true, false]);
    assert.ok(session.restored);
  }
}, NEEDS_TERMINAL);

endToEnd("coffer run says once that there is no terminal for the command, and masks through a pipe", async (coffer) => {
  await coffer.given({ name: SECRET });
  const words = [...sourceCommand("-A", "--deny-ffi"), "run", "--", "sh", "-c", '[ ! -t 1 ] && echo "piped $name"'];
  const through = words.map((word) => `'${word}'`).join(" ");
  const session = await atTerminal(coffer, [], [], { through, env: { COFFER_PASSPHRASE: PASSPHRASE } });
  assert.equal(session.code, 0);
  const lines = session.shown.split("\r\n");
  assert.equal(lines.filter((text) => text.includes("--no-mask")).length, 1, session.transcript);
  assert.deepEqual(lines.slice(1), ["piped *******", ""]);
}, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });
