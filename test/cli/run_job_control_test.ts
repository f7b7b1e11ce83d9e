/** `coffer run` as a job of an interactive shell. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs, PASSPHRASE } from "../fixture/coffer_cli.ts";
import {
  atShell,
  key,
  line,
  lineToPrompt,
  PROMPT,
  type Shell,
  SHELLS,
  type Step,
} from "../fixture/terminal_session.ts";

const STOP = "\x1a", INTERRUPT = "\x03", ESCAPE = "\x1b";
const SECRET = "a secret of the job";
/** Shows how many of the modes are set that shells have at a prompt. */
const SANE = ["icanon", "echo", "isig", "icrnl", "opost"];
const COUNT = `stty -a | tr ' ;' '\\n\\n' | grep -cx ${SANE.map((mode) => `-e ${mode}`).join(" ")}`;
const isSane = lineToPrompt(COUNT, `${SANE.length}\r\n`);
const ended = (code: number) => lineToPrompt("echo code=$?", `code=${code}\r\n`);
/** Says on stderr when it begins, and when it is continued. */
const LOOP = 'trap "echo goes on \\$((6 * 7)) >&2" CONT; echo begins >&2; while :; do sleep 0.05; done';
/** Waits for a background job to stop. */
const isStopped = lineToPrompt("until jobs > now; grep Stopped now; do sleep 0.1; done", "Stopped");

/** In every interactive shell. */
function inShells(name: string, steps: readonly Step[], more: readonly string[] = []): void {
  for (const shell of Object.keys(SHELLS) as Shell[]) {
    endToEnd(`${name}, in ${shell}`, (coffer) => inShell(coffer, shell, steps), {
      ...(shell === "bash" ? {} : BUNDLE_ONLY),
      lacking: needs("python3", "bash", ...more),
    });
  }
}

async function inShell(coffer: Coffer, shell: Shell, steps: readonly Step[]): Promise<void> {
  await coffer.given({ name: SECRET });
  const { code, transcript } = await atShell(coffer, shell, steps, { env: { COFFER_PASSPHRASE: PASSPHRASE } });
  assert.equal(code, 0, transcript);
  assert.ok(!transcript.includes(SECRET));
}

inShells("coffer run stops with Ctrl-Z, gives the terminal back, and fg takes it again", [
  ...line(`coffer run -- bash -c 'echo "begins $name"; read a; echo "got $a"; read b; echo "and $b"; sleep 60'`),
  ...key("", "begins *******\r\n"),
  ...key(STOP, "Stopped", PROMPT),
  ...isSane,
  ...lineToPrompt("jobs", "Stopped"),
  ...line("fg", "coffer"),
  ...key("one\n", "got one\r\n"),
  ...key(STOP, "Stopped", PROMPT),
  ...isSane,
  ...line("fg", "coffer"),
  ...key("two\n", "and two\r\n"),
  ...key(INTERRUPT, PROMPT),
  ...ended(130),
  ...isSane,
]);

inShells("coffer run goes on in the shell's background, which keeps its keys, and fg takes it again", [
  ...line(
    `coffer run -- bash -c 'echo begins; until [ -e go ]; do sleep 0.05; done; echo "goes on"; read a; echo got $a'`,
  ),
  ...key("", "begins\r\n"),
  ...key(STOP, "Stopped", PROMPT),
  ...lineToPrompt("bg"),
  ...lineToPrompt("echo $((40 + 2))", "42\r\n"),
  ...isSane,
  ...line("touch go", "goes on"),
  ...key("\n", PROMPT),
  ...isStopped, // since it reads
  ...line("fg", "coffer"),
  ...key("a line\n", "got a line\r\n", PROMPT),
  ...ended(0),
  ...isSane,
]);

inShells("coffer run runs as a background job until it reads the terminal, which stops it", [
  ...lineToPrompt(
    `coffer run -- bash -c 'touch runs; until [ -e go ]; do sleep 0.05; done; read a; echo "got $a $name"' &`,
  ),
  ...lineToPrompt("until [ -e runs ]; do sleep 0.05; done; echo $((40 + 2))", "42\r\n"),
  ...isSane,
  ...lineToPrompt("touch go"),
  ...isStopped,
  ...isSane,
  ...line("fg", "coffer"),
  ...key("a line\n", "got a line *******\r\n", PROMPT),
  ...ended(0),
  ...isSane,
]);

