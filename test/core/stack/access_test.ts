/** Whoever keeps a record of accesses is told of each of them in time, and can refuse it. */
import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { type Access, recorded } from "../../../core/stack/access.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import type { Stack } from "../../../core/stack/stack.ts";
import { verify } from "../../../core/stack/verify.ts";
import { Secret } from "../../../core/secret.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { named, QUICK, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";

type Operation = (stack: Stack) => Promise<unknown>;
type Told = [kind: Access["kind"], secrets: string, missing: number, outcome: Access["outcome"]];

const [A, B, NEW, NONE] = ["a", "b", "new", "none"].map(named) as [
  ReturnType<typeof named>,
  ReturnType<typeof named>,
  ReturnType<typeof named>,
  ReturnType<typeof named>,
];

/** What each operation tells: `a` is at version 2, `b` at version 1. */
const GRANTED: [Operation, Told][] = [
  [(stack) => stack.get(A), ["read", "a@2", 0, "ok"]],
  [(stack) => stack.get(A, 1), ["read", "a@1", 0, "ok"]],
  [(stack) => stack.find([A, NONE, B, A]), ["read", "a@2 b@1", 1, "ok"]],
  [(stack) => stack.find([NONE]), ["read", "", 1, "ok"]],
  [(stack) => stack.getAll([A, B]), ["read", "a@2 b@1", 0, "ok"]],
  [(stack) => stack.set(A, valueOf("x")), ["write", "a@3", 0, "ok"]],
  [(stack) => stack.set(NEW, valueOf("x")), ["write", "new@1", 0, "ok"]],
  [(stack) => stack.change(B, () => valueOf("x")), ["write", "b@2", 0, "ok"]],
  [
    (stack) => stack.setAll(new Map([[A, valueOf("x")], [B, valueOf("one")], [NEW, valueOf("y")]])),
    ["write", "a@3 b@1 new@1", 0, "ok"],
  ],
  [(stack) => stack.rollback(A, 1), ["write", "a@3", 0, "ok"]],
  [(stack) => stack.remove([A, B]), ["remove", "a b", 0, "ok"]],
  [(stack) => verify(stack), ["verify", "a b", 0, "ok"]],
  [(stack) => rekey(stack), ["rekey", "a b", 0, "ok"]],
  [(stack) => changePassphrase(stack, Secret.fromText("another one"), QUICK), ["passphrase", "", 0, "ok"]],
];

const FAILED: [Operation, Told][] = [
  [(stack) => stack.get(NONE), ["read", "", 1, "NOT_FOUND"]],
  [(stack) => stack.get(A, 9), ["read", "a", 0, "NOT_FOUND"]],
  [(stack) => stack.getAll([A, NONE]), ["read", "a@2", 1, "NOT_FOUND"]],
  [(stack) => stack.set(A, valueOf("x"), 1), ["write", "a", 0, "CONFLICT"]],
  [(stack) => stack.rollback(NONE, 1), ["write", "", 1, "NOT_FOUND"]],
  [(stack) => stack.rollback(A, 9), ["write", "a", 0, "NOT_FOUND"]],
  [(stack) => stack.remove([A, NONE]), ["remove", "a", 1, "NOT_FOUND"]],
];

async function twoSecrets(): Promise<StackOnDisk> {
  const disk = await StackOnDisk.create({ a: "first", b: "one" });
  using stack = await disk.unlock();
  await stack.set(A, valueOf("second"));
  return disk;
}

function told({ kind, secrets, missing, outcome }: Access): Told {
  const shown = [...secrets].map(([name, version]) => version === undefined ? name : `${name}@${version}`);
  return [kind, shown.join(" "), missing, outcome];
}

Deno.test("Stack tells of each access once, by names and versions, before anything is changed", async () => {
  for (const [operation, expected] of GRANTED) {
    using disk = await twoSecrets();
    using stack = await disk.unlock();
    const before = disk.digests();
    const accesses: Told[] = [];
    await operation(stack.recordedBy((access) => {
      accesses.push(told(access));
      assert.deepEqual(disk.digests(), before, `${expected}: too late`);
      return Promise.resolve();
    }));
    assert.deepEqual(accesses, [expected]);
  }
});

Deno.test("Stack tells of accesses that fail, without the names that lead to nothing", async () => {
  using disk = await twoSecrets();
  using stack = await disk.unlock();
  for (const [operation, expected] of FAILED) {
    const accesses: Told[] = [];
    const code = expected[3] as Exclude<Told[3], "ok">;
    await assertFault(code, () =>
      operation(stack.recordedBy((access) => {
        accesses.push(told(access));
        return Promise.resolve();
      })));
    assert.deepEqual(accesses, [expected]);
  }
});

Deno.test("Stack hands out and changes nothing when the record refuses, and says why", async () => {
  for (const [operation, expected] of [...GRANTED, ...FAILED]) {
    using disk = await twoSecrets();
    using stack = await disk.unlock();
    const before = disk.digests();
    let asked = 0;
    const refusal = new Fault("UNAVAILABLE", "no record");
    await assert.rejects(
      operation(stack.recordedBy(() => {
        asked++;
        return Promise.reject(refusal);
      })),
      (error) => error === refusal,
      String(expected),
    );
    assert.equal(asked, 1, "a refusal is not told of to who refused");
    assert.deepEqual(disk.digests(), before, String(expected));
    assert.equal(await textOf(stack, "a"), "second", "the stack itself goes on");
  }
});

Deno.test("Stack tells of damage, and of what fails after it was granted a second time", async () => {
  using disk = await twoSecrets();
  using stack = await disk.unlock();
  const accesses: Told[] = [];
  const view = stack.recordedBy((access) => {
    accesses.push(told(access));
    // In the place of the temporary file: the write fails.
    if (access.kind === "write") Deno.mkdirSync(disk.path(".new/full"), { recursive: true });
    return Promise.resolve();
  });
  await assertFault("UNAVAILABLE", () => view.set(A, valueOf("x")));
  assert.deepEqual(accesses.splice(0), [["write", "a@3", 0, "ok"], ["write", "a@3", 0, "UNAVAILABLE"]]);
  Deno.writeTextFileSync(disk.path("secrets/b.json"), "{}");
  await assertFault("CONFIG", () => view.getAll([A, B]));
  assert.deepEqual(accesses, [["read", "a@2 b", 0, "CONFIG"]]);
});

Deno.test("Stack tells a view's own record only, and all views end together", async () => {
  using disk = await twoSecrets();
  const stack = await disk.unlock();
  const accesses: string[] = [];
  const viewOf = (name: string) =>
    stack.recordedBy(() => {
      accesses.push(name);
      return Promise.resolve();
    });
  const [one, two] = [viewOf("one"), viewOf("two")];
  await one.get(A);
  await stack.get(A);
  await rekey(two);
  await one.get(A);
  assert.deepEqual(accesses, ["one", "two", "one"]);
  one.dispose();
  for (const view of [one, two, stack]) await assertFault("LOCKED", () => view.get(A));
  assert.deepEqual(accesses, ["one", "two", "one", "one", "two"]);
});

Deno.test("recorded() tells of a bug as one, and throws it", async () => {
  const accesses: Told[] = [];
  const bug = new RangeError("a bug");
  const record = (access: Access) => {
    accesses.push(told(access));
    return Promise.resolve();
  };
  await assert.rejects(recorded(record, "unlock", () => Promise.reject(bug)), (error) => error === bug);
  assert.deepEqual(accesses, [["unlock", "", 0, "INTERNAL"]]);
});
