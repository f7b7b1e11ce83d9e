import assert from "node:assert/strict";
import fc from "fast-check";
import { Acl } from "../../../server/policies/acl.ts";
import { CAPABILITIES } from "../../../server/policies/capability.ts";
import { parsePolicy } from "../../../server/policies/policy.ts";
import { Fault } from "../../../core/fault.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { PATHS, policyTexts, REFUSED_HERE, REFUSED_THERE } from "../openbao/policy_texts.ts";
import { answersTo } from "../openbao/subject.ts";

Deno.test("parsePolicy() reads policies as OpenBao does, or refuses them", async () => {
  let understood = 0;
  for (const { question, answer } of answersTo(policyTexts, 250)) {
    if (REFUSED_HERE.has(question)) assert.ok(answer !== null, `${question}: OpenBao refuses it too`);
    if (REFUSED_HERE.has(question) || (answer === null && !REFUSED_THERE.has(question))) {
      await assertFault("CONFIG", () => parsePolicy(question));
      continue;
    }
    const acl = new Acl([parsePolicy(question)]);
    const granted = answer ?? { "secret/x": ["read"] };
    for (const path of PATHS) {
      assert.deepEqual(acl.capabilities(path), granted[path] ?? ["deny"], `${question} on ${path}`);
    }
    understood++;
  }
  assert.ok(understood > 100, `${understood} policies`);
});

const rule = fc.record({
  path: fc.stringMatching(/^[a-z+"\\é#*/ -]{1,12}$/).filter((path) => !path.includes("+*") && !path.startsWith("/")),
  capabilities: fc.uniqueArray(fc.constantFrom(...CAPABILITIES.filter((name) => name !== "deny"))),
}, { noNullPrototype: true });
const blank = fc.constantFrom(" ", "\n", "\t", " # c }\n", '// "\n', '/* " { */', "\r\n");

Deno.test("parsePolicy() reads what is written in either form, however it is laid out", () => {
  fc.assert(fc.property(fc.array(rule), fc.infiniteStream(blank), (rules, blanks) => {
    const space = () => blanks.next().value;
    const blocks = rules.map(({ path, capabilities }) => {
      const list = capabilities.map((name) => `"${name}"${space()}`).join(`,${space()}`);
      return ["path", JSON.stringify(path), "{", "capabilities", "=", "[", list, "]", "}"].map((part) =>
        part + space()
      );
    });
    const hcl = space() + blocks.flat().join("");
    const members = rules.map(({ path, capabilities }) =>
      `${JSON.stringify(path)}:${JSON.stringify({ capabilities })}`
    );
    for (const text of [hcl, `{"path":{${members.join(",")}}}`]) {
      const read = parsePolicy(text).rules.map(({ path, capabilities }) => ({ path, capabilities: [...capabilities] }));
      assert.deepEqual(read, rules);
    }
  }));
});

Deno.test("parsePolicy() reads any text or refuses it, and ends soon", () => {
  const parts = fc.constantFrom(
    'path "a"',
    "{",
    "}",
    "[",
    "]",
    '"',
    "capabilities",
    "=",
    ":",
    ",",
    '"read"',
    "/*",
    "*/",
    "#",
  );
  const texts = fc.array(fc.oneof(parts, fc.string({ unit: "grapheme" })), { maxLength: 30 }).map((all) =>
    all.join(" ")
  );
  const long = fc.tuple(parts, fc.constantFrom("", " ", "\n", "a")).map(([part, end]) => (part + end).repeat(50_000));
  const isReadOrRefused = (text: string) => {
    try {
      parsePolicy(text);
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === "CONFIG", String(error));
    }
  };
  fc.assert(fc.property(texts, isReadOrRefused), { numRuns: 500 });
  fc.assert(fc.property(long, isReadOrRefused), { numRuns: 30 });
});

Deno.test("parsePolicy() does not go down for ever", async () => {
  for (const [open, close] of [["[", "]"], ["{ a = ", "}"]]) {
    await assertFault("CONFIG", () => parsePolicy(`path "a" { b = ${open!.repeat(50_000)}`));
    await assertFault("CONFIG", () => parsePolicy(`path "a" { b = ${open!.repeat(20)}"c"${close!.repeat(20)} }`));
  }
  await assertFault("CONFIG", () => parsePolicy(`{"path":${"[".repeat(5_000)}${"]".repeat(5_000)}}`));
});

Deno.test("parsePolicy() names the line that cannot be read", async () => {
  const fault = await assertFault(
    "CONFIG",
    () => parsePolicy('path "a" {\n  capabilities = ["read"]\n  policy = read\n}'),
  );
  assert.match(fault.message, /line 3/);
});

Deno.test("parsePolicy() names all that is wrong at once", async () => {
  const text = `path "a" { capabilities = ["read", "raed", "lst"] min_wrapping_ttl = 1 }
    path "b" { polcy = "read" policy = "reed" }
    path "c/{{identity.entity.id}}" { allowed_parameters = {} }
    path "d/+*" {} path "e" "f" {} rule "g" {} path "h" { capabilities = ["list"] capabilities = ["list"] }`;
  const { message } = await assertFault("CONFIG", () => parsePolicy(text));
  const all = [
    /raed, lst/,
    /a: min_wrapping_ttl/,
    /b: polcy/,
    /b: policy/,
    /"c\/\{\{/,
    /c.*allowed_parameters/,
    /d\/\+\*/,
  ];
  for (const mentioned of [...all, /form path/, /rule/, /h: capabilities/]) assert.match(message, mentioned);
});

Deno.test("parsePolicy() cannot be made to write to a terminal", async () => {
  for (const text of ['path "\\u001b[2J{{" {}', '"\\u001b[2J" = 1', 'path "a" { "\\u001b[2J" = 1 }']) {
    const { message } = await assertFault("CONFIG", () => parsePolicy(text));
    assert.ok(!message.includes("\u001b"));
  }
});
