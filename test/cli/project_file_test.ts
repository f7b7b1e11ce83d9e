import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, eventually, type RunOptions } from "../fixture/coffer_cli.ts";

const SECRETS = { "db/url": "postgres://u:pw@h/d", "stripe/key": "sk_test_1", "api/token": "token-value" };

/** What `coffer run` adds to the environment: variables that the fixture did not set, and those that it changed. */
async function added(coffer: Coffer, flags: readonly string[] = [], options: RunOptions = {}) {
  const text = await coffer.ok(["run", ...flags, "--no-mask", "--", "env", "-0"], options);
  const variables = text.split("\0").filter(Boolean).map((line) => line.split(/=(.*)/s).slice(0, 2));
  const inherited = new Set(["_", "PWD", "SHLVL", "OLDPWD"]);
  return Object.fromEntries(variables.filter(([name, value]) => !inherited.has(name!) && coffer.env[name!] !== value));
}

/** Runs a command that would leave a trace, which must fail and not start. */
async function startsNothing(coffer: Coffer, code: Parameters<Coffer["fault"]>[0], options: RunOptions = {}) {
  const started = `${coffer.temp}/started`;
  const fault = await coffer.fault(code, ["run", "--", "touch", started], options);
  assert.throws(() => Deno.statSync(started), Deno.errors.NotFound);
  return fault;
}

endToEnd("coffer run sets what the project file declares, and nothing else", async (coffer) => {
  await coffer.given({ ...SECRETS, other: "not declared" });
  await coffer.given({ "sentry/dsn": "https://prod" }, "prod");
  await coffer.ok(["set", "login", "--field", "user"], { stdin: "ada" });
  coffer.file(
    "coffer.toml",
    `[env]
     DATABASE_URL = { secret = "db/url", type = "url" }
     STRIPE_KEY   = { secret = "stripe/key", pattern = "sk_(live|test)_[0-9]+" }
     USER_NAME    = { secret = "login#user" }
     SENTRY_DSN   = { secret = "coffer://prod/sentry/dsn", required = false }
     ABSENT       = { secret = "absent", required = false }
     FALLBACK     = { secret = "absent", default = "instead" }
     API_TOKEN    = "coffer:///api/token"
     NODE_ENV     = "development"
     PORT         = { default = "8080", type = "int" }
     LOG_LEVEL    = { default = "info", enum = ["debug", "info"] }
     REGION       = {}
     OPTIONAL     = { required = false, type = "int" }`,
  );
  const expected = {
    DATABASE_URL: "postgres://u:pw@h/d",
    STRIPE_KEY: "sk_test_1",
    USER_NAME: "ada",
    SENTRY_DSN: "https://prod",
    FALLBACK: "instead",
    API_TOKEN: "token-value",
    NODE_ENV: "development",
    PORT: "8080",
    LOG_LEVEL: "info",
    REGION: "eu",
  };
  assert.deepEqual(await added(coffer, [], { env: { REGION: "eu" } }), expected);
  // The caller's own variables count where no secret and no text is declared.
  const env = { REGION: "us", PORT: "9090", LOG_LEVEL: "", NODE_ENV: "x", DATABASE_URL: "x", OPTIONAL: "1" };
  const overridden = { ...expected, REGION: "us", PORT: "9090", OPTIONAL: "1" };
  assert.deepEqual(await added(coffer, [], { env }), overridden);
  const pristine = await added(coffer, ["--pristine"], { env: { ...env, STRAY: "x" } });
  assert.deepEqual(pristine, overridden, "what is declared is handed over even so");
});

endToEnd("coffer run masks what it looks up for a project file", async (coffer) => {
  await coffer.given(SECRETS);
  coffer.file("coffer.toml", '[env]\nAPI_TOKEN = { secret = "api/token" }\nNODE_ENV = "development"\n');
  const text = await coffer.ok(["run", "--", "sh", "-c", 'echo "$API_TOKEN $NODE_ENV"']);
  assert.equal(text, "******* development\n");
});

