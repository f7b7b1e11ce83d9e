import assert from "node:assert/strict";
import { describeReference, parseTemplate, type Reference } from "../../../core/reference.ts";
import {
  type Check,
  checkFile,
  checkTemplate,
  checkVariable,
  type Surroundings,
} from "../../../core/requirements/check.ts";
import { parseRequirements } from "../../../core/requirements/parse.ts";
import { unmetRequirements } from "../../../core/requirements/unmet.ts";
import { Secret } from "../../../core/secret.ts";

/** Secrets by name, undefined for one that is there and was not opened; and the caller's environment. */
function around(
  secrets: Record<string, string | Uint8Array | undefined>,
  variables: Record<string, string> = {},
): Surroundings {
  const valueOf = (reference: Reference) => {
    const value = secrets[describeReference(reference)];
    if (value === undefined) return undefined;
    return typeof value === "string" ? Secret.fromText(value) : new Secret(value);
  };
  return {
    has: (reference) => Object.hasOwn(secrets, describeReference(reference)),
    valueOf,
    environment: (name) => variables[name],
  };
}

/** Status, source and what the command gets, of the variable A that is declared so. */
function outcome(declared: string, surroundings: Surroundings) {
  const [variable] = parseRequirements(`[env]\nA = ${declared}`, "coffer.toml").variables;
  const { check, gets } = checkVariable(variable!, surroundings);
  assert.deepEqual([check.kind, check.name], ["variable", "A"]);
  const got = typeof gets === "object" ? `<${describeReference(gets)}>` : gets;
  return [check.status, check.source, ...check.rule ? [check.rule] : [], got];
}

Deno.test("checkVariable() takes a secret, else the default, else says that it is missing", () => {
  const there = around({ s: "value" }, { A: "the caller's" });
  const nothing = around({}, { A: "the caller's" });
  assert.deepEqual(outcome('{ secret = "s", default = "d" }', there), ["ok", "secret", "<s>"]);
  assert.deepEqual(outcome('{ secret = "s", default = "d" }', nothing), ["ok", "default", "d"]);
  assert.deepEqual(outcome('{ secret = "s" }', nothing), ["missing", "secret", undefined]);
  assert.deepEqual(outcome('{ secret = "s", required = false }', nothing), ["unset", "secret", undefined]);
  assert.deepEqual(outcome('{ secret = "s#f" }', there), ["missing", "secret", undefined]);
  assert.deepEqual(outcome('"coffer://prod/s"', around({ "coffer://prod/s": "" })), [
    "ok",
    "secret",
    "<coffer://prod/s>",
  ]);
});

Deno.test("checkVariable() takes the caller's variable, else the default, where no secret is declared", () => {
  const caller = around({}, { A: "x" });
  for (const none of [around({}), around({}, { A: "" })]) {
    assert.deepEqual(outcome("{}", none), ["missing", "environment", undefined]);
    assert.deepEqual(outcome("{ required = false }", none), ["unset", "environment", undefined]);
    assert.deepEqual(outcome('{ default = "d" }', none), ["ok", "default", "d"]);
    assert.deepEqual(outcome('{ default = "" }', none), ["ok", "default", ""]);
  }
  assert.deepEqual(outcome("{}", caller), ["ok", "environment", "x"]);
  assert.deepEqual(outcome('{ default = "d" }', caller), ["ok", "environment", "x"]);
  assert.deepEqual(outcome('"literal"', caller), ["ok", "literal", "literal"]);
});

Deno.test("checkVariable() applies the rules to what is there, from wherever it is", () => {
  assert.deepEqual(outcome('{ secret = "s", type = "int" }', around({ s: "1" })), ["ok", "secret", "<s>"]);
  assert.deepEqual(outcome('{ secret = "s", type = "int" }', around({ s: "x" })), [
    "invalid",
    "secret",
    "type int",
    "<s>",
  ]);
  assert.deepEqual(outcome('{ type = "int" }', around({}, { A: "x" })), ["invalid", "environment", "type int", "x"]);
  assert.deepEqual(outcome('{ enum = ["a"], required = false }', around({}, { A: "x" })), [
    ...["invalid", "environment", "enum", "x"],
  ]);
  // What the default says does not save a value that is wrong.
  assert.deepEqual(outcome('{ secret = "s", pattern = "a", default = "a" }', around({ s: "b" })), [
    ...["invalid", "secret", "pattern", "<s>"],
  ]);
  const bytes = around({ s: new Uint8Array([0xff]) });
  assert.deepEqual(outcome('{ secret = "s", pattern = ".*" }', bytes), ["invalid", "secret", "text", "<s>"]);
  assert.deepEqual(outcome('{ secret = "s" }', bytes), ["ok", "secret", "<s>"]);
  assert.deepEqual(outcome('{ secret = "s", type = "int" }', around({ s: undefined })), ["ok", "secret", "<s>"]);
});

Deno.test("checkFile() and checkTemplate() name what is missing", () => {
  const { files, templates } = parseRequirements(
    `[files]\na = { secret = "a" }\nb = { secret = "b" }\nc = { secret = "c", required = false }
     [templates]\nt = "t.tpl"`,
    "coffer.toml",
  );
  const surroundings = around({ a: undefined });
  assert.deepEqual(files.map((file) => checkFile(file, surroundings)), [
    { kind: "file", name: "a", source: "secret", from: "a", status: "ok" },
    { kind: "file", name: "b", source: "secret", from: "b", status: "missing" },
    { kind: "file", name: "c", source: "secret", from: "c", status: "unset" },
  ]);
  const row = { kind: "template", name: "t" };
  const template = parseTemplate("coffer:///a coffer:///x#f coffer:///a");
  assert.deepEqual(checkTemplate(templates[0]!, template, surroundings), [
    { ...row, source: "file", from: "t.tpl", status: "ok" },
    { ...row, source: "secret", from: "a", status: "ok" },
    { ...row, source: "secret", from: "x#f", status: "missing" },
  ]);
  assert.deepEqual(checkTemplate(templates[0]!, undefined, surroundings), [
    { ...row, source: "file", from: "t.tpl", status: "missing" },
  ]);
});

Deno.test("unmetRequirements() is one fault for everything, NOT_FOUND as soon as something is missing", () => {
  const row = (name: string, some: Partial<Check>): Check => (
    { kind: "variable", name, source: "environment", status: "ok", ...some }
  );
  const ok = row("FINE", {});
  const unset = row("UNSET", { status: "unset" });
  const missing = row("MISSING", { source: "secret", from: "coffer://prod/db#password", status: "missing" });
  const invalid = row("INVALID", { status: "invalid", rule: "type int" });
  const unmet = (...checks: Check[]) => unmetRequirements(checks, "coffer.toml");
  assert.equal(unmet(), undefined);
  assert.equal(unmet(ok, unset), undefined);
  assert.equal(unmet(ok, invalid)?.code, "CONFIG");
  const both = unmet(invalid, ok, missing, unset)!;
  assert.equal(both.code, "NOT_FOUND");
  for (const part of ["MISSING", "coffer://prod/db#password", "INVALID", "type int"]) {
    assert.ok(both.message.includes(part), part);
  }
  assert.ok(!/FINE|UNSET/.test(both.message));
  assert.equal(both.hint, "coffer set db --field password --stack prod");
});
