import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "smol-toml";
import { Fault } from "../../../core/fault.ts";
import { describeReference, parseReference } from "../../../core/reference.ts";
import { parseRequirements } from "../../../core/requirements/parse.ts";
import type { Requirements } from "../../../core/requirements/requirements.ts";
import { brokenRule, TYPE_NAMES, wholeMatch } from "../../../core/requirements/rules.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { secretNames } from "../../fixture/secret_names.ts";

const parse = (text: string) => parseRequirements(text, "coffer.toml");
const noRules = { type: "string", enum: undefined, pattern: undefined } as const;
const given = { default: undefined, required: true, rules: noRules };

Deno.test("parseRequirements() reads every form of a declaration", () => {
  const requirements = parse(`
    # a comment
    [env]
    DATABASE_URL = { secret = "db/url", type = "url" }
    PORT         = { default = "8080", type = "int" }
    LOG_LEVEL    = { default = "info", enum = ["debug", "info"] }
    SENTRY_DSN   = { secret = "coffer://prod/sentry#dsn", required = false }
    STRIPE_KEY   = { secret = "stripe#key", pattern = "sk_[a-z]+" }
    API_TOKEN    = "coffer:///api/token"
    NODE_ENV     = "development"
    EMPTY        = ""
    HOME         = {}
    [files]
    "tls/key.pem" = { secret = "tls/key", required = false }
    "ca.pem" = "coffer:///ca"
    [templates]
    "app.conf" = "../conf/app.conf.tpl"
  `);
  const reference = (text: string) => parseReference(`coffer://${text}`);
  assert.deepEqual(requirements, {
    variables: [
      { ...given, name: "DATABASE_URL", from: reference("/db/url"), rules: { ...noRules, type: "url" } },
      { ...given, name: "PORT", from: undefined, default: "8080", rules: { ...noRules, type: "int" } },
      { ...given, name: "LOG_LEVEL", from: undefined, default: "info", rules: { ...noRules, enum: ["debug", "info"] } },
      { ...given, name: "SENTRY_DSN", from: reference("prod/sentry#dsn"), required: false },
      {
        ...given,
        name: "STRIPE_KEY",
        from: reference("/stripe#key"),
        rules: { ...noRules, pattern: wholeMatch("sk_[a-z]+") },
      },
      { ...given, name: "API_TOKEN", from: reference("/api/token") },
      { ...given, name: "NODE_ENV", from: "development" },
      { ...given, name: "EMPTY", from: "" },
      { ...given, name: "HOME", from: undefined },
    ],
    files: [
      { path: "tls/key.pem", from: reference("/tls/key"), required: false },
      { path: "ca.pem", from: reference("/ca"), required: true },
    ],
    templates: [{ path: "app.conf", input: "../conf/app.conf.tpl" }],
  });
  for (const empty of ["", "# nothing\n", "[env]\n[files]\n[templates]\n"]) {
    assert.deepEqual(parse(empty), { variables: [], files: [], templates: [] });
  }
});

Deno.test("parseRequirements() names every key that is wrong, and nothing that is written there", async () => {
  const { message } = await assertFault("CONFIG", () =>
    parse(`
      stack = "hunter2"
      [evn]
      [env]
      1NVALID = "hunter2"
      COFFER_PASSPHRASE = {}
      NUMBER = 2222
      DATE = 2222-02-02
      LIST = ["hunter2"]
      NUL = "hunter2\\u0000"
      BAD_REFERENCE = "coffer://hunter2"
      A = { secret = "hunter2 ", default = 2222, type = "hunter2", requred = "hunter2" }
      B = { enum = [], pattern = "hunter2(", required = "hunter2" }
      C = { enum = ["hunter2", 2222] }
      D = { type = "int", default = "hunter2" }
      E = { enum = ["x"], default = "hunter2" }
      F = { default = "hunter2\\u0000" }
      [files]
      "../up" = "coffer:///a"
      "/absolute" = "coffer:///a"
      "no-secret" = { required = false }
      "no-reference" = "hunter2"
      "unknown" = { secret = "a", type = "int", required = "hunter2" }
      [templates]
      "a//b" = "hunter2"
      "number" = 2222
      "nul" = "hunter2\\u0000"
      "empty" = ""
      "from-root" = "/hunter2"
    `));
  const wrong = [
    ...["stack", "evn (did you mean env?)", "1NVALID", "COFFER_PASSPHRASE", "NUMBER", "DATE", "LIST", "NUL"],
    ...["BAD_REFERENCE", "A.secret", "A.default", "A.type", "A.requred (did you mean required?)", "B.enum"],
    ...["B.pattern", "B.required", "C.enum", "D.default", "E.default", "F.default", "../up", "/absolute"],
    ...["no-secret", "no-reference", "unknown.type", "unknown.required", "a//b", "number", "nul", "empty", "from-root"],
  ];
  for (const name of wrong) assert.ok(message.includes(name), name);
  assert.equal(message.split("; ").length, wrong.length);
  assert.ok(!/hunter2|2222/.test(message), message);
});

