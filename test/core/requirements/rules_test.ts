import assert from "node:assert/strict";
import fc from "fast-check";
import { brokenRule, hasRules, type Rules, type TypeName, wholeMatch } from "../../../core/requirements/rules.ts";

const rules = (some: Partial<Rules>): Rules => ({ type: "string", enum: undefined, pattern: undefined, ...some });
const isOf = (type: TypeName, text: string) => brokenRule(text, rules({ type })) === undefined;

Deno.test("brokenRule() knows what is of a type", () => {
  const cases: Record<TypeName, { good: string[]; bad: string[] }> = {
    string: { good: ["", " ", "a\nb", "ä\u2028"], bad: ["a\0b"] },
    int: {
      good: ["0", "-1", "8080", "9".repeat(400)],
      bad: ["", "-", "+1", "08", "1.0", "1e3", "0x10", "1_000", " 1", "1\n", "١", "NaN"],
    },
    number: {
      good: ["0", "-0", "1.50", "1e3", "-1.5E-7", "9007199254740993"],
      bad: ["", ".5", "1.", "1e", "+1", "01", "1,5", "Infinity", "NaN", "0x10", "1 ", "1\n"],
    },
    bool: { good: ["true", "false"], bad: ["", "1", "0", "yes", "True", "true ", "true\n"] },
    url: {
      good: [
        ...["https://example.com", "HTTP://h:8080/p?q#f", "postgres://u:p%40@h:5432/db", "redis://:p^w@h/0"],
        ...["mongodb://a:1,b:2/db?replicaSet=r", "file:///etc/hosts", "sqlite:///db", "https://[::1]/", "amqp://h"],
      ],
      bad: [
        ...["", "example.com", "localhost:5432", "http:x", "https://", "//h", "://h", "1a://h", "mailto:a@b"],
        ...[
          "https://h ",
          " https://h",
          "https://h\n",
          "https://a b/",
          "postgres://h/\tdb",
          "https://h:99999",
          "ws://[",
        ],
      ],
    },
  };
  for (const [type, { good, bad }] of Object.entries(cases) as [TypeName, { good: string[]; bad: string[] }][]) {
    for (const text of good) assert.ok(isOf(type, text), `${type}: ${JSON.stringify(text)}`);
    for (const text of bad) assert.ok(!isOf(type, text), `not ${type}: ${JSON.stringify(text)}`);
  }
});

Deno.test("brokenRule() takes for numbers what JSON does", () => {
  const text = fc.oneof(fc.stringMatching(/^[-+.0-9eE]{0,7}$/), fc.double().map(String), fc.integer().map(String));
  fc.assert(fc.property(text, (text) => {
    const isNumber = isJsonNumber(text);
    assert.equal(isOf("number", text), isNumber);
    assert.equal(isOf("int", text), isNumber && !/[.eE]/.test(text));
  }));
});

function isJsonNumber(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "number";
  } catch {
    return false;
  }
}

Deno.test("brokenRule() names the first rule that a value breaks", () => {
  const all = rules({ type: "int", enum: ["1", "22", "x"], pattern: wholeMatch("[0-9]") });
  const broken = { "1": undefined, x: "type int", "3": "enum", "22": "pattern", "1\0": "text" };
  for (const [text, rule] of Object.entries(broken)) assert.equal(brokenRule(text, all), rule);
});

Deno.test("hasRules() is false exactly when any text will do", () => {
  assert.ok(!hasRules(rules({})));
  for (const some of [{ type: "bool" }, { enum: ["a"] }, { pattern: wholeMatch("") }] as const) {
    assert.ok(hasRules(rules(some)));
  }
});

Deno.test("wholeMatch() matches the whole of a value and nothing less", () => {
  const key = wholeMatch("sk_(live|test)_[A-Za-z0-9]+");
  assert.ok(key.test("sk_live_1"));
  for (const other of ["sk_live_", "xsk_live_1", "sk_live_1\n", "sk_live_1\nsk_live_1"]) assert.ok(!key.test(other));
  assert.ok(!wholeMatch("a|b").test("ab"), "an alternative is no way out");
  assert.ok(wholeMatch("\\p{L}.").test("é🦕"), "letters of any script, and whole characters");
  fc.assert(fc.property(fc.string(), fc.string(), (literal, text) => {
    assert.equal(wholeMatch(RegExp.escape(literal)).test(text), literal === text);
  }));
});

Deno.test("wholeMatch() refuses what is no regular expression by itself", () => {
  for (const source of ["(", "a)|(b", "[", "*", "\\", "(?<", "a{2,1}", "\\y", "a)(?:b"]) {
    assert.throws(() => wholeMatch(source), SyntaxError, source);
  }
});
