import assert from "node:assert/strict";
import fc from "fast-check";
import { Acl, ROOT_POLICY } from "../../../server/policies/acl.ts";
import { type Capability, OPERATIONS } from "../../../server/policies/capability.ts";
import { DEFAULT_POLICY_TEXT } from "../../../server/policies/default_policy.ts";
import { parsePolicy, type Policy } from "../../../server/policies/policy.ts";
import { decisions } from "../openbao/decisions.ts";
import { defaultPolicy } from "../openbao/default_policy.ts";
import { answersTo } from "../openbao/subject.ts";

/** A prefix that covers the mount and grants nothing is access for OpenBao's preflight, and is none here. */
const TAKES_FOR_ACCESS = /path "(k|kv|kv\/)?\*" \{ capabilities = \[("deny")?\] \}/;

Deno.test("Acl decides as OpenBao does", () => {
  let [granted, allowed, reached] = [0, 0, 0];
  for (const { question: { policies, paths, requests }, answer } of answersTo(decisions, 250)) {
    const acl = new Acl(policies.map(parsePolicy));
    const said = policies.join("\n");
    assert.deepEqual(paths.map((path) => acl.capabilities(path)), answer.capabilities, said);
    assert.deepEqual(requests.map(([operation, path]) => acl.allows(operation, path)), answer.allowed, said);
    if (!TAKES_FOR_ACCESS.test(said)) assert.equal(acl.reaches("kv/"), answer.reaches, said);
    granted += answer.capabilities.filter(([first]) => first !== "deny").length;
    allowed += answer.allowed.filter(Boolean).length;
    reached += Number(answer.reaches);
  }
  // And not because nothing was allowed.
  assert.ok(granted > 400 && allowed > 150 && reached > 150, `${granted} ${allowed} ${reached}`);
});

Deno.test("Acl.reaches() is not misled by a prefix that denies", () => {
  for (const prefix of ["*", "k*", "kv*", "kv/*"]) {
    const denied = parsePolicy(`path "${prefix}" { capabilities = ["deny"] }`);
    assert.equal(new Acl([denied]).reaches("kv/"), false);
    assert.equal(new Acl([denied, parsePolicy('path "kv/a" { capabilities = ["read"] }')]).reaches("kv/"), true);
  }
});

Deno.test("the default policy allows what OpenBao's does", () => {
  const acl = new Acl([parsePolicy(DEFAULT_POLICY_TEXT)]);
  const answers = answersTo(defaultPolicy, 20);
  for (const { question, answer } of answers) assert.deepEqual(acl.capabilities(question), answer, question);
  const asked = new Set(answers.map(({ question }) => question));
  for (const { path } of parsePolicy(DEFAULT_POLICY_TEXT).rules) assert.ok(asked.has(path), path);
});

Deno.test("the root policy allows everything, and only that one object does", () => {
  for (const policies of [[ROOT_POLICY], [parsePolicy('path "*" { capabilities = ["deny"] }'), ROOT_POLICY]]) {
    const acl = new Acl(policies);
    assert.deepEqual(acl.capabilities("a/b"), ["root"]);
    for (const operation of OPERATIONS) assert.ok(acl.allows(operation, "a/b") && acl.hasSudo(operation, "a/b"));
    assert.ok(acl.reaches("kv/"));
  }
  const named = new Acl([parsePolicy('name = "root"')]);
  assert.deepEqual(named.capabilities("a/b"), ["deny"]);
});

Deno.test("Acl.hasSudo() asks the rule that decides about the operation", () => {
  const acl = new Acl([parsePolicy(`
    path "a" { capabilities = ["update", "sudo"] }
    path "a/" { capabilities = ["list"] }
    path "b" { capabilities = ["list", "sudo"] }
    path "c/*" { capabilities = ["sudo"] }
    path "c/d" { capabilities = ["deny"] }
  `)]);
  const asked = [["update", "a"], ["list", "a"], ["list", "b"], ["read", "b/"], ["read", "c/x"], [
    "read",
    "c/d",
  ]] as const;
  assert.deepEqual(asked.map(([operation, path]) => acl.hasSudo(operation, path)), [
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
  assert.equal(acl.allows("read", "c/x"), false, "sudo allows nothing by itself");
});

const paths = fc.array(fc.constantFrom("a", "b", "ab", "c"), { minLength: 1, maxLength: 3 }).map((all) =>
  all.join("/")
);
const rules: fc.Arbitrary<Policy["rules"][number]> = fc.record({
  path: fc.tuple(
    fc.array(fc.constantFrom("a", "b", "ab", "+"), { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "*", "/*"),
  )
    .map(([segments, end]) => segments.join("/") + end).filter((path) => !path.includes("+*")),
  capabilities: fc.uniqueArray(fc.constantFrom<Capability>("create", "read", "list", "sudo")).map((names) =>
    new Set(names)
  ),
});

Deno.test("Acl does not care in which order rules and policies come, nor how they are spread", () => {
  fc.assert(fc.property(fc.array(rules, { maxLength: 8 }), fc.array(paths), fc.nat(), (rules, paths, seed) => {
    const turned = [...rules.slice(seed % (rules.length + 1)), ...rules.slice(0, seed % (rules.length + 1))].reverse();
    const acls = [new Acl([{ rules }]), new Acl(turned.map((rule) => ({ rules: [rule] })))];
    for (const path of paths) assert.deepEqual(acls[0]!.capabilities(path), acls[1]!.capabilities(path));
  }));
});

Deno.test("Acl allows an operation where sys/capabilities says so", () => {
  fc.assert(fc.property(fc.array(rules, { maxLength: 6 }), fc.array(paths), (rules, paths) => {
    const acl = new Acl([{ rules }]);
    for (const path of paths) {
      for (const operation of ["create", "read"] as const) {
        assert.equal(acl.allows(operation, path), acl.capabilities(path).includes(operation));
      }
      assert.equal(acl.allows("list", path), acl.capabilities(`${path}/`).includes("list"));
    }
  }));
});

Deno.test("denying a path in one more policy denies it, whatever others grant", () => {
  fc.assert(fc.property(fc.array(rules), paths, (rules, path) => {
    const acl = new Acl([{ rules }, { rules: [{ path, capabilities: new Set(["deny"]) }] }]);
    assert.deepEqual(acl.capabilities(path), ["deny"]);
    for (const operation of OPERATIONS) if (operation !== "list") assert.equal(acl.allows(operation, path), false);
  }));
});