Deno.test("parseRequirements() refuses sections that are no tables, and two files in one place", async () => {
  for (const text of ['env = "x"', "env = []", "[[env]]", "files = 1", "templates = 2020-01-01"]) {
    await assertFault("CONFIG", () => parse(text));
  }
  const { message } = await assertFault("CONFIG", () =>
    parse(`
      [files]
      "same" = "coffer:///a"
      "folder" = "coffer:///a"
      "fine/a" = "coffer:///a"
      [templates]
      "same" = "t"
      "folder/b/c" = "t"
      "fine/b" = "t"
    `));
  assert.ok(message.includes("same") && message.includes("folder") && !message.includes("fine"));
});

Deno.test("parseRequirements() names line and column where a text is not TOML, and not what is there", async () => {
  const cases: [text: string, place: string][] = [
    ["[env]\nA = hunter2", "line 2, column 5"],
    ['[env]\nA = "hunter2', "line 2, column 5"],
    ['[env]\nhunter2 = "a"\nhunter2 = "b"', "line 3, column 1"],
    ["[env]\n[env]", "line 2, column 2"],
    ['A = "hunter2\u0001"', "line 1, column 13"],
    ["hunter2", "line 1, column 1"],
    ["a = ".padEnd(3000, "["), "line 1, column 1005"],
  ];
  for (const [text, place] of cases) {
    const { message, hint } = await assertFault("CONFIG", () => parse(text));
    assert.ok(message.includes(`${place} `), `${message} for ${place}`);
    assert.ok(!`${message}${hint}`.includes("hunter2"));
  }
});

Deno.test("parseRequirements() takes names that objects have for names like any other", async () => {
  const { variables } = parse('[env]\n__proto__ = "a"\nconstructor = { default = "b" }\ntoString = {}\n');
  assert.deepEqual(variables.map(({ name }) => name), ["__proto__", "constructor", "toString"]);
  for (const text of ["[__proto__]", "[env.A.__proto__]", "[constructor]", '[env]\nA.toString = ""']) {
    await assertFault("CONFIG", () => parse(text));
  }
  assert.deepEqual(Object.keys(Object.prototype), []);
});

Deno.test("parseRequirements() bears what is large or deep", async () => {
  const size = 1024 * 1024;
  const hostile = [
    `a${".a".repeat(size / 2)} = 1`,
    `[env]\nA = ${"{a=".repeat(size / 3)}`,
    `[files]\n${Array.from({ length: size / 30 }, (_, i) => `"${i}" = "coffer:///a"`).join("\n")}\nx = 1`,
    `[files]\n"${"a/".repeat(size / 2)}" = "coffer:///a"`,
    `[env]\nA = { ${"k".repeat(size)} = 1 }`,
    `[files]\n${Array.from({ length: size / 30 }, (_, i) => `"${i}" = "coffer:///a"`).join("\n")}\n` +
    `[templates]\n${Array.from({ length: size / 30 }, (_, i) => `"${i}/a" = "t"`).join("\n")}\n`,
    Array.from({ length: size / 10 }, (_, i) => `k${i} = 1`).join("\n"),
  ];
  for (const text of hostile) await assertFault("CONFIG", () => parse(text));
});