inShells("coffer run gives the keys to a command that fg brings back while it waits for them without a read", [
  ...line(
    "coffer run -- python3 -c 'import select, sys; print(1+1); select.select([0], [], []); print(input()[::-1])'",
  ),
  ...key("", "2\r\n"),
  ...key(STOP, "Stopped", PROMPT),
  ...lineToPrompt("bg"),
  ...lineToPrompt("echo $((40 + 2))", "42\r\n"),
  ...line("fg", "coffer"),
  ...key("a line\n", "enil a\r\n", PROMPT),
  ...ended(0),
  ...isSane,
]);

inShells("coffer run takes the terminal again after it was stopped by SIGSTOP, and puts it back at the end", [
  ...line(
    `coffer run -- bash -c 'echo begins; read a; kill -s STOP $(ps -o ppid= $PPID); read b; echo "got $b"; sleep 60'`,
  ),
  ...key("", "begins\r\n"),
  ...key("\n", "Stopped", PROMPT),
  ...key("fg\n", "coffer"),
  ...key("a line\n", "got a line\r\n"),
  ...key(INTERRUPT, PROMPT),
  ...ended(130),
  ...isSane,
], ["ps"]);

inShells("coffer run follows the size of a window that changed while it was in the background", [
  ...line(`coffer run -- bash -c 'echo begins; read a; stty size'`),
  ...key("", "begins\r\n"),
  ...key(STOP, "Stopped", PROMPT),
  { resize: [33, 211] },
  ...line("fg", "coffer"),
  ...key("\n", "33 211\r\n", PROMPT),
  ...ended(0),
]);

inShells("coffer run leaves a pipeline's other commands the keys, and stops and ends with them", [
  ...line(
    "(stty -echo; printf 'Password: '; read a; stty echo; echo; echo $a >&3; exec sleep 60) 3>&1 > /dev/tty |" +
      ` coffer run -- bash -c 'read a; echo "got $a $name"; ${LOOP}'`,
    "Password: ",
  ),
  ...key("typed\n", "got typed *******", "begins"),
  ...key(STOP, "Stopped", PROMPT),
  ...isSane,
  ...line("fg", "goes on 42\r"),
  ...key(INTERRUPT, PROMPT),
  ...ended(130),
  ...isSane,
]);

inShells("coffer run is stopped and interrupted as a whole with a command that shares its group", [
  ...line(`coffer run -- bash -c 'trap "echo trapped >&2; exit 9" INT; ${LOOP}' > out`, "begins"),
  ...key(STOP, "Stopped", PROMPT),
  ...isSane,
  ...line("fg", "goes on 42\r"),
  ...key(INTERRUPT, "trapped\r\n", PROMPT),
  ...ended(9),
]);

inShells("coffer run -- bash has job control of its own", [
  ...line("coffer run -- env PS1='inner> ' bash --norc -i", "inner> "),
  ...line(`bash -c '${LOOP}'`, "begins"),
  ...key(STOP, "Stopped", "inner> "),
  ...line("jobs", "Stopped", "inner> "),
  ...line("fg", "goes on 42\r"),
  ...key(INTERRUPT, "inner> "),
  ...line("echo code=$?", "code=130\r\n", "inner> "),
  ...line("suspend", "Stopped", PROMPT),
  ...isSane,
  ...line("fg", "coffer"),
  ...key("\n", "inner> "),
  ...line("exit 3", PROMPT),
  ...ended(3),
  ...isSane,
]);

inShells("coffer run -- vim is suspended and goes on, and writes its file", [
  ...line("coffer run -- vim -u NONE -i NONE -N file", "~"),
  ...key("ifirst", "first"),
  ...key(ESCAPE),
  ...key(STOP, "\x1b[?1049l", "Stopped", PROMPT),
  ...isSane,
  ...lineToPrompt("bg"),
  ...isStopped, // since it sets the terminal's modes
  ...isSane,
  ...line("fg", "\x1b[?1049h", "first"),
  ...key("o$name\x1b!!sh -c 'echo $name'\n", "*******"),
  ...key(":wq\n", "written", PROMPT),
  ...ended(0),
  ...isSane,
  ...lineToPrompt("wc -l < file; head -c 5 file", "2\r\n", "first"),
], ["vim"]);
