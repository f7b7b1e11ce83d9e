import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { atTerminal, NEEDS_TERMINAL } from "../fixture/terminal_session.ts";

const WRONG = "not the passphrase";

endToEnd("coffer takes the passphrase from the first source when several are given", async (coffer) => {
  await coffer.given({ name: "value" });
  const right = coffer.file(`${coffer.root}/right`, PASSPHRASE + "\n");
  const wrong = coffer.file(`${coffer.root}/wrong`, WRONG);
  const all = { COFFER_PASSPHRASE_FILE: right, COFFER_PASSPHRASE: PASSPHRASE };
  const get = ["get", "name"];
  assert.equal(await coffer.ok(get, { env: { ...all, COFFER_PASSPHRASE: WRONG } }), "value");
  await coffer.fault("LOCKED", get, { env: { ...all, COFFER_PASSPHRASE_FILE: wrong } });
  const byDescriptor = [...get, "--passphrase-fd", "3"];
  const noneElse = { COFFER_PASSPHRASE_FILE: wrong, COFFER_PASSPHRASE: WRONG };
  assert.equal(await coffer.ok(byDescriptor, { env: noneElse, fds: { 3: PASSPHRASE + "\r\n" } }), "value");
  await coffer.fault("LOCKED", byDescriptor, { env: all, fds: { 3: WRONG } });
  assert.equal(await coffer.ok([...get, "--passphrase-fd", "0"], { env: noneElse, stdin: PASSPHRASE }), "value");
  assert.equal(await coffer.ok([...get, "--passphrase-fd=7"], { env: noneElse, fds: { 7: PASSPHRASE } }), "value");
});

endToEnd("coffer opens two stacks with one passphrase when it comes through a pipe", async (coffer) => {
  await coffer.given({ name: "value" });
  await coffer.given({ name: "another" }, "other");
  const both = ["run", "--no-mask", "-s", "name=A", "-s", "coffer://other/name=B", "--passphrase-fd", "3", "--"];
  const printed = await coffer.ok([...both, "sh", "-c", 'echo "$A $B"'], {
    env: { COFFER_PASSPHRASE: undefined },
    through: `exec "$@" 3< <(printf %s '${PASSPHRASE}')`,
  });
  assert.equal(printed, "value another\n");
});

endToEnd("coffer does not fall back to the next source when the first is unusable", async (coffer) => {
  await coffer.given({ name: "value" });
  const get = ["get", "name"];
  await coffer.fault("LOCKED", get, { env: { COFFER_PASSPHRASE_FILE: `${coffer.root}/missing` } });
  await coffer.fault("LOCKED", get, { env: { COFFER_PASSPHRASE_FILE: coffer.file(`${coffer.root}/empty`, "\n") } });
  await coffer.fault("LOCKED", [...get, "--passphrase-fd", "99"]);
  await coffer.fault("LOCKED", [...get, "--passphrase-fd", "3"], { fds: { 3: "" } });
  await coffer.fault("USAGE", [...get, "--passphrase-fd", "-1"]);
  await coffer.fault("USAGE", [...get, "--passphrase-fd", "three"]);
  await coffer.fault("LOCKED", get, { env: { COFFER_PASSPHRASE: "" } });
  await coffer.fault("LOCKED", get, { env: { COFFER_PASSPHRASE: undefined } });
});

endToEnd("coffer takes no passphrase from a descriptor that nobody gave it", async (coffer) => {
  // The runtime's own: files of its caches are open at some of these.
  for (let fd = 3; fd < 32; fd++) {
    const init = ["init", "--work-factor", "10", "--passphrase-fd", `${fd}`];
    await coffer.fault("LOCKED", init, { through: `exec "$@" ${fd}>&-` });
  }
  assert.deepEqual([...Deno.readDirSync(coffer.project)], []);
}, { ...BUNDLE_ONLY, lacking: Deno.build.os === "linux" ? undefined : "needs Linux" });

