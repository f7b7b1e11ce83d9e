import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, type RunOptions } from "../fixture/coffer_cli.ts";

const SECRETS = { "db/password": "pw-value", "db/user": "user-value", API_KEY: "key-value", "2fa": "2fa-value" };
const ALL = { DB_PASSWORD: "pw-value", DB_USER: "user-value", API_KEY: "key-value", _2FA: "2fa-value" };

/** What `coffer run` adds to the environment: variables that the fixture did not set. */
async function added(coffer: Coffer, flags: readonly string[], options: RunOptions = {}) {
  const text = await coffer.ok(["run", ...flags, "--no-mask", "--", "env", "-0"], options);
  const variables = Object.fromEntries(text.split("\0").filter(Boolean).map((line) => split(line)));
  // What a shell or the runtime adds to any environment, here and without Coffer.
  for (const name of ["_", "PWD", "SHLVL", "OLDPWD", ...Object.keys(coffer.env)]) delete variables[name];
  return variables;
}

function split(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

endToEnd("coffer run sets exactly the secrets that are chosen", async (coffer) => {
  await coffer.given(SECRETS);
  await coffer.given({ "db/password": "prod-pw" }, "prod");
  await coffer.ok(["set", "login", "--field", "user"], { stdin: "ada" });
  await coffer.ok(["rm", "2fa"]);
  const { _2FA: _, ...all } = ALL;
  const everything = { ...all, login: '{"user":"ada"}' };
  assert.deepEqual(await added(coffer, []), everything);
  assert.deepEqual(await added(coffer, ["--all"]), everything);
  assert.deepEqual(await added(coffer, ["-s", "db/password"]), { DB_PASSWORD: "pw-value" });
  assert.deepEqual(await added(coffer, ["-s", "db/password=PGPASSWORD", "--secret", "API_KEY"]), {
    PGPASSWORD: "pw-value",
    API_KEY: "key-value",
  });
  assert.deepEqual(await added(coffer, ["--prefix", "db/"]), { DB_PASSWORD: "pw-value", DB_USER: "user-value" });
  assert.deepEqual(await added(coffer, ["--prefix", "nothing/"]), {});
  const references = ["-s", "coffer:///db/user", "-s", "coffer://prod/db/password", "-s", "coffer:///login#user=WHO"];
  assert.deepEqual(await added(coffer, references), { DB_USER: "user-value", DB_PASSWORD: "prod-pw", WHO: "ada" });
  assert.deepEqual(await added(coffer, ["-s", "login#user"]), { LOGIN_USER: "ada" });
  assert.deepEqual(await added(coffer, ["-s", "API_KEY", "-s", "API_KEY"]), { API_KEY: "key-value" });
  assert.deepEqual(await added(coffer, ["--stack", "prod"]), { DB_PASSWORD: "prod-pw" });
  assert.deepEqual(await added(coffer, [], { env: { COFFER_STACK: "prod" } }), { DB_PASSWORD: "prod-pw" });
});

endToEnd("coffer run sets an env file's variables and looks its references up", async (coffer) => {
  await coffer.given(SECRETS);
  const file = coffer.file("app.env", "PORT=8080\nEMPTY=\nPASSWORD=coffer:///db/password\nURL='http://coffer:///x'\n");
  assert.deepEqual(await added(coffer, ["--env-file", file]), {
    PORT: "8080",
    EMPTY: "",
    PASSWORD: "pw-value",
    URL: "http://coffer:///x",
  });
  const second = coffer.file("more.env", "MORE=1");
  assert.deepEqual(await added(coffer, ["--env-file", second, "-s", "API_KEY"]), { MORE: "1", API_KEY: "key-value" });
  await coffer.fault("NOT_FOUND", ["run", "--env-file", "missing.env", "--", "true"]);
  await coffer.fault("CONFIG", ["run", "--env-file", coffer.file("bad.env", "A='open"), "--", "true"]);
  await coffer.fault("USAGE", ["run", "--env-file", coffer.file("ref.env", "A=coffer://no slash"), "--", "true"]);
});

endToEnd("coffer run starts nothing when two sources claim one variable", async (coffer) => {
  await coffer.given({ "db/password": "a", "db.password": "b", COFFER_FILES: "c", "tls/key": "d" });
  const started = `${coffer.temp}/started`;
  const touch = ["--", "touch", started];
  const env = coffer.file("app.env", "DB_PASSWORD=x");
  const collisions = [
    [],
    ["--all"],
    ["-s", "db/password", "-s", "db.password"],
    ["-s", "db/password", "-s", "tls/key=DB_PASSWORD"],
    ["-s", "db/password", "--env-file", env],
    ["-s", "COFFER_FILES", "--file", "tls/key=key"],
    ["-s", "db/password=TLS_KEY_FILE", "--file", "tls/key=key"],
    ["--file", "tls/key=a", "--file", "tls/key=b"],
  ];
  for (const flags of collisions) await coffer.fault("CONFLICT", ["run", ...flags, ...touch]);
  assert.throws(() => Deno.statSync(started), Deno.errors.NotFound);
}, BUNDLE_ONLY);

endToEnd("coffer run lists every missing name and starts nothing when some are missing", async (coffer) => {
  await coffer.given({ there: "value" });
  const template = coffer.file("t", "{{ coffer:///missing/four }}");
  const flags = ["-s", "there", "-s", "missing/one", "-s", "coffer:///missing/two#field", "--file", "missing/three"];
  const started = `${coffer.temp}/started`;
  const args = ["run", ...flags, "--template", `${template}=t`, "--", "touch", started];
  const { message } = await coffer.fault("NOT_FOUND", args);
  for (const name of ["missing/one", "missing/two", "missing/three", "missing/four"]) assert.ok(message.includes(name));
  assert.ok(!message.includes("there,"));
  assert.throws(() => Deno.statSync(started), Deno.errors.NotFound);
  await coffer.fault("NOT_FOUND", ["run", "-s", "coffer://prod/name", "--", "touch", started]);
});

endToEnd("coffer run exits with 125 when the failure is its own, whatever it is", async (coffer) => {
  await coffer.fault("NOT_FOUND", ["run", "--", "true"]);
  await coffer.given({ name: "value" });
  await coffer.fault("USAGE", ["run"]);
  await coffer.fault("USAGE", ["run", "--no-such-flag", "--", "true"]);
  await coffer.fault("USAGE", ["run", "-s", "not a name", "--", "true"]);
  await coffer.fault("USAGE", ["run", "-s", "name=NOT-A-VARIABLE", "--", "true"]);
  await coffer.fault("USAGE", ["run", "--template", "no-output", "--", "true"]);
  await coffer.fault("LOCKED", ["run", "--", "true"], { env: { COFFER_PASSPHRASE: "wrong" } });
});

endToEnd("coffer run refuses values that no variable can hold and names them", async (coffer) => {
  await coffer.given({ NUL: "a\0b", BINARY: new Uint8Array([0xff, 0xfe, 0xfd, 0xfc]), FINE: "text" });
  const { message } = await coffer.fault("UNSUPPORTED", ["run", "--", "true"]);
  assert.ok(message.includes("NUL") && message.includes("BINARY") && !message.includes("FINE"));
  assert.deepEqual(await added(coffer, ["-s", "FINE"]), { FINE: "text" });
}, BUNDLE_ONLY);

endToEnd("coffer run gives a pristine child the documented variables and the secrets only", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const inherited = { LANG: "C", TZ: "UTC", TERM: "dumb", USER: "u", LOGNAME: "u", SHELL: "/bin/sh", LC_CTYPE: "C" };
  const env = { ...inherited, STRAY: "x", LD_DEBUG_OUTPUT: "x", GITHUB_TOKEN: "x" };
  const output = await coffer.ok(["run", "--pristine", "--no-mask", "--", "env", "-0"], { env });
  const names = output.split("\0").filter(Boolean).map((line) => split(line)[0]).sort();
  const kept = ["PATH", "HOME", "TMPDIR", "LC_ALL", ...Object.keys(inherited)];
  assert.deepEqual(names, [...kept, "NAME"].sort());
});

endToEnd("coffer run keeps what unlocks the store from the child", async (coffer) => {
  await coffer.given({ name: "value" });
  const file = coffer.file(`${coffer.root}/passphrase`, coffer.env["COFFER_PASSPHRASE"]!);
  const env = { COFFER_PASSPHRASE_FILE: file, COFFER_NEW_PASSPHRASE: "n", COFFER_NEW_PASSPHRASE_FILE: file };
  for (const flags of [[], ["--no-mask"]]) {
    const output = await coffer.ok(["run", ...flags, "--", "env"], { env });
    assert.ok(!output.includes("PASSPHRASE"));
  }
});
