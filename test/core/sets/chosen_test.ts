import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { HostProvider } from "../../../core/providers/host.ts";
import { lookUp, type Resolved } from "../../../core/resolve.ts";
import { chosenEntries, type ChosenEntry, requireEntries } from "../../../core/sets/chosen.ts";
import { CREDENTIALS, PARAMETERS, type SetEntry, type SourceSet } from "../../../core/sets/set.ts";
import { assertFault } from "../../fixture/assert_fault.ts";

const env = (name: string, hint: string): SetEntry => ({ name, source: { kind: "env", hint } });
const setOf = (name: string, ...entries: SetEntry[]): SourceSet => ({ namespace: "", name, labels: {}, entries });

function resolved(entries: readonly ChosenEntry[], variables: Record<string, string>): Promise<Resolved> {
  const host = new HostProvider((name) => variables[name]);
  const noStack = () => Promise.reject(new Error("no stack is asked for"));
  return lookUp(entries.map(({ source }) => source), noStack, () => Promise.resolve(host));
}

Deno.test("chosenEntries() has each name once, from the set that comes last", () => {
  const sets = [setOf("one", env("a", "A1"), env("b", "B1")), setOf("two", env("b", "B2"), env("c", "C2"))];
  const chosen = chosenEntries(sets, CREDENTIALS).map(({ set, name, source }) => `${set}.${name} ${source.hint}`);
  assert.deepEqual(chosen, ["one.a A1", "two.b B2", "two.c C2"]);
});

Deno.test("requireEntries() names every entry without a value, in Porter's words, and wipes the others", async () => {
  const sets = [
    setOf("s", env("good", "HERE"), env("bad", "NONE"), { name: "cmd", source: { kind: "command", hint: "false" } }, {
      name: "file",
      source: { kind: "path", hint: "/no/such/file" },
    }),
  ];
  const entries = chosenEntries(sets, CREDENTIALS);
  const all = await resolved(entries, { HERE: "value" });
  const value = all.of(entries[0]!.source);
  const { message } = await assertFault("NOT_FOUND", () => requireEntries(entries, all));
  assert.ok(message.startsWith("3 errors occurred: unable to resolve credential s.bad from env NONE: "), message);
  assert.ok(message.includes("; unable to resolve credential s.cmd from command false: "));
  assert.ok(message.includes("; unable to resolve credential s.file from path /no/such/file: "));
  assert.ok(!message.includes("s.good"));
  assert.throws(() => value.size);
  const one = entries.slice(0, 2);
  const alone = await assertFault("NOT_FOUND", async () => requireEntries(one, await resolved(one, { HERE: "value" })));
  assert.ok(alone.message.startsWith("unable to resolve credential s.bad from env NONE: "));
  using fine = requireEntries(one, await resolved(one, { HERE: "value", NONE: "too" }));
  assert.equal(fine.of(one[1]!.source).revealText(), "too");
});

Deno.test("requireEntries() never shows what a literal value is", () => {
  const entries = chosenEntries([setOf("s", { name: "v", source: { kind: "value", hint: "hunter2" } })], PARAMETERS);
  const failed = new Map([["value hunter2", new Fault("UNAVAILABLE", "not now")]]);
  const resolved = { failed, missing: new Map(), [Symbol.dispose]() {} } as unknown as Resolved;
  assert.throws(
    () => requireEntries(entries, resolved),
    (error) => error instanceof Fault && error.message === "unable to resolve parameter s.v from value: not now",
  );
});
