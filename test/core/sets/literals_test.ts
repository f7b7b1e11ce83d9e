import assert from "node:assert/strict";
import fc from "fast-check";
import { isSecretName } from "../../../core/name.ts";
import { literalKeys, withoutLiterals } from "../../../core/sets/literals.ts";
import type { SetId, SourceSet } from "../../../core/sets/set.ts";

function setOf(id: SetId, values: Record<string, string>): SourceSet {
  const entries = Object.entries(values).map(([name, hint]) => ({ name, source: { kind: "value", hint } as const }));
  return { ...id, labels: {}, entries };
}

Deno.test("withoutLiterals() puts a key of the set's own in the place of each literal value", () => {
  const set: SourceSet = {
    ...setOf({ namespace: "dev", name: "azure" }, { token: "hunter2", "db password": "hunter3" }),
  };
  const given = { ...set, entries: [...set.entries, { name: "id", source: { kind: "env", hint: "ID" } as const }] };
  const { set: kept, literals } = withoutLiterals(given);
  assert.ok(!JSON.stringify(kept).includes("hunter"));
  assert.deepEqual(literals[0], { name: "token", key: "credentials/dev/azure/token", text: "hunter2" });
  assert.deepEqual(kept.entries.at(-1), given.entries.at(-1));
  assert.deepEqual(literalKeys(kept), literals.map(({ key }) => key));
  const { literals: ofGlobal } = withoutLiterals(setOf({ namespace: "", name: "azure" }, { token: "x" }));
  assert.equal(ofGlobal[0]!.key, "credentials/azure/token");
});

Deno.test("literalKeys() are those that the set itself has put there", () => {
  const entries = [
    { name: "a", source: { kind: "secret", hint: "credentials/dev/s/b" } as const }, // another credential's
    { name: "b", source: { kind: "secret", hint: "shared" } as const },
    { name: "c", source: { kind: "env", hint: "credentials/dev/s/c" } as const },
    { name: "d", source: { kind: "secret", hint: "credentials/dev/s/d" } as const },
  ];
  assert.deepEqual(literalKeys({ namespace: "dev", name: "s", labels: {}, entries }), ["credentials/dev/s/d"]);
});

Deno.test("no two credentials have the same key, and every key is a secret's name", () => {
  const name = fc.stringMatching(/^[a-b0-9_][ab._-]{0,2}$/);
  const credential = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab/. _"), minLength: 1, maxLength: 4 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 255 }),
    fc.constantFrom("sha256-", "../../f", "/etc/passwd", "x".repeat(255), "a\0b"),
  );
  const where = fc.record({ namespace: fc.oneof(fc.constant(""), name), set: name, credential });
  const keyOf = ({ namespace, set, credential }: { namespace: string; set: string; credential: string }) =>
    withoutLiterals(setOf({ namespace, name: set }, { [credential]: "x" })).literals[0]!.key;
  fc.assert(fc.property(where, where, (a, b) => {
    assert.ok(isSecretName(keyOf(a)));
    assert.equal(keyOf(a) === keyOf(b), JSON.stringify(a) === JSON.stringify(b));
  }));
});