endToEnd("coffer run names all that is missing and all that is not valid, and starts nothing", async (coffer) => {
  await coffer.given({ there: "value", "db/url": "hunter2 url", "db/port": "hunter2 port" });
  coffer.file("t.tpl", "coffer:///missing/four");
  coffer.file(
    "coffer.toml",
    `[env]
     THERE    = { secret = "there" }
     FIRST    = { secret = "missing/one", type = "int" }
     SECOND   = { secret = "there#missing-two" }
     REGION   = {}
     DATABASE = { secret = "db/url", type = "url" }
     PORT     = { secret = "db/port", type = "int", default = "1" }
     LEVEL    = { enum = ["debug"] }
     KEY      = { secret = "there", pattern = "valu" }
     OPTIONAL = { secret = "missing", required = false }
     [files]
     "key.pem" = { secret = "missing/three" }
     [templates]
     "t.conf" = "t.tpl"
     "gone.conf" = "gone.tpl"`,
  );
  const { message, hint } = await startsNothing(coffer, "NOT_FOUND", { env: { LEVEL: "hunter2" } });
  const named = [
    ...["FIRST", "missing/one", "SECOND", "there#missing-two", "REGION", "key.pem", "missing/three", "t.conf"],
    ...["missing/four", "gone.conf", "gone.tpl", "DATABASE (type url)", "PORT (type int)", "LEVEL (enum)"],
    "KEY (pattern)",
  ];
  for (const name of named) assert.ok(message.includes(name), name);
  for (const fine of ["THERE", "OPTIONAL", "hunter2", "value"]) assert.ok(!message.includes(fine), message);
  assert.equal(hint, "coffer set missing/one");
});

endToEnd("coffer run fails with CONFIG when nothing is missing and a value breaks a rule", async (coffer) => {
  await coffer.given({ port: "http", bytes: new Uint8Array([0xff, 0xfe]) });
  const declare = (variable: string) => coffer.file("coffer.toml", `[env]\nA = ${variable}\n`);
  declare('{ secret = "port", type = "int" }');
  const { message } = await startsNothing(coffer, "CONFIG");
  assert.ok(message.includes("A") && !message.includes("http"));
  declare('{ secret = "bytes", pattern = ".*" }');
  await startsNothing(coffer, "CONFIG");
  declare('{ secret = "bytes" }');
  await startsNothing(coffer, "UNSUPPORTED");
  for (const wrong of ["+1", "1 ", "", "0x1"]) {
    declare("{ type = 'int' }");
    await startsNothing(coffer, wrong === "" ? "NOT_FOUND" : "CONFIG", { env: { A: wrong } });
  }
  assert.deepEqual(await added(coffer, [], { env: { A: "-1" } }), { A: "-1" });
}, BUNDLE_ONLY);

endToEnd("coffer run puts a project file's secrets and templates into files", async (coffer) => {
  await coffer.given({ "tls/key": "key-value", "db/password": "pw-value" });
  coffer.file("config/app.conf.tpl", "password = {{ coffer:///db/password }}\n");
  coffer.file(
    "coffer.toml",
    `[files]
     "tls/key.pem" = { secret = "tls/key" }
     "other" = { secret = "absent", required = false }
     [templates]
     "app.conf" = "config/app.conf.tpl"`,
  );
  const script = 'cd "$COFFER_FILES" && find . -type f | sort && cat tls/key.pem app.conf "$TLS_KEY_FILE"; ' +
    'echo; echo "${ABSENT_FILE-unset}"';
  const args = ["run", "--no-mask", "--", "sh", "-c", script];
  const expected = "./app.conf\n./tls/key.pem\nkey-valuepassword = pw-value\nkey-value\nunset\n";
  assert.equal(await coffer.ok(args), expected);
  const below = coffer.file("a/b/file", "").replace(/\/file$/, "");
  assert.equal(await coffer.ok(args, { cwd: below }), expected, "from a folder below, too");
  await coffer.fault("USAGE", ["run", "--exec", "--", "true"]);
});

endToEnd("coffer run takes the nearest project file, or none when something is chosen on the line", async (coffer) => {
  await coffer.given(SECRETS);
  coffer.file("coffer.toml", '[env]\nWHERE = "above"\nMISSING = { secret = "missing" }\n');
  const below = coffer.file("a/b/file", "").replace(/\/file$/, "");
  const { message } = await startsNothing(coffer, "NOT_FOUND", { cwd: below });
  assert.ok(message.includes("MISSING"));
  coffer.file("a/coffer.toml", '[env]\nWHERE = "nearer"\n');
  assert.deepEqual(await added(coffer, [], { cwd: below }), { WHERE: "nearer" });

  const token = { API_TOKEN: "token-value" };
  const all = { DB_URL: SECRETS["db/url"], STRIPE_KEY: SECRETS["stripe/key"], ...token };
  assert.deepEqual(await added(coffer, ["-s", "api/token"]), token);
  assert.deepEqual(await added(coffer, ["--prefix", "api/"]), token);
  assert.deepEqual(await added(coffer, ["--all"]), all);
  assert.deepEqual(await added(coffer, ["--env-file", coffer.file("app.env", "A=coffer:///api/token")]), {
    A: "token-value",
  });
  assert.deepEqual(await added(coffer, ["--env-file", coffer.file("empty.env", "")]), {});
  for (const flags of [["--file", "api/token"], ["--template", `${coffer.file("t", "text")}=t`]]) {
    assert.deepEqual(Object.keys(await added(coffer, flags)).filter((name) => !/_FILE/.test(name)), []);
  }
  Deno.removeSync(`${coffer.project}/coffer.toml`);
  assert.deepEqual(await added(coffer), all, "without a project file, every secret");
});

