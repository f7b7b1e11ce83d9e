import assert from "node:assert/strict";
import { EXIT, type FaultCode } from "../../core/fault.ts";
import type { Check } from "../../core/requirements/check.ts";
import { BUNDLE_ONLY, type Coffer, endToEnd, lastReport, type RunOptions } from "../fixture/coffer_cli.ts";

interface Report {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** Runs `coffer check --json`, which must end with this code and print a report all the same. */
async function report(coffer: Coffer, code: FaultCode | undefined, options: RunOptions = {}, flags: string[] = []) {
  const outcome = await coffer.run(["check", "--json", ...flags], options);
  assert.equal(outcome.code, code === undefined ? 0 : EXIT[code], outcome.stderr);
  if (code === undefined) assert.equal(outcome.stderr, "");
  else assert.equal(lastReport(outcome).error?.code, code);
  const { ok, checks } = JSON.parse(outcome.text) as Report;
  assert.equal(ok, code === undefined);
  return { checks, outcome };
}

/** Each row in words. */
function rows(checks: readonly Check[]): string[] {
  return checks.map(({ kind, name, source, from, status, rule }) =>
    [kind, name, source, from, status, rule].filter((word) => word !== undefined).join(" ")
  );
}

const LOCKED: RunOptions = { env: { COFFER_PASSPHRASE: undefined } };

endToEnd("coffer check reports on each declared name, in both forms", async (coffer) => {
  const values = { "db/url": "postgres://u:value-1@h/d", "stripe/key": "value-2-wrong", token: "value-3" };
  await coffer.given({ ...values, "tls/key": "value-4" });
  coffer.file("app.conf.tpl", "token = coffer:///token, other = {{ coffer:///other#field }}");
  coffer.file(
    "coffer.toml",
    `[env]
     DATABASE_URL = { secret = "db/url", type = "url" }
     STRIPE_KEY = { secret = "stripe/key", pattern = "sk_[a-z]+" }
     SENTRY_DSN = { secret = "sentry/dsn", required = false }
     API_TOKEN = "coffer:///api/token"
     PORT = { default = "8080", type = "int" }
     LOG_LEVEL = { enum = ["debug", "info"] }
     REGION = {}
     NODE_ENV = "development"
     [files]
     "tls/key.pem" = { secret = "tls/key" }
     [templates]
     "app.conf" = "app.conf.tpl"
     "gone.conf" = "gone.conf.tpl"`,
  );
  const env = { LOG_LEVEL: "value-5", REGION: "" };
  const { checks, outcome } = await report(coffer, "NOT_FOUND", { env });
  assert.deepEqual(rows(checks), [
    "variable DATABASE_URL secret db/url ok",
    "variable STRIPE_KEY secret stripe/key invalid pattern",
    "variable SENTRY_DSN secret sentry/dsn unset",
    "variable API_TOKEN secret api/token missing",
    "variable PORT default ok",
    "variable LOG_LEVEL environment invalid enum",
    "variable REGION environment missing",
    "variable NODE_ENV literal ok",
    "file tls/key.pem secret tls/key ok",
    "template app.conf file app.conf.tpl ok",
    "template app.conf secret token ok",
    "template app.conf secret other#field missing",
    "template gone.conf file gone.conf.tpl missing",
  ]);
  const plain = await coffer.run(["check"], { env });
  assert.equal(plain.code, EXIT.NOT_FOUND);
  const lines = plain.text.trimEnd().split("\n");
  assert.equal(lines.length, checks.length);
  for (const [i, { status, name }] of checks.entries()) assert.match(lines[i]!, new RegExp(`^${status} +${name} `));
  for (const text of [outcome.text, outcome.stderr, plain.text, plain.stderr]) assert.ok(!text.includes("value-"));
  const { message } = lastReport(outcome).error!;
  for (const { name, status } of checks) {
    assert.equal(
      message.includes(name),
      checks.some((row) => row.name === name && /missing|invalid/.test(row.status)),
      status,
    );
  }
});

endToEnd("coffer check exits with 0 when all is well, 3 for a broken rule, 4 for a missing name", async (coffer) => {
  await coffer.given({ port: "80" });
  const declare = (type: string) => coffer.file("coffer.toml", `[env]\nPORT = { secret = "port", type = "${type}" }\n`);
  declare("int");
  assert.deepEqual(rows((await report(coffer, undefined)).checks), ["variable PORT secret port ok"]);
  assert.equal((await coffer.run(["check"])).stderr, "");
  declare("bool");
  await report(coffer, "CONFIG");
  await coffer.ok(["rm", "port", "--yes"]);
  await report(coffer, "NOT_FOUND");
  coffer.file("coffer.toml", "");
  assert.deepEqual((await report(coffer, undefined)).checks, []);
});

endToEnd("coffer check needs no passphrase while nothing is said about a secret's value", async (coffer) => {
  await coffer.given({ "db/url": "x" });
  coffer.file("t", "coffer:///db/url");
  const declare = (more: string) =>
    coffer.file(
      "coffer.toml",
      `[env]\nA = { secret = "db/url", type = "string" }\nB = { type = "int", default = "1" }\n${more}
       [files]\nf = { secret = "db/url" }\n[templates]\nt2 = "t"`,
    );
  declare("");
  await report(coffer, undefined, LOCKED);
  declare('C = { secret = "missing", type = "int" }');
  await report(coffer, "NOT_FOUND", LOCKED);
  declare('C = { secret = "missing#field", required = false }');
  await report(coffer, undefined, LOCKED);
  for (const more of ['C = { secret = "db/url", type = "int" }', 'C = { secret = "db/url#field", required = false }']) {
    declare(more);
    await coffer.fault("LOCKED", ["check"], LOCKED);
  }
  await report(coffer, undefined);
});

endToEnd("coffer check looks into the stacks that are named, and the one that is chosen", async (coffer) => {
  await coffer.given({ a: "1" });
  await coffer.given({ b: "x" }, "prod");
  coffer.file(
    "coffer.toml",
    '[env]\nA = { secret = "a", type = "int" }\nB = { secret = "coffer://prod/b", type = "int" }\n',
  );
  assert.deepEqual(rows((await report(coffer, "CONFIG")).checks), [
    "variable A secret a ok",
    "variable B secret coffer://prod/b invalid type int",
  ]);
  const { checks } = await report(coffer, "NOT_FOUND", {}, ["--stack", "prod"]);
  assert.deepEqual(checks.map(({ status }) => status), ["missing", "invalid"]);
  await coffer.fault("NOT_FOUND", ["check", "--stack", "nowhere"]);
});

endToEnd("coffer check finds the nearest project file upwards, and says when there is none", async (coffer) => {
  const { hint } = await coffer.fault("NOT_FOUND", ["check"]);
  // What it proposes works.
  const bash = await new Deno.Command("bash", { args: ["-c", hint!], cwd: coffer.project }).output();
  assert.ok(bash.success);
  await coffer.given({ "db/url": "x" });
  await report(coffer, undefined);
  const folder = coffer.file("a/b/c/file", "").replace(/\/file$/, "");
  await report(coffer, undefined, { cwd: folder });
  coffer.file("a/coffer.toml", '[env]\nA = { secret = "nearer" }\n[templates]\nt = "../t.tpl"');
  coffer.file("t.tpl", "text");
  const { checks } = await report(coffer, "NOT_FOUND", { cwd: folder });
  assert.deepEqual(checks.map(({ name, status }) => [name, status]), [["A", "missing"], ["t", "ok"]]);
});

endToEnd("coffer check needs no stack for what concerns none", async (coffer) => {
  coffer.file("coffer.toml", '[env]\nHOME = {}\nPORT = { default = "80" }\n');
  await report(coffer, undefined, LOCKED);
  coffer.file("coffer.toml", '[env]\nA = { secret = "a" }\n');
  await coffer.fault("NOT_FOUND", ["check"]);
});

endToEnd("coffer check refuses a project file that is not the user's own, or no file", async (coffer) => {
  await coffer.given({ a: "1" });
  const path = coffer.file("coffer.toml", "[env]\n", 0o666);
  await coffer.fault("DENIED", ["check"]);
  Deno.chmodSync(path, 0o664);
  await coffer.ok(["check"]);
  Deno.renameSync(path, `${path}.real`);
  Deno.symlinkSync(`${path}.real`, path);
  await coffer.fault("DENIED", ["check"]);
  Deno.removeSync(path);
  Deno.mkdirSync(path);
  await coffer.fault("DENIED", ["check"]);
  Deno.removeSync(path);
  await new Deno.Command("mkfifo", { args: [path] }).output();
  await coffer.fault("DENIED", ["check"]);
}, BUNDLE_ONLY);

endToEnd("coffer check refuses a project file that does not parse, and shows none of it", async (coffer) => {
  await coffer.given({ a: "1" });
  const megabyte = 1024 * 1024;
  const hostile: (string | Uint8Array)[] = [
    "[env]\nA = hunter2",
    '[env]\nA = "hunter2',
    '[env]\nA = "hunter2"\nA = "hunter2"',
    '[env]\nA = "hunter2\u0001"',
    '[env]\nA = "hunter2\\u0000"',
    '[env]\n"\u202eA\x1b[31m" = "hunter2"'.replace("\x1b", "\\u001b"),
    '[env]\nA = { patern = "hunter2" }',
    '[env]\nA = { pattern = "hunter2(" }',
    '[env]\nA = { type = "hunter2" }',
    "[env]\nA = { __proto__ = 'hunter2' }",
    "[__proto__]\nhunter2 = 1",
    "[env]\nCOFFER_PASSPHRASE = {}",
    `[env]\nA = ${"[".repeat(100_000)}`,
    `a${".a".repeat(100_000)} = 1`,
    `# ${"hunter2".repeat(megabyte)}`,
    new Uint8Array([0x61, 0xff]),
  ];
  for (const content of hostile) {
    coffer.file("coffer.toml", content);
    const { message, hint } = await coffer.fault("CONFIG", ["check"]);
    assert.ok(!`${message}${hint}`.includes("hunter2"), message);
    const { stderr } = await coffer.run(["check"]);
    // deno-lint-ignore no-control-regex -- what must not be there
    assert.ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(stderr), JSON.stringify(stderr));
  }
  coffer.file("coffer.toml", `# ${"x".repeat(megabyte - 2)}`);
  await coffer.ok(["check"]);
  coffer.file("coffer.toml", '[env]\nTLS_KEY_FILE = "x"\n[files]\n"key.pem" = { secret = "tls/key" }\n');
  await coffer.fault("CONFLICT", ["check"]);
}, BUNDLE_ONLY);

endToEnd("coffer check says so when the caller's variable is not text", async (coffer) => {
  coffer.file("coffer.toml", "[env]\nODD = {}\n");
  const { message } = await coffer.fault("UNSUPPORTED", ["check"], { through: "ODD=$'\\xff' \"$@\"" });
  assert.ok(message.includes("ODD"));
});