endToEnd("coffer passphrase change takes the old and the new one from the same file", async (coffer) => {
  await coffer.given({ name: "value" });
  const both = ["--passphrase-fd", "3", "--new-passphrase-fd", "3"];
  await coffer.ok(["passphrase", "change", ...both, "--work-factor", "11"], { fds: { 3: PASSPHRASE } });
  assert.equal(await coffer.ok(["get", "name"]), "value");
});

endToEnd("coffer refuses a passphrase file when others can read it, and the hint mends that", async (coffer) => {
  await coffer.given({ name: "value" });
  const file = coffer.file(`${coffer.root}/pass phrase`, PASSPHRASE, 0o644);
  const env = { COFFER_PASSPHRASE_FILE: file, COFFER_PASSPHRASE: undefined };
  const { hint } = await coffer.fault("DENIED", ["get", "name"], { env });
  const { success } = await new Deno.Command("sh", { args: ["-c", hint!] }).output();
  assert.ok(success, hint!);
  assert.equal(await coffer.ok(["get", "name"], { env }), "value");
  const link = `${coffer.root}/link`;
  Deno.symlinkSync(file, link);
  await coffer.fault("DENIED", ["get", "name"], { env: { ...env, COFFER_PASSPHRASE_FILE: link } });
  await coffer.fault("DENIED", ["get", "name"], { env: { ...env, COFFER_PASSPHRASE_FILE: coffer.root } });
});

endToEnd("coffer exits with 6 and prints nothing when the passphrase is wrong", async (coffer) => {
  await coffer.given({ name: "value" });
  const template = coffer.file("t", "{{ coffer:///name }}");
  const before = Deno.readTextFileSync(`${coffer.stackFolder()}/secrets/name.json`);
  const commands = [
    ["get", "name"],
    ["set", "name"],
    ["rm", "name"],
    ["rollback", "name", "1"],
    ["edit", "name"],
    ["import", coffer.file(".env", "A=b")],
    ["export"],
    ["inject", template],
    ["passphrase", "change"],
    ["rekey"],
    ["verify"],
    ["run", "--", "echo", "started"],
  ];
  for (const command of commands) {
    const { message } = await coffer.fault("LOCKED", command, { env: { COFFER_PASSPHRASE: WRONG }, stdin: "x" });
    assert.ok(!message.includes(WRONG));
  }
  assert.equal(Deno.readTextFileSync(`${coffer.stackFolder()}/secrets/name.json`), before);
});

endToEnd("coffer takes a passphrase of any UTF-8 text, and refuses one that is none", async (coffer) => {
  const composed = "p\u00e4sswort  mit Leerzeichen \u{1f511}";
  await coffer.ok(["init", "--work-factor", "10"], { env: { COFFER_PASSPHRASE: composed } });
  await coffer.ok(["set", "name"], { env: { COFFER_PASSPHRASE: composed }, stdin: "value" });
  const decomposed = composed.normalize("NFD");
  assert.equal(await coffer.ok(["get", "name"], { env: { COFFER_PASSPHRASE: decomposed } }), "value");
  await coffer.fault("LOCKED", ["get", "name"], { env: { COFFER_PASSPHRASE: composed.trim() + " " } });
  const bytes = new Uint8Array([0xff, 0x61]);
  const outcome = await coffer.run(["get", "name", "--passphrase-fd", "3"], { fds: { 3: bytes } });
  assert.equal(outcome.code, 2);
  const toMake = ["init", "--stack", "other", "--work-factor", "10", "--passphrase-fd", "3"];
  await coffer.fault("USAGE", toMake, { fds: { 3: bytes } });
  // A variable that is not text, which only a shell can set.
  const variable = await coffer.run(["get", "name"], { through: `COFFER_PASSPHRASE=$'\\xff' "$@"` });
  assert.equal(variable.code, 2);
  assert.equal(variable.text, "");
});

endToEnd("coffer asks without echo when nothing gives the passphrase", async (coffer) => {
  await coffer.given({ name: "the value" });
  const session = await atTerminal(coffer, ["get", "name"], [
    { expect: "stack dev" },
    { send: PASSPHRASE }, // at once: echo must be off by now
    { echo: true },
    { send: "\r" },
    { expect: "the value" },
  ]);
  assert.equal(session.code, 0);
  assert.deepEqual(session.echoes, [false]);
  assert.ok(!session.transcript.includes(PASSPHRASE.slice(0, 8)));
  assert.ok(session.restored);
  assert.ok(session.transcript.trimEnd().endsWith("the value"));
}, NEEDS_TERMINAL);