endToEnd("coffer run needs neither a stack nor a passphrase for a project file without secrets", async (coffer) => {
  coffer.file("coffer.toml", '[env]\nPORT = { default = "80", type = "int" }\n');
  assert.deepEqual(await added(coffer, [], { env: { COFFER_PASSPHRASE: undefined } }), { PORT: "80" });
  coffer.file("coffer.toml", "");
  await coffer.given(SECRETS);
  assert.deepEqual(await added(coffer), {}, "an empty file declares that nothing is needed");
});

endToEnd("coffer run uses the stack that is chosen for a project file's secrets", async (coffer) => {
  await coffer.given({ name: "dev" });
  await coffer.given({ name: "prod" }, "prod");
  coffer.file("coffer.toml", '[env]\nA = { secret = "name" }\nB = "coffer://prod/name"\n');
  assert.deepEqual(await added(coffer), { A: "dev", B: "prod" });
  assert.deepEqual(await added(coffer, ["--stack", "prod"]), { A: "prod", B: "prod" });
});

endToEnd("coffer run starts nothing with a project file that is hostile", async (coffer) => {
  await coffer.given(SECRETS);
  const path = `${coffer.project}/coffer.toml`;
  const wrong = [
    "[env]\nA = hunter2",
    '[env]\nA = "hunter2"\nA = "hunter2"',
    '[env]\nA = { pattern = "hunter2(" }',
    '[env]\nA = { secert = "hunter2" }',
    '[env]\nA = "\\u0000hunter2"',
    '[env]\nCOFFER_PASSPHRASE = {}\nCOFFER_FILES = "hunter2"',
    '[files]\n"../../up" = { secret = "db/url" }',
    '[files]\n"/up" = { secret = "db/url" }',
    '[templates]\n"t" = "/etc/hostname"',
    "[__proto__]\nhunter2 = 1",
    "[env.A.__proto__]\nhunter2 = 1",
    `[env]\nA = ${"{ a = ".repeat(10_000)}`,
    `# ${"hunter2".repeat(200_000)}`,
  ];
  for (const text of wrong) {
    coffer.file(path, text);
    const { message, hint } = await startsNothing(coffer, "CONFIG");
    assert.ok(!`${message}${hint}`.includes("hunter2"), message);
  }
  coffer.file(path, '[env]\nNODE_ENV = "x"', 0o666);
  await startsNothing(coffer, "DENIED");
  Deno.renameSync(path, `${path}.real`);
  Deno.chmodSync(`${path}.real`, 0o600);
  Deno.symlinkSync(`${path}.real`, path);
  await startsNothing(coffer, "DENIED");
  assert.deepEqual(Object.keys(await added(coffer, ["-s", "api/token"])), ["API_TOKEN"], "the line does without it");
}, BUNDLE_ONLY);

endToEnd(
  "coffer run --watch starts again when the project file changes, and says what is wrong with it",
  async (coffer) => {
    await coffer.given(SECRETS);
    const declare = (type: string, value: string) =>
      coffer.file(
        "coffer.toml",
        `[env]\nA = { default = "${value}" }\nB = { secret = "api/token", type = "${type}" }\n`,
      );
    declare("string", "one");
    const [log, errors] = [coffer.file("log", ""), coffer.file(`${coffer.root}/errors`, "")];
    const script = 'trap "exit 0" TERM; echo "$A" >> log; while :; do sleep 0.1; done';
    const through = `exec "$@" 2> '${errors}'`;
    await using child = coffer.spawn(["run", "--watch", "--", "sh", "-c", script], { through });
    const ended = child.output();
    const lines = () => Deno.readTextFileSync(log).split("\n").filter(Boolean);
    await eventually(() => lines().length === 1, "the first start");
    declare("int", "two");
    await eventually(() => Deno.readTextFileSync(errors).includes("B (type int)"), "the warning");
    declare("string", "three");
    await eventually(() => lines().length === 2, "the second start");
    child.kill("SIGTERM");
    await ended;
    assert.deepEqual(lines(), ["one", "three"], "what breaks a rule is not started");
  },
);