const text = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0") && text.isWellFormed());
const envNames = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((name) => !name.startsWith("COFFER_"));
const reference = fc.record({
  stack: fc.option(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/), { nil: undefined }),
  name: secretNames,
  field: fc.option(fc.stringMatching(/^[A-Za-z0-9_]{1,5}$/), { nil: undefined }),
}).map((parts) => describeReference(parts as Parameters<typeof describeReference>[0]));
const variable = fc.record({
  secret: reference,
  type: fc.constantFrom(...TYPE_NAMES),
  enum: fc.array(text, { minLength: 1, maxLength: 3 }),
  pattern: text.map(RegExp.escape),
  required: fc.boolean(),
}, { requiredKeys: [] });
const file = fc.record({ secret: reference, required: fc.boolean() }, { requiredKeys: ["secret"] });
const path = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 3 }).map((parts) =>
  parts.join("/")
);
const document = fc.record({
  env: fc.dictionary(envNames, fc.oneof(variable, text.filter((text) => !text.startsWith("coffer://")))),
  files: fc.dictionary(path.map((path) => `f/${path}.pem`), file),
  templates: fc.dictionary(path.map((path) => `t/${path}.conf`), path),
}, { requiredKeys: [] });

/** Tables have no order. */
function sorted<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The document that says what `requirements` say, with every default left out. */
function written({ variables, files, templates }: Requirements) {
  const secret = (from: Requirements["variables"][number]["from"]) =>
    typeof from === "object" ? { secret: describeReference(from) } : {};
  const optional = (required: boolean) => required ? {} : { required };
  return {
    env: sorted(variables.map(({ name, from, rules, required }) => [
      name,
      typeof from === "string" ? from : {
        ...secret(from),
        ...rules.type === "string" ? {} : { type: rules.type },
        ...rules.enum ? { enum: rules.enum } : {},
        ...rules.pattern ? { pattern: rules.pattern.source.slice("^(?:".length, -")$".length) } : {},
        ...optional(required),
      },
    ])),
    files: sorted(files.map(({ path, from, required }) => [path, { ...secret(from), ...optional(required) }])),
    templates: sorted(templates.map(({ path, input }) => [path, input])),
  };
}

Deno.test("parseRequirements() gives back every document that was made of its parts", () => {
  fc.assert(fc.property(document, ({ env = {}, files = {}, templates = {} }) => {
    const withoutDefaults = (entry: object) =>
      Object.fromEntries(
        Object.entries(entry).filter(([key, value]) =>
          !(key === "required" && value === true) && !(key === "type" && value === "string")
        ),
      );
    const expected = {
      env: sorted(
        Object.entries(env).map(([name, entry]) => [name, typeof entry === "string" ? entry : withoutDefaults(entry)]),
      ),
      files: sorted(Object.entries(files).map(([path, entry]) => [path, withoutDefaults(entry)])),
      templates: sorted(Object.entries(templates)),
    };
    assert.deepEqual(written(parse(stringify({ env, files, templates }))), expected);
  }));
});

Deno.test("parseRequirements() takes a default exactly when it keeps the rules", async () => {
  const cases = fc.tuple(variable, fc.oneof(text, fc.constantFrom("1", "1.5", "true", "https://a")));
  await fc.assert(fc.asyncProperty(cases, async ([entry, fallback]) => {
    const [declared] = parse(stringify({ env: { A: entry } })).variables;
    const withDefault = stringify({ env: { A: { ...entry, default: fallback } } });
    if (brokenRule(fallback, declared!.rules) === undefined) {
      assert.equal(parse(withDefault).variables[0]?.default, fallback);
    } else {
      await assertFault("CONFIG", () => parse(withDefault));
    }
  }));
});

Deno.test("parseRequirements() gives requirements or a Fault CONFIG, whatever the text", () => {
  const anyValue = fc.object({
    key: fc.oneof(fc.constantFrom("env", "files", "templates", "A", "secret", "type", "enum", "pattern"), fc.string()),
    values: [fc.string(), fc.boolean(), fc.integer(), fc.constantFrom("int", "coffer:///a", "a#b", "(", "[x]", ".")],
    maxDepth: 4,
  });
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom("[env]", "\n", "A", " = ", '"', "'", "{", "}", "[", "]", ".", ",", "#", "secret", "coffer:///a"),
      fc.string(),
    ),
  ).map((pieces) => pieces.join(""));
  let parsed = 0;
  fc.assert(
    fc.property(fc.oneof(pieces, anyValue.map((value) => stringify(value))), (text) => {
      try {
        parse(text);
        parsed++;
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === "CONFIG", String(error));
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(parsed > 0);
});