endToEnd("coffer asks three times when the passphrase is wrong", async (coffer) => {
  await coffer.given({ name: "the value" });
  const wrong = [{ expect: ":" }, { send: `${WRONG}\r` }];
  const failed = await atTerminal(coffer, ["get", "name"], [...wrong, ...wrong, ...wrong, { expect: "LOCKED" }]);
  assert.equal(failed.code, 6);
  assert.ok(!failed.transcript.includes("the value") && !failed.transcript.includes(WRONG));
  assert.ok(failed.restored);
  const third = [...wrong, ...wrong, { expect: ":" }, { send: `${PASSPHRASE}\r` }, { expect: "the value" }];
  assert.equal((await atTerminal(coffer, ["get", "name"], third)).code, 0);
}, NEEDS_TERMINAL);

endToEnd("coffer ends with 130 and a working terminal when Ctrl-C answers a prompt", async (coffer) => {
  await coffer.given({ name: "the value" });
  for (const command of [["get", "name"], ["run", "--", "echo", "started"], ["set", "name"]]) {
    for (const key of ["\x03", "\x04"]) {
      const session = await atTerminal(coffer, command, [{ expect: ":" }, { send: key }]);
      assert.equal(session.code, 130, command.join(" "));
      assert.ok(session.restored);
      assert.ok(!session.transcript.includes("started"));
    }
  }
  const typed = await atTerminal(coffer, ["get", "name"], [{ expect: ":" }, { send: `${PASSPHRASE}\x03` }]);
  assert.equal(typed.code, 130);
}, NEEDS_TERMINAL);

endToEnd("coffer leaves a working terminal when a signal ends it at a prompt", async (coffer) => {
  await coffer.given({ name: "the value" });
  for (const [signal, code] of [[1, 129], [2, 130], [15, 143]] as const) {
    const session = await atTerminal(coffer, ["get", "name"], [{ expect: ": " }, { echo: true }, { signal }]);
    assert.equal(session.code, code);
    assert.deepEqual(session.echoes, [false]);
    assert.ok(session.restored);
    assert.equal(session.stdout, "");
  }
}, NEEDS_TERMINAL);

endToEnd("coffer asks at the terminal when stdin and stdout are pipes", async (coffer) => {
  await coffer.given();
  const answer = [{ expect: "stack dev" }, { send: `${PASSPHRASE}\r` }];
  const sealed = await atTerminal(coffer, ["set", "name"], answer, { stdin: "from the pipe\n", stdout: true });
  assert.equal(sealed.code, 0, sealed.transcript);
  const read = await atTerminal(coffer, ["get", "name"], answer, { stdin: "", stdout: true });
  assert.equal(read.code, 0);
  assert.equal(read.stdout, "from the pipe");
}, NEEDS_TERMINAL);

endToEnd("coffer set asks for the value when stdin is the terminal, and keys edit the line", async (coffer) => {
  await coffer.given();
  const env = { COFFER_PASSPHRASE: PASSPHRASE };
  const keys = "forget this\x15first\x7f\x7fé\x7fst värde\r"; // Ctrl-U, backspace over ASCII and over two bytes
  const session = await atTerminal(coffer, ["set", "name"], [{ expect: "Value of name" }, { send: keys }], { env });
  assert.equal(session.code, 0);
  assert.ok(!session.transcript.includes("värde"));
  assert.equal(await coffer.ok(["get", "name"]), "first värde");
  const long = [{ expect: "Value of name" }, { send: "x".repeat(3000) }, { send: "x".repeat(2000) }, { send: "\r" }];
  const tooLong = await atTerminal(coffer, ["set", "name"], long.slice(0, 3), { env });
  assert.equal(tooLong.code, 2);
  assert.equal(await coffer.ok(["get", "name"]), "first värde");
}, NEEDS_TERMINAL);

