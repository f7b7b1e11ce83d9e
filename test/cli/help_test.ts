import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd } from "../fixture/coffer_cli.ts";

const COMMANDS = [
  ...["init", "set", "get", "list", "history", "rollback", "rm", "edit", "import", "export", "run", "check"],
  ...["mask", "inject", "serve", "status", "lock", "unlock", "stop", "token create", "token list", "token revoke"],
  ...["stack list", "stack new", "stack select", "stack rm"],
  ...["list", "show", "register", "unregister", "migrate"].map((name) => `provider ${name}`),
  "vault configure",
  ...["list", "show", "install", "install-into-porter"].map((name) => `plugin ${name}`),
  ...["apply", "list", "show", "create", "edit", "delete", "generate"].map((name) => `credentials ${name}`),
  ...["apply", "list", "show", "create", "edit", "delete", "generate"].map((name) => `parameters ${name}`),
  ...["passphrase change", "rekey", "audit", "verify", "doctor", "version", "completion"],
];

/** What examples read by redirection, or as sets. */
const READ_FILES = ["token.txt", "root-token.txt", "mycredentials.yaml", "myparameters.yaml", "bundle.json"];

endToEnd("coffer --help names every command", async (coffer) => {
  const help = await coffer.ok(["--help"]);
  const listed = [...help.slice(help.indexOf("\nCOMMANDS\n")).matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map((match) =>
    match[1]
  );
  assert.deepEqual(listed, [...new Set(COMMANDS.map((command) => command.split(" ")[0]))]);
  assert.equal(await coffer.ok([]), help);
  assert.equal(await coffer.ok(["-h"]), help);
});

endToEnd("coffer COMMAND --help says what it is and shows examples", async (coffer) => {
  for (const command of COMMANDS) {
    const outcome = await coffer.run([...command.split(" "), "--help"]);
    assert.equal(outcome.code, 0, command);
    assert.equal(outcome.stderr, "");
    assert.match(outcome.text, /\nEXAMPLES\n {2}coffer /, command);
    for (const flag of ["--stack", "--json", "--no-color", "--passphrase-fd"]) assert.ok(outcome.text.includes(flag));
  }
});

endToEnd("coffer understands every example of its help", async (coffer) => {
  const bin = `${coffer.root}/bin`;
  const seen = `${coffer.root}/seen`;
  const command = coffer.command([]).map((word) => `'${word}'`).join(" ");
  // There is no stack: each example is parsed, and ends before it does anything.
  const script =
    `#!/bin/sh\n${command} "$@" 2> '${seen}.stderr'\necho "$?" >> '${seen}'\ncat '${seen}.stderr' >> '${seen}'\n`;
  coffer.file(`${bin}/coffer`, script, 0o755);
  coffer.file(`${bin}/ssh`, "#!/bin/sh\n", 0o755);
  let count = 0;
  for (const name of COMMANDS) {
    const help = await coffer.ok([...name.split(" "), "--help"]);
    const examples = help.slice(help.indexOf("\nEXAMPLES\n") + 10).split("\n\n")[0]!.split("\n");
    for (const example of examples) {
      const project = `${coffer.project}/${count++}`;
      Deno.mkdirSync(project);
      for (const input of [".env", "app.conf.tpl", "user.txt", "key.pem", "app.env", "app.log", ...READ_FILES]) {
        coffer.file(`${project}/${input}`, "");
      }
      coffer.file(`${project}/secrets.json`, "{}");
      Deno.writeTextFileSync(seen, "");
      await new Deno.Command("bash", {
        args: ["-c", `fpath=("" '${project}')\n${example}`],
        cwd: project,
        env: coffer.environment({ PATH: `${bin}:${coffer.env["PATH"]}`, COFFER_PASSPHRASE: undefined, VALUE: "x" }),
        clearEnv: true,
        detached: true,
        stdin: "null",
      }).output();
      const outcome = Deno.readTextFileSync(seen);
      assert.match(outcome, /^\d+\n/, `not run: ${example}`);
      assert.ok(!/\[(USAGE|INTERNAL)\]/.test(outcome), `${example}: ${outcome}`);
    }
  }
  assert.ok(count > 40);
}, BUNDLE_ONLY);

endToEnd("coffer exits with 2 and keeps stdout empty when the arguments are wrong", async (coffer) => {
  await coffer.given({ name: "value" });
  const wrong = [
    ["no-such-command"],
    ["list", "--no-such-flag"],
    ["list", "-z"],
    ["get"],
    ["get", "name", "--version"],
    ["get", "name", "--version", "1", "--version", "1"],
    ["get", "name", "--json=maybe"],
    ["list", "a", "b"],
    ["export", "-f", "no-such-format"],
    ["completion", "powershell"],
    ["rollback", "name", "x"],
    ["stack", "no-such-command"],
    ["stack", "new", "Upper"],
    ["list", "--stack", "../dev"],
    ["init", "--work-factor", "x"],
    ["rm"],
    ["constructor"],
    ["__proto__"],
  ];
  for (const args of wrong) await coffer.fault("USAGE", args);
});

endToEnd("coffer's hint for a misspelt command is one that there is", async (coffer) => {
  for (
    const args of [["stack", "lst"], ["stack", "nothing-like-it"], ["token", "creat"], ["passphrase", "chang"], ["lst"]]
  ) {
    const { hint } = await coffer.fault("USAGE", args);
    const words = hint!.replace(/^did you mean: /, "").split(", ")[0]!.split(" ");
    assert.equal(words[0], "coffer");
    await coffer.ok([...words.slice(1).filter((word) => word !== "--help"), "--help"]);
  }
}, BUNDLE_ONLY);

endToEnd("coffer tells an argument that is wrong from a flag", async (coffer) => {
  for (const args of [["set", "../name"], ["rollback", "name", "x"], ["rm", "name", ""], ["stack", "new", "A"]]) {
    const { message, hint } = await coffer.fault("USAGE", args);
    assert.ok(!message.includes("--") && !hint!.includes("--help"), message);
  }
  for (const args of [["get", "name", "--version", "x"], ["mask", "-s", ""], ["list", "--stack", "A"]]) {
    const { message, hint } = await coffer.fault("USAGE", args);
    assert.ok(message.includes("--") && !hint!.includes("--help"), message);
  }
}, BUNDLE_ONLY);

endToEnd("coffer does not repeat what may be a value typed by mistake", async (coffer) => {
  await coffer.given({ name: "value" });
  const typed = "hunter2!";
  const mistakes = [
    ["set", "name", typed],
    ["get", "name", typed],
    ["set", `name=${typed}`],
    ["set", typed],
    ["set", "name", `--${typed}`],
    ["set", "name", `--value=${typed}`],
    ["set", "name", "--field", "user", "--field", typed],
    ["set", "name", "--field", typed],
    ["set", "name", `--generate=${typed}`],
    ["set", "name", `--json=${typed}`],
    ["get", "name", "--version", typed],
    ["get", "name", `--passphrase=${typed}`],
    ["get", "name", "--passphrase-fd", typed],
    ["rm", "name", typed, "--yes"],
    ["rollback", "name", typed],
    ["export", "-f", typed],
    ["run", "-s", `name=${typed}`, "--", "true"],
    ["run", "-s", typed, "--", "true"],
    ["run", "--file", `${typed}=x`, "--", "true"],
    ["run", "--template", typed, "--", "true"],
    ["passphrase", "change", "name", typed],
    ["list", "name", typed],
  ];
  for (const args of mistakes) {
    for (const form of [args, ["--json", ...args].slice(1)]) {
      const { code, text, stderr } = await coffer.run(form);
      assert.ok(code === 2 || code === 125, `${args.join(" ")}: ${code}`);
      assert.ok(!text.includes("hunter2") && !stderr.includes("hunter2"), `${args.join(" ")}: ${stderr}`);
    }
  }
}, BUNDLE_ONLY);

endToEnd("coffer escapes control characters in what it reports", async (coffer) => {
  const hostile = "a\x1b[31m\x07\x9b\u202eb\nerror: forged\r";
  await coffer.given();
  const reports = [
    await coffer.run(["set", "name", "--from-file", hostile]),
    await coffer.run(["import", `${hostile}.env`]),
    await coffer.run(["get", "x"], { env: { COFFER_PASSPHRASE_FILE: hostile } }),
    await coffer.run(["get", "x"], { env: { COFFER_STACK: hostile } }),
    await coffer.run(["run", "--", hostile]),
    await coffer.run(["run", "--env-file", hostile, "--", "true"]),
    await coffer.run([hostile]),
    await coffer.run(["import", "-", "-f", "json"], { stdin: JSON.stringify({ [hostile]: "x" }) }),
    await coffer.run(["doctor"], { env: { COFFER_HOME: hostile } }),
  ];
  const folder = `${coffer.root}/${hostile}`;
  Deno.mkdirSync(folder);
  reports.push(await coffer.run(["list"], { cwd: folder }));
  reports.push(await coffer.run(["init", "--work-factor", "10"], { cwd: folder }));
  reports.push(await coffer.run(["doctor"], { cwd: folder }));
  for (const { text, stderr } of reports) {
    // deno-lint-ignore no-control-regex -- what must not be there
    assert.ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text + stderr), JSON.stringify(stderr));
    assert.ok(!/^error: forged/m.test(stderr), stderr);
  }
});

endToEnd("coffer version prints the version in the form that is asked for", async (coffer) => {
  const plain = await coffer.ok(["version"]);
  assert.match(plain, /^coffer v\d+\.\d+\.\d+ \(\w+\) by .+\n$/);
  const number = plain.split(" ")[1]!.slice(1);
  const data = await coffer.json(["version"]) as Record<string, unknown>;
  assert.equal(data["name"], "coffer");
  assert.equal(data["version"], number);
  assert.equal(await coffer.ok(["version", "-o", "json"]), await coffer.ok(["version", "--json"]));
  assert.equal((await coffer.ok(["--version"])).trim(), number);
  await coffer.fault("USAGE", ["version", "-o", "yaml"]);
});
