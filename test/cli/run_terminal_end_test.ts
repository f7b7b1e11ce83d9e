/** How a command with a terminal of its own ends, and what is left then. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually, needs } from "../fixture/coffer_cli.ts";
import { isAlive, isFile, pidIn, saying } from "../fixture/processes.ts";
import { key, NEEDS_TERMINAL, runAtTerminal } from "../fixture/terminal_session.ts";

const SECRET = "a secret of the end";
const LOOP = "while :; do sleep 0.05; done";

endToEnd(
  "coffer run exits with the code of a command at a terminal, or 128 and the signal's number",
  async (coffer) => {
    await coffer.given({ name: SECRET });
    const scripts = {
      "exit 0": 0,
      "exit 7": 7,
      "exit 148": 148,
      "exit 255": 255,
      "kill -TERM $$": 143,
      "kill -KILL $$": 137,
    };
    for (const [script, code] of Object.entries(scripts)) {
      const session = await runAtTerminal(coffer, ["--", "sh", "-c", `echo "$name"; ${script}`]);
      assert.deepEqual([session.code, session.shown, session.restored], [code, "*******\r\n", true], script);
    }
  },
  NEEDS_TERMINAL,
);

endToEnd("coffer run leaves a terminal's keys to the command", async (coffer) => {
  await coffer.given();
  for (const [typed, code] of [["\x03", 130], ["\x1c", 131]] as const) {
    const session = await runAtTerminal(coffer, ["--", "sh", "-c", "echo ready; exec sleep 60"], [
      ...key("", "ready\r\n"),
      ...key(typed),
    ], { through: 'ulimit -c 0; exec "$@"' });
    assert.equal(session.code, code);
    assert.ok(session.restored);
  }
  const script = "trap 'echo once' INT; trap 'echo and once' QUIT; echo ready; read a; read b; echo $a $b";
  const session = await runAtTerminal(coffer, ["--", "bash", "-c", script], [
    ...key("", "ready\r\n"),
    ...key("\x03", "once\r\n"),
    ...key("\x1c", "and once\r\n"),
    ...key("\x04"),
    ...key("a line\n", "a line\r\n", "a line\r\n"),
  ]);
  assert.equal(session.code, 0);
  assert.equal(session.shown.split("once").length, 3);
}, NEEDS_TERMINAL);

endToEnd("coffer run passes a signal on to a command at a terminal, and puts the terminal back", async (coffer) => {
  await coffer.given();
  for (const [name, signal] of [["HUP", 1], ["INT", 2], ["QUIT", 3], ["USR2", 12], ["TERM", 15]] as const) {
    const script = `trap 'echo got ${name}; exit 40' ${name}; echo ready; ${LOOP}`;
    const session = await runAtTerminal(coffer, ["--", "bash", "-c", script], [
      ...key("", "ready\r\n"),
      { signal },
      ...key("", `got ${name}\r\n`),
    ]);
    assert.deepEqual([session.code, session.restored], [40, true], name);
  }
}, NEEDS_TERMINAL);

endToEnd("coffer run kills a command at a terminal that ignores a signal when a second comes", async (coffer) => {
  await coffer.given();
  const script = `trap 'sleep 0.2; echo no' TERM; echo ready; ${LOOP}`;
  const session = await runAtTerminal(coffer, ["--", "bash", "-c", script], [
    ...key("", "ready\r\n"),
    { signal: 15 },
    ...key("", "no\r\n"),
    { signal: 15 },
  ]);
  assert.deepEqual([session.code, session.restored], [137, true]);
}, NEEDS_TERMINAL);

endToEnd("coffer run ends with its command when the terminal goes away", async (coffer) => {
  await coffer.given();
  for (const stdin of [undefined, "piped"]) {
    const [command, told] = [`${coffer.temp}/command-${stdin}`, `${coffer.temp}/told-${stdin}`];
    const script = `trap '${saying(told)}; exit' HUP; ${saying(command)}; echo ready; ${LOOP}`;
    await runAtTerminal(coffer, ["--", "bash", "-c", script], [
      ...key("", "ready\r"),
      { close: true },
    ], stdin === undefined ? {} : { stdin });
    assert.equal(await pidIn(told), await pidIn(command));
    await eventually(() => !runs(command), "the command to end");
  }
}, NEEDS_TERMINAL);

endToEnd("coffer run ends a command at a terminal when it is killed itself", async (coffer) => {
  await coffer.given();
  for (const stdin of [undefined, "piped"]) {
    const command = `${coffer.temp}/command-${stdin}`;
    // The guard is there after a moment, and ends also who does not care for a terminal that goes away.
    const script = `trap '' HUP; ${saying(command)}; sleep 0.5; echo ready; ${LOOP}`;
    const session = await runAtTerminal(coffer, ["--", "bash", "-c", script], [
      ...key("", "ready\r"),
      { signal: 9 },
    ], stdin === undefined ? {} : { stdin });
    assert.equal(session.code, 137);
    await eventually(() => !runs(command), "the command to end");
  }
}, NEEDS_TERMINAL);

endToEnd("coffer run tells what a command leaves at a terminal that the terminal goes away", async (coffer) => {
  await coffer.given();
  const [told, deaf] = [`${coffer.temp}/told`, `${coffer.temp}/deaf`];
  const script = `(trap 'echo hangup; exit' HUP; ${saying(told, "$BASHPID")}; ${LOOP}) &
    nohup bash -c "${saying(deaf, "\\$BASHPID")}; exec sleep 60" > /dev/null 2>&1 &
    until [ -e '${told}' ] && [ -e '${deaf}' ]; do sleep 0.01; done; echo "$name"; exit 6`;
  const session = await runAtTerminal(coffer, ["--", "bash", "-c", script]);
  assert.deepEqual([session.code, session.restored], [6, true]);
  assert.ok(session.shown.endsWith("hangup\r\n"), "it had the time to say so");
  assert.ok(!isAlive(await pidIn(told)));
  const survivor = await pidIn(deaf);
  assert.ok(isAlive(survivor));
  Deno.kill(survivor, "SIGKILL");
}, { ...BUNDLE_ONLY, lacking: needs("python3", "nohup") });

endToEnd("coffer run waits at a terminal for what is in a pipeline with the command", async (coffer) => {
  await coffer.given({ name: SECRET });
  const script = 'exec > >(sleep 0.3; while read -r line; do echo "late $line"; done); echo "$name"; exit 5';
  const session = await runAtTerminal(coffer, ["--", "bash", "-c", script]);
  assert.deepEqual([session.code, session.shown, session.restored], [5, "late *******\r\n", true]);
}, NEEDS_TERMINAL);

function runs(path: string): boolean {
  return isFile(path) && isAlive(Number(Deno.readTextFileSync(path)));
}
