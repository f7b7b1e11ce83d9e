import { strict as assert } from "node:assert";
import { PolicyStore } from "../../../server/policies/policy_store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";

const READS = 'path "a" { capabilities = ["read"] }';

Deno.test("PolicyStore has root and default from the start, which stay", async () => {
  const store = new PolicyStore();
  assert.deepEqual(store.list(), ["default", "root"]);
  assert.equal(store.read("root")!.text, "");
  for (const name of ["root", "default", "ROOT"]) await assertFault("USAGE", () => store.delete(name));
  await assertFault("USAGE", () => store.write("root", READS));
  store.write("default", READS);
  assert.equal(store.read("default")!.text, READS);
});

Deno.test("PolicyStore takes names in any case for the same, and refuses what is none", async () => {
  const store = new PolicyStore();
  store.write("Reader", READS);
  assert.deepEqual(store.read("READER"), { name: "reader", text: READS });
  for (const name of ["", "-a", "a b", "a/b", "a\nb", "a".repeat(129)]) {
    await assertFault("USAGE", () => store.write(name, READS));
  }
  await assertFault("CONFIG", () => store.write("broken", 'path "a" {'));
  assert.deepEqual(store.list(), ["default", "reader", "root"]);
});

Deno.test("PolicyStore.aclOf() follows what is written and deleted", () => {
  const store = new PolicyStore();
  const mayRead = () => store.aclOf(["reader", "never-written"]).allows("read", "a");
  assert.equal(mayRead(), false);
  store.write("reader", READS);
  assert.equal(mayRead(), true);
  store.write("reader", 'path "a" { capabilities = ["deny"] }');
  assert.equal(mayRead(), false);
  store.write("reader", READS);
  assert.equal(mayRead(), true);
  store.delete("reader");
  assert.equal(mayRead(), false);
  assert.equal(store.aclOf(["root"]).allows("delete", "anything"), true);
});

Deno.test("PolicyStore.aclOf() is the same for as many sets of policies as are asked for", () => {
  const store = new PolicyStore();
  store.write("reader", READS);
  for (let i = 0; i < 1000; i++) assert.equal(store.aclOf([`p${i}`]).allows("read", "a"), false);
  assert.equal(store.aclOf(["reader"]).allows("read", "a"), true);
});

Deno.test("PolicyStore.fromState() is what toState() was called on, and refuses anything else", async () => {
  const store = new PolicyStore();
  store.write("reader", READS);
  store.write("default", READS);
  const state = JSON.parse(JSON.stringify(store.toState()));
  const again = PolicyStore.fromState(state);
  assert.deepEqual(again.toState(), store.toState());
  assert.equal(again.aclOf(["reader"]).allows("read", "a"), true);
  for (
    const wrong of [
      ...[undefined, null, 1, [], {}, { ...state, version: 2 }, { version: 1, policies: {} }],
      ...[{ version: 1, policies: [{ name: "a" }] }, { version: 1, policies: [{ name: "a", text: "path" }] }],
    ]
  ) await assertFault("CONFIG", () => PolicyStore.fromState(wrong));
});

Deno.test("PolicyStore keeps no more policies than it can hold", async () => {
  const store = new PolicyStore();
  for (let i = 0; i < 999; i++) store.write(`p${i}`, READS);
  await assertFault("UNAVAILABLE", () => store.write("one-more", READS));
  store.write("p0", READS);
  store.delete("p0");
  store.write("one-more", READS);
});
