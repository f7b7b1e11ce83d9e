import fc from "fast-check";
import assert from "node:assert/strict";
import {
  envNameOf,
  isSecretName,
  MAX_NAME_BYTES,
  parseEnvName,
  parseSecretName,
  parseStackName,
} from "../../core/name.ts";
import { secretName } from "./seal/arbitraries.ts";
import { assertFault } from "./seal/assert_fault.ts";

/** Every character that is special somewhere: in paths, shells, JSON, file names or regular expressions. */
const HOSTILE = [..." \t\n\r\0\"'`$\\|&;<>(){}[]*?!#%^~=+:,@é🔑\u202e\u00ad"];

Deno.test("parseSecretName() returns the name when it is one", () => {
  fc.assert(fc.property(secretName, (name) => assert.equal(parseSecretName(name), name)));
  for (const name of ["a", "_", "0", "a.b", "a-b", "a/b/c", "a..b", "API_KEY", "a.", "x".repeat(MAX_NAME_BYTES)]) {
    assert.equal(parseSecretName(name), name);
  }
});

Deno.test("parseSecretName() is USAGE when the text is no name", () => {
  const others = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/.b",
    ".a",
    "-a",
    "a/-b",
    "x".repeat(256),
  ];
  for (const text of [...others, ...HOSTILE.flatMap((c) => [c, `a${c}`, `${c}a`, `a${c}b`])]) {
    assert.ok(!isSecretName(text), JSON.stringify(text));
    assertFault("USAGE", () => parseSecretName(text));
  }
});

Deno.test("a secret's name never leads out of a folder when it is taken for a path", () => {
  fc.assert(fc.property(secretName, (name) => {
    assert.ok(name.split("/").every((segment) => segment !== "" && segment !== "." && segment !== ".."));
    assert.ok(new URL(`file:///store/${name}`).pathname.startsWith("/store/"));
  }));
});

Deno.test("parseStackName() returns the name when it is one, and is USAGE otherwise", () => {
  for (const name of ["dev", "0", "a-b_c", "staging-eu", "x".repeat(64)]) assert.equal(parseStackName(name), name);
  const others = ["", "Dev", "-a", "_a", ".", "..", "a.b", "a/b", "x".repeat(65)];
  for (const text of [...others, ...HOSTILE.flatMap((c) => [c, `a${c}`])]) {
    assertFault("USAGE", () => parseStackName(text));
  }
});

Deno.test("two stacks never share a folder where case is ignored", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      assert.equal(parseStackName(text).toLowerCase(), text);
    } catch {
      assertFault("USAGE", () => parseStackName(text));
    }
  }));
});

Deno.test("parseEnvName() returns the name when it is one, and is USAGE otherwise", () => {
  for (const name of ["A", "_", "a1", "DB_PASSWORD"]) assert.equal(parseEnvName(name), name);
  const others = ["", "1", "1A", "A-B", "A.B", "A/B"];
  for (const text of [...others, ...HOSTILE.flatMap((c) => [c, `A${c}`])]) {
    assertFault("USAGE", () => parseEnvName(text));
  }
});

Deno.test("envNameOf() gives a variable's name when the secret's name is any", () => {
  fc.assert(fc.property(secretName, (name) => assert.equal(parseEnvName(envNameOf(name)), envNameOf(name))));
});

Deno.test("envNameOf() gives a variable's name for any name that a set may have", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(fc.property(name, (name) => assert.equal(parseEnvName(envNameOf(name)), envNameOf(name))));
});

Deno.test("envNameOf() keeps a name that is a variable's already, and maps others to upper case", () => {
  const expected = {
    API_KEY: "API_KEY",
    apiKey: "apiKey",
    _: "_",
    "db/password": "DB_PASSWORD",
    "db.pass-word": "DB_PASS_WORD",
    "2fa": "_2FA",
    "0": "_0",
    "a/2": "A_2",
  };
  for (const [name, variable] of Object.entries(expected)) assert.equal(envNameOf(parseSecretName(name)), variable);
});