endToEnd("coffer init asks twice at a terminal and refuses two answers that differ", async (coffer) => {
  const init = ["init", "--work-factor", "10"];
  const answers = (first: string, second: string) => [
    { expect: "New passphrase" },
    { send: `${first}\r` },
    { expect: "again" },
    { send: `${second}\r` },
  ];
  const differing = await atTerminal(coffer, init, answers("one passphrase", "another passphrase"));
  assert.equal(differing.code, 2);
  const empty = await atTerminal(coffer, init, [{ expect: "New passphrase" }, { send: "\r" }]);
  assert.equal(empty.code, 2);
  assert.deepEqual([...Deno.readDirSync(coffer.project)], []);
  const same = await atTerminal(coffer, init, answers("one passphrase", "one passphrase"));
  assert.equal(same.code, 0, same.transcript);
  await coffer.ok(["set", "name"], { env: { COFFER_PASSPHRASE: "one passphrase" }, stdin: "x" });
}, NEEDS_TERMINAL);

endToEnd("coffer passphrase change replaces one file, and only the new passphrase opens the stack", async (coffer) => {
  await coffer.given({ name: "value" });
  const secret = Deno.readTextFileSync(`${coffer.stackFolder()}/secrets/name.json`);
  const NEW = "a new passphrase that is long";
  await coffer.ok(["passphrase", "change", "--work-factor", "11"], { env: { COFFER_NEW_PASSPHRASE: NEW } });
  await coffer.fault("LOCKED", ["get", "name"]);
  assert.equal(await coffer.ok(["get", "name"], { env: { COFFER_PASSPHRASE: NEW } }), "value");
  assert.equal(Deno.readTextFileSync(`${coffer.stackFolder()}/secrets/name.json`), secret);
  assert.match(Deno.readTextFileSync(`${coffer.stackFolder()}/stack.json`), /"logN":11,/);

  const change = ["passphrase", "change", "--passphrase-fd", "3", "--new-passphrase-fd", "4", "--work-factor", "10"];
  await coffer.ok(change, { env: { COFFER_PASSPHRASE: undefined }, fds: { 3: NEW, 4: PASSPHRASE } });
  assert.equal(await coffer.ok(["get", "name"]), "value");
  const file = coffer.file(`${coffer.root}/new`, NEW);
  await coffer.ok(["passphrase", "change"], { env: { COFFER_NEW_PASSPHRASE_FILE: file } });
  const generated = await coffer.json(["passphrase", "change", "--generate-passphrase", "--work-factor", "10"], {
    env: { COFFER_PASSPHRASE: NEW },
  }) as { passphrase: string };
  assert.match(generated.passphrase, /^([a-z]+-){9}[a-z]+$/);
  assert.equal(await coffer.ok(["get", "name"], { env: { COFFER_PASSPHRASE: generated.passphrase } }), "value");
});

endToEnd("coffer passphrase change leaves the old one when the new one is missing or empty", async (coffer) => {
  await coffer.given({ name: "value" });
  await coffer.fault("LOCKED", ["passphrase", "change"]);
  await coffer.fault("LOCKED", ["passphrase", "change"], { env: { COFFER_NEW_PASSPHRASE: "" } });
  const change = ["passphrase", "change"];
  await coffer.fault("USAGE", [...change, "--work-factor", "9"], { env: { COFFER_NEW_PASSPHRASE: "new one" } });
  await coffer.fault("USAGE", [...change, "--work-factor", "21"], { env: { COFFER_NEW_PASSPHRASE: "new one" } });
  await coffer.fault("USAGE", ["passphrase", "other"]);
  assert.equal(await coffer.ok(["get", "name"]), "value");
});

endToEnd("coffer takes its progress away before it says how it ended", async (coffer) => {
  await coffer.given({ name: "value" });
  const env = { COFFER_PASSPHRASE: PASSPHRASE, COFFER_NEW_PASSPHRASE: PASSPHRASE };
  for (const command of [["passphrase", "change"], ["rekey"]]) {
    const { code, transcript } = await atTerminal(coffer, command, [], { env });
    assert.equal(code, 0, transcript);
    assert.doesNotMatch(transcript, / %[^\r]/);
  }
}, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });
