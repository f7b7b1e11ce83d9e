import assert from "node:assert/strict";
import fc from "fast-check";
import { type DocumentFormat, parseDocument } from "../../../core/config/document.ts";
import {
  type Placeholder,
  placeholdersIn,
  showPlaceholder,
  withPlaceholders,
} from "../../../core/config/placeholders.ts";

const placeholder: fc.Arbitrary<Placeholder> = fc.record({
  scope: fc.constantFrom("env", "secret"),
  name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
}, { noNullPrototype: true });
/** Anything but what begins a placeholder. */
const literal = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll("$", "€"));
const value = fc.string({ unit: "binary", maxLength: 20 });
/** What text looks like when it was meant to be something else: placeholders, quotes, line ends. */
const hostile = fc.oneof(
  value,
  fc.constantFrom(
    '"',
    "'",
    "\n",
    "${env.A}",
    "${secret.B}",
    "${% raw %}",
    "}\nextra: 1",
    '"\n[table]',
    ": ",
    "# c",
    "",
  ),
);

function found(text: unknown): Placeholder[] {
  const problems: string[] = [];
  const placeholders = placeholdersIn(text, "x", problems);
  assert.deepEqual(problems, []);
  return placeholders;
}

Deno.test("withPlaceholders() puts each value where its placeholder is, and leaves everything else", () => {
  const blank = fc.constantFrom("", " ", "  ", "\t");
  const parts = fc.array(fc.oneof(literal, fc.tuple(placeholder, hostile, blank)), { maxLength: 8 });
  fc.assert(fc.property(parts, (parts) => {
    const written = parts.map((part) => {
      if (typeof part === "string") return part;
      const [one, , blank] = part;
      return showPlaceholder(one).replace("{", `{${blank}`).replace("}", `${blank}}`);
    }).join("");
    const placeholders = parts.filter((part) => typeof part !== "string");
    assert.deepEqual(found(written), placeholders.map(([one]) => one));
    const values = placeholders.map(([, value]) => value);
    const expected = parts.map((part) => typeof part === "string" ? part : part[1]).join("");
    assert.equal(withPlaceholders(written, () => values.shift()!), expected);
  }));
});

Deno.test("what a placeholder gives is text, whatever is in it, in every format", async () => {
  const forms: readonly (readonly [DocumentFormat, string])[] = [
    ["toml", 'a = "${env.V}"\nb = "after"\n[t]\nlist = ["x${env.V}", 1]\n'],
    ["yaml", 'a: ${env.V}\nb: "after"\nt:\n  list: ["x${env.V}", 1]\n'],
    ["json", '{ "a": "${env.V}", "b": "after", "t": { "list": ["x${env.V}", 1] } }'],
  ];
  for (const [format, text] of forms) {
    const document = await parseDocument(text, format, "file");
    fc.assert(fc.property(hostile, (value) => {
      const rendered = JSON.parse(JSON.stringify(withPlaceholders(document, () => value)));
      assert.deepEqual(rendered, { a: value, b: "after", t: { list: [`x${value}`, 1] } });
      assert.deepEqual(JSON.parse(JSON.stringify(document)).a, "${env.V}", "the document stays as it was");
    }));
  }
});

Deno.test("placeholdersIn() has either a problem or a placeholder for each place that begins as one", () => {
  const inner = fc.string({ unit: fc.constantFrom(...'abENV_.|% $-1/"{'), maxLength: 12 });
  fc.assert(fc.property(fc.array(inner, { maxLength: 4 }), literal, (inners, before) => {
    const text = before + inners.map((inner) => `\${${inner}}`).join(" ");
    const problems: string[] = [];
    const placeholders = placeholdersIn({ __proto__: null, key: [text] }, "at", problems);
    assert.equal(problems.length + placeholders.length, inners.length);
    for (const problem of problems) assert.ok(problem.startsWith("at.key[0] has "), problem);
  }));
});

Deno.test("placeholdersIn() does not repeat what it refuses, unless it is a name", () => {
  const problems: string[] = [];
  placeholdersIn(
    ["${env.A B}", "${token: hunter2}", "${-env.X-}", "${secret.}", "${ENV.x}", "${a.b}", "${"],
    "x",
    problems,
  );
  assert.equal(problems.length, 7);
  assert.ok(!problems.some((text) => text.includes("hunter2")));
  assert.ok(problems[5]!.includes("${a.b}"));
});

Deno.test("withPlaceholders() keeps tables without a prototype", () => {
  const table = JSON.parse(
    '{"__proto__": "${env.A}", "constructor": {"x": "${env.A}"}}',
    (_key, value) => typeof value === "object" ? Object.assign(Object.create(null), value) : value,
  );
  const rendered = withPlaceholders(table, () => "v") as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(rendered), null);
});
