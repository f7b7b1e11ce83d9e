import assert from "node:assert/strict";
import fc from "fast-check";
import type { SecretName } from "../../../core/name.ts";
import { Secret } from "../../../core/secret.ts";
import { MAX_VALUE_BYTES } from "../../../core/seal/padding.ts";
import { Keyring } from "../../../core/seal/keyring.ts";
import { openSlot, slotKeyOf } from "../../../core/seal/passphrase_slot.ts";
import { slotContextOf } from "../../../core/seal/stack_file.ts";
import { createStack } from "../../../core/stack/create.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import { StackSession } from "../../../core/stack/session.ts";
import { Stack } from "../../../core/stack/stack.ts";
import { verify } from "../../../core/stack/verify.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { secretDocument } from "../../../core/store/store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { ObservedStore } from "../../fixture/observed_store.ts";
import { killedInTheMiddle, Program } from "../../fixture/program.ts";
import { LONG_TEXT, named, PASSPHRASE, QUICK, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";
import { AWKWARD_NAMES, secretNames } from "../../fixture/secret_names.ts";
import { CAN_MOUNT, run, smallDisk, temporaryFolder } from "../../fixture/temporary_folder.ts";

const A = named("a");
const secretOf = (text: string) => Secret.fromText(text);

function inMemory(): Promise<Stack> {
  return createStack(new MemoryStore(), secretOf(PASSPHRASE), QUICK);
}

async function bytesOf(stack: Stack, name: SecretName, version?: number): Promise<Uint8Array> {
  using value = (await stack.get(name, version)).value;
  return value.reveal();
}

Deno.test("Stack.get() returns the exact bytes that were set when they are any bytes", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  const values = [
    new Uint8Array(),
    new Uint8Array(1),
    Uint8Array.of(0, 0, 0, 0),
    Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80),
    new TextEncoder().encode('\r\nwith "quotes" and \u2028 and a new line\n'),
    Uint8Array.from({ length: 256 }, (_, i) => i),
    Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31 + (i >> 8)) & 0xff),
  ];
  for (const bytes of values) {
    await stack.set(A, valueOf(bytes));
    assert.deepEqual(await bytesOf(stack, A), bytes);
    using again = await disk.unlock();
    assert.deepEqual(await bytesOf(again, A), bytes);
  }
  for (const [i, bytes] of values.entries()) assert.deepEqual(await bytesOf(stack, A, i + 1), bytes);
});

Deno.test("Stack keeps any values under any names", async () => {
  const values = fc.dictionary(secretNames, fc.uint8Array({ maxLength: 200 }), { maxKeys: 8 });
  await fc.assert(
    fc.asyncProperty(values, async (values) => {
      using stack = await inMemory();
      for (const [name, bytes] of Object.entries(values)) await stack.set(named(name), valueOf(bytes));
      for (const [name, bytes] of Object.entries(values)) assert.deepEqual(await bytesOf(stack, named(name)), bytes);
      assert.deepEqual(await stack.list(), Object.keys(values).sort());
    }),
    { numRuns: 40 },
  );
});

Deno.test("Stack.set() takes 16 MiB and refuses one byte more", async () => {
  using folder = temporaryFolder("memory");
  using disk = await StackOnDisk.create({}, { path: folder.path, [Symbol.dispose]() {} });
  using stack = await disk.unlock();
  const bytes = new Uint8Array(MAX_VALUE_BYTES + 1).fill(7);
  await stack.set(A, valueOf(bytes.subarray(1)));
  assert.equal((await bytesOf(stack, A)).length, 16 * 1024 * 1024);
  const before = disk.digests();
  const [b, c] = [named("b"), named("c")];
  await assertFault("USAGE", () => stack.set(b, valueOf(bytes)));
  await assertFault("USAGE", () => stack.setAll(new Map([[b, valueOf("b")], [c, valueOf(bytes)]])));
  assert.deepEqual(disk.digests(), before, "nothing was written, not even what came before it");
});

Deno.test("Stack.get() hands on the type that was set", async () => {
  using stack = await inMemory();
  await stack.set(A, { value: secretOf(`{"user":"x"}`), type: "json" });
  assert.equal((await stack.get(A)).type, "json");
  await stack.set(A, valueOf("x"));
  assert.equal((await stack.get(A)).type, "bytes");
  assert.equal((await stack.get(A, 1)).type, "json");
});

Deno.test("Stack.get() gives NOT_FOUND for a name or version that there is not", async () => {
  using stack = await inMemory();
  await assertFault("NOT_FOUND", () => stack.get(A));
  await stack.set(A, valueOf("1"));
  for (const version of [0, 2, -1, 1.5]) await assertFault("NOT_FOUND", () => stack.get(A, version));
  await assertFault("NOT_FOUND", () => stack.get(named("a/b")));
});

Deno.test("Stack.set() keeps ten versions, and the bytes of those it keeps", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  const lines = () =>
    Deno.readTextFileSync(disk.path("secrets/a.json")).split("\n").filter((l) => l.startsWith("    "));
  let before: string[] = [];
  for (let i = 1; i <= 12; i++) {
    assert.equal(await stack.set(A, valueOf(`value ${i}`)), i);
    const now = lines().map((line) => line.replace(/,$/, ""));
    assert.deepEqual(now.slice(1), before.slice(0, 9), "older versions keep their bytes");
    before = now;
  }
  const history = await (await LockedStack.load(disk.store())).history(A);
  assert.deepEqual(history.map(({ version }) => version), [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  for (let i = 3; i <= 12; i++) assert.equal(await textOf(stack, "a", i), `value ${i}`);
  await assertFault("NOT_FOUND", () => stack.get(A, 2));
});

Deno.test("Stack.set() never seals twice alike", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  for (let i = 0; i < 10; i++) await stack.set(A, valueOf("the same"));
  const sealed = [...Deno.readTextFileSync(disk.path("secrets/a.json")).matchAll(/"sealed":"([^"]+)"/g)].map((m) =>
    m[1]!
  );
  assert.equal(new Set(sealed).size, 10);
  assert.equal(new Set(sealed.map((text) => text.slice(0, 32))).size, 10, "each has a nonce of its own");
});

Deno.test("Stack.set() gives CONFLICT and writes nothing when another version is the newest than the expected", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  const before = disk.digests();
  await assertFault("CONFLICT", () => stack.set(A, valueOf("2"), 0));
  await assertFault("CONFLICT", () => stack.set(A, valueOf("2"), 2));
  await assertFault("CONFLICT", () => stack.set(named("b"), valueOf("2"), 1));
  assert.deepEqual(disk.digests(), before);
  assert.equal(await stack.set(A, valueOf("2"), 1), 2);
  assert.equal(await stack.set(named("b"), valueOf("2"), 0), 1);
});

Deno.test("Stack.set() lets one of many writers win when all expect the same version", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  const stacks = await Promise.all(Array.from({ length: 8 }, () => disk.unlock()));
  const outcomes = await Promise.allSettled(stacks.map((stack, i) => stack.set(A, valueOf(`${i}`), 1)));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  for (const stack of stacks) stack.dispose();
});

Deno.test("Stack.change() shows the newest value to its decision, and wipes it afterwards", async () => {
  using stack = await inMemory();
  let seen: Secret | undefined;
  await stack.change(A, (current) => {
    assert.equal(current, undefined);
    return valueOf("1");
  });
  await stack.change(A, (current) => {
    seen = current!.value;
    return valueOf(seen.revealText() + "+");
  });
  assert.equal(await textOf(stack, "a"), "1+");
  assert.throws(() => seen!.size, TypeError);
});

Deno.test("Stack.change() writes nothing when its decision throws", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  const before = disk.digests();
  const failing = stack.change(A, () => {
    throw new RangeError("no");
  });
  await assert.rejects(failing, RangeError);
  assert.deepEqual(disk.digests(), before);
});

Deno.test("Stack.find() opens those that exist, and none when one of them does not open", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2" });
  using stack = await disk.unlock();
  const found = await stack.find([A, named("none"), A]);
  assert.deepEqual([...found].map(([name, { value }]) => [name, value.revealText()]), [["a", "1"]]);
  Deno.copyFileSync(disk.path("secrets/a.json"), disk.path("secrets/b.json"));
  await assertFault("TAMPERED", () => stack.find([A, named("b")]));
});

Deno.test("Stack.getAll() opens all, or lists every missing name", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2" });
  using stack = await disk.unlock();
  const all = await stack.getAll([named("b"), A]);
  assert.deepEqual([...all].map(([name, { value }]) => [name, value.revealText()]), [["b", "2"], ["a", "1"]]);
  const { message } = await assertFault("NOT_FOUND", () => stack.getAll(["x/1", "a", "x/2", "X"].map(named)));
  for (const name of ["x/1", "x/2", "X"]) assert.ok(message.split(/[ ,]+/).includes(name), message);
  assert.ok(!message.split(/[ ,]+/).includes("a"));
});

Deno.test("Stack.rollback() makes an old value the newest again, as a new version", async () => {
  using stack = await inMemory();
  await stack.set(A, { value: secretOf(`{}`), type: "json" });
  await stack.set(A, valueOf("2"));
  assert.equal(await stack.rollback(A, 1), 3);
  const { type, version } = await stack.get(A);
  assert.deepEqual([await textOf(stack, "a"), type, version], ["{}", "json", 3]);
  assert.equal(await textOf(stack, "a", 2), "2");
  await assertFault("NOT_FOUND", () => stack.rollback(A, 4));
  await assertFault("NOT_FOUND", () => stack.rollback(named("b"), 1));
});

Deno.test("Stack.remove() removes all, or none and lists every missing name", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2", c: "3" });
  using stack = await disk.unlock();
  const before = disk.digests();
  const { message } = await assertFault("NOT_FOUND", () => stack.remove(["a", "none", "b", "nothing"].map(named)));
  for (const name of ["none", "nothing"]) assert.ok(message.split(/[ ,]+/).includes(name), message);
  assert.deepEqual(disk.digests(), before);
  await stack.remove(["a", "c", "a"].map(named));
  assert.deepEqual(await stack.list(), ["b"]);
  await assertFault("NOT_FOUND", () => stack.get(A));
  assert.equal(await stack.set(A, valueOf("again")), 1);
});

Deno.test("Stack.setAll() says what became of each, and leaves files alone when the value is the same", async () => {
  using disk = await StackOnDisk.create({ same: "1", other: "1", type: "{}" });
  using stack = await disk.unlock();
  const before = disk.digests();
  const outcome = await stack.setAll(
    new Map([
      [named("same"), valueOf("1")],
      [named("other"), valueOf("2")],
      [named("new"), valueOf("")],
      [named("type"), { value: secretOf("{}"), type: "json" as const }],
    ]),
  );
  assert.deepEqual(Object.fromEntries(outcome), {
    same: "unchanged",
    other: "updated",
    new: "added",
    type: "updated",
  });
  const after = disk.digests();
  for (const [path, digest] of Object.entries(before)) {
    assert.equal(after[path] === digest, !/other|type/.test(path), path);
  }
});

Deno.test("Stack.setAll() changes no file when everything is set a second time", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  const values = new Map(AWKWARD_NAMES.map((name) => [name, valueOf(name)]));
  await stack.setAll(values);
  const before = disk.digests();
  const inodes = () => Object.keys(before).map((path) => Deno.statSync(disk.path(path)).ino);
  const inodesBefore = inodes();
  assert.deepEqual(new Set((await stack.setAll(values)).values()), new Set(["unchanged"]));
  assert.deepEqual(disk.digests(), before);
  assert.deepEqual(inodes(), inodesBefore, "none was rewritten");
});

Deno.test("Stack writes no value and no passphrase in the clear", async () => {
  const canary = "c4n4ry-value-0123456789";
  using disk = await StackOnDisk.create({ a: canary });
  using stack = await disk.unlock();
  await stack.set(A, valueOf(canary));
  await rekey(stack);
  await changePassphrase(stack, secretOf(PASSPHRASE));
  for (const text of [canary, PASSPHRASE]) {
    // The three ways that text can lie across base64's groups.
    const encoded = ["", "x", "xx"].map((before) => btoa(before + text).slice(4, -4));
    for (const [path, bytes] of disk.files()) {
      const file = new TextDecoder().decode(bytes);
      for (const form of [text, ...encoded]) assert.ok(!file.includes(form), `${path} holds ${form}`);
    }
  }
});

Deno.test("Stack makes files 0600 and folders 0700 when the umask is 000", async () => {
  using disk = new StackOnDisk();
  const long = "x".repeat(255);
  await using program = new Program([disk.folder, PASSPHRASE, "create", "a", "b/c", long], "umask 000");
  assert.deepEqual(await program.lines(), ["done"]);
  const modes = run("find", disk.folder, "-mindepth", "1", "-printf", "%y %m\n").trim().split("\n");
  assert.deepEqual(new Set(modes), new Set(["f 600", "d 700"]));
  assert.equal(modes.length, 6, "the header, three secrets and two folders");
});

Deno.test("Stack.get() and set() read as much however many secrets there are", async () => {
  const store = new MemoryStore();
  using stack = await createStack(store, secretOf(PASSPHRASE), QUICK);
  const cost = async () => {
    const observed = new ObservedStore(store);
    using again = await (await LockedStack.load(observed)).unlock(secretOf(PASSPHRASE));
    Object.assign(observed, { reads: 0, bytesRead: 0 });
    (await again.get(A)).value.dispose();
    const get = { reads: observed.reads, bytes: observed.bytesRead, lists: observed.lists };
    await again.set(named("written"), valueOf("1"));
    await again.remove([named("written")]);
    return { get, setReads: observed.reads - get.reads };
  };
  await stack.set(A, valueOf("1"));
  const alone = await cost();
  await stack.setAll(new Map(Array.from({ length: 2000 }, (_, i) => [named(`n/${i}`), valueOf("1")])));
  assert.deepEqual(await cost(), alone);
  // Its own document, and a look for the one that may have more to say.
  assert.deepEqual({ reads: alone.get.reads, lists: alone.get.lists }, { reads: 2, lists: 0 });
});

Deno.test("Stack.list() needs no passphrase and opens no file when there are 10,000 names", async () => {
  const store = new MemoryStore();
  using stack = await createStack(store, secretOf(PASSPHRASE), QUICK);
  const names = Array.from({ length: 10_000 }, (_, i) => named(`n/${i}`));
  await stack.setAll(new Map(names.map((name) => [name, valueOf("1")])));
  const observed = new ObservedStore(store);
  const locked = await LockedStack.load(observed);
  assert.deepEqual(await locked.list(), [...names].sort());
  assert.equal(observed.reads, 1, "the header");
});

Deno.test("Stack loses no update when a hundred sets run at once in one process", async () => {
  using disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  const numbers = await Promise.all(Array.from({ length: 100 }, (_, i) => stack.set(A, valueOf(`${i}`))));
  assert.deepEqual(numbers.toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i + 1));
  await stack.set(named("count"), valueOf("0"));
  const increment = () =>
    stack.change(named("count"), (current) => valueOf(String(Number(current!.value.revealText()) + 1)));
  const all = Promise.all(Array.from({ length: 100 }, increment));
  for (let i = 0; i < 50; i++) await textOf(stack, "count"); // readers do not wait, and always see a whole value
  await all;
  assert.equal(await textOf(stack, "count"), "100");
});

Deno.test("Stack loses nothing when two processes set 500 values each", async () => {
  using folder = temporaryFolder("memory");
  using disk = await StackOnDisk.create({}, { path: folder.path, [Symbol.dispose]() {} });
  const write = async (mark: string, ...names: string[]) => {
    await using program = new Program([disk.folder, PASSPHRASE, "set", mark, "500", ...names]);
    return (await program.lines()).filter((line) => line.startsWith("done")).map((line) => line.split(" ")[2]);
  };
  const [x, y] = await Promise.all([write("x", "same"), write("y", "same")]);
  const numbers = [...x, ...y].map(Number).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: 1000 }, (_, i) => i + 1));

  const names = (mark: string) => Array.from({ length: 500 }, (_, i) => `${mark}/${i}`);
  await Promise.all([write("x", ...names("x")), write("y", ...names("y"))]);
  using stack = await disk.unlock();
  assert.deepEqual(await stack.list(), ["same", ...names("x"), ...names("y")].sort());
  for (const mark of ["x", "y"]) {
    for (const [i, name] of names(mark).entries()) {
      assert.ok((await textOf(stack, name)).startsWith(`${mark}-${i}:`));
    }
  }
});

Deno.test("Stack.get() gives a whole value while another process is writing", async () => {
  using disk = await StackOnDisk.create({ a: "x-0:" });
  using stack = await disk.unlock();
  await using program = new Program([disk.folder, PASSPHRASE, "set", "x", "200", "a"]);
  const written = program.lines();
  let done = false;
  written.then(() => done = true);
  const seen = new Set<string>();
  while (!done) {
    const text = await textOf(stack, "a");
    const [, i, rest] = /^x-(\d+):(.*)$/s.exec(text)!;
    assert.equal(rest, LONG_TEXT.slice(0, (Number(i) * 797) % 6000));
    seen.add(text);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.equal((await written).filter((line) => line.startsWith("done")).length, 200);
  assert.ok(seen.size > 1, "it was read while it was written");
});

Deno.test("Stack loses nothing that was done when its process is killed at any instant", async () => {
  using disk = await StackOnDisk.create();
  const names = ["a", "b", "c/d", "x".repeat(255)];
  const current = new Map<string, string | undefined>();
  for (let i = 0; i < 110; i++) {
    const said = await killedInTheMiddle([disk.folder, PASSPHRASE, "set", `k${i}`, "1000000", ...names], 80);
    const pending = new Map<string, string>();
    for (const line of said) {
      const [what, name] = line.split(" ", 2) as [string, string];
      if (what === "intend") pending.set(name, line.slice("intend ".length + name.length + 1));
      else {
        current.set(name, pending.get(name));
        pending.delete(name);
      }
    }
    using stack = await disk.unlock();
    for (const name of names) {
      const text = await textOf(stack, name).catch((error) => assert.equal(error.code, "NOT_FOUND") ?? undefined);
      const allowed = pending.has(name) ? [current.get(name), pending.get(name)] : [current.get(name)];
      assert.ok(allowed.includes(text), `${name} is neither what was done nor what was begun`);
      current.set(name, text);
    }
    await stack.set(named("next"), valueOf(`${i}`));
    assert.deepEqual((await verify(stack)).problems, new Map());
    assert.ok(!disk.files().has(".new"));
  }
  assert.equal((await disk.store().list("secret")).length, names.length + 1);
});

Deno.test({
  name: "Stack keeps old values when the disk is full, and writes again after (needs root, to mount a small one)",
  ignore: !CAN_MOUNT,
  async fn() {
    using disk = await StackOnDisk.create({ a: "old", b: "2" }, smallDisk(128 * 1024));
    using stack = await disk.unlock();
    await assertFault("UNAVAILABLE", () => stack.set(A, valueOf(new Uint8Array(200_000))));
    const { code } = await assertFault("UNAVAILABLE", async () => {
      for (let i = 0; i < 100; i++) await stack.set(named(`n/${i}`), valueOf(new Uint8Array(3000)));
    });
    assert.equal(code, "UNAVAILABLE");
    using again = await disk.unlock();
    assert.equal(await textOf(again, "a"), "old");
    assert.deepEqual((await verify(again)).problems, new Map());
    assert.ok(!disk.files().has(".new"));
    await again.remove((await again.list()).filter((name) => name.startsWith("n/")));
    await stack.set(A, valueOf("new"));
    assert.equal(await textOf(stack, "a"), "new");
  },
});

Deno.test("Stack.set() gives TAMPERED and writes nothing when the old file does not authenticate", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  const path = disk.path("secrets/a.json");
  Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace(/"created":"2/, '"created":"1'));
  const before = disk.digests();
  await assertFault("TAMPERED", () => stack.set(A, valueOf("2")));
  await assertFault("TAMPERED", () => stack.rollback(A, 1));
  await assertFault("TAMPERED", () => stack.setAll(new Map([[A, valueOf("2")]])));
  assert.deepEqual(disk.digests(), before);
});

Deno.test("Stack gives a fault when the stack was removed or replaced by another meanwhile", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  using other = await StackOnDisk.create();
  const header = Deno.readFileSync(disk.path("stack.json"));
  Deno.copyFileSync(other.path("stack.json"), disk.path("stack.json"));
  await assertFault("CONFLICT", () => stack.set(A, valueOf("2")));
  assert.equal(await textOf(stack, "a"), "1");
  using its = await other.unlock();
  await its.set(A, valueOf("of another"));
  const secret = Deno.readFileSync(disk.path("secrets/a.json"));
  Deno.copyFileSync(other.path("secrets/a.json"), disk.path("secrets/a.json"));
  await assertFault("CONFLICT", () => stack.get(A));
  Deno.writeFileSync(disk.path("secrets/a.json"), secret);
  Deno.removeSync(disk.path("stack.json"));
  await assertFault("NOT_FOUND", () => stack.set(A, valueOf("2")));
  Deno.writeFileSync(disk.path("stack.json"), header);
  await stack.set(A, valueOf("2"));
});

Deno.test("Stack.dispose() wipes the keys, and everything that needs them fails afterwards", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  const { header } = await LockedStack.load(disk.store());
  const slotKey = await slotKeyOf(header.slot, secretOf(PASSPHRASE));
  const context = slotContextOf(header);
  const keys = openSlot(header.slot, slotKey, context, "stack.json");
  const stack = new Stack(new StackSession(disk.store(), { header, keyring: new Keyring(context.id, keys), slotKey }));
  assert.equal(await textOf(stack, "a"), "1");
  stack.dispose();
  assert.deepEqual(slotKey.kek, new Uint8Array(32));
  assert.deepEqual(new Uint8Array(keys.get(1)!), new Uint8Array(32));
  const before = disk.digests();
  for (
    const use of [
      () => stack.get(A),
      () => stack.find([A]),
      () => stack.getAll([A]),
      () => stack.set(A, valueOf("2")),
      () => stack.set(named("b"), valueOf("2")),
      () => stack.setAll(new Map([[A, valueOf("2")]])),
      () => stack.rollback(A, 1),
      () => stack.remove([A]),
      () => stack.check(A),
      () => rekey(stack),
      () => changePassphrase(stack, secretOf("other")),
    ]
  ) await assertFault("LOCKED", use);
  assert.deepEqual(disk.digests(), before);
  stack.dispose(); // twice does no harm
});

Deno.test("Stack.dispose() ends a write that is waiting for its turn", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  const stack = await disk.unlock();
  const before = disk.digests();
  await disk.store().exclusively(async () => {
    const waiting = stack.set(A, valueOf("2"));
    stack.dispose();
    waiting.catch(() => {});
    await Promise.resolve();
  });
  await assertFault("LOCKED", () => stack.set(A, valueOf("2")));
  assert.deepEqual(disk.digests(), before);
});

/** Two openings of one stack, as two processes have them. */
async function two(values: Record<string, string> = { a: "1" }) {
  const disk = await StackOnDisk.create(values);
  const [mine, theirs] = [await disk.unlock(), await disk.unlock()];
  return {
    disk,
    mine,
    theirs,
    [Symbol.dispose]() {
      mine.dispose();
      theirs.dispose();
      disk[Symbol.dispose]();
    },
  };
}

Deno.test("Stack reads and writes on when another process has changed the stack key", async () => {
  using opened = await two({ a: "1", b: "2" });
  const { disk, mine, theirs } = opened;
  await rekey(theirs);
  assert.equal(await textOf(mine, "a"), "1");
  await rekey(theirs);
  await mine.set(named("c"), valueOf("3"));
  await rekey(theirs);
  await mine.set(A, valueOf("4"));
  assert.equal(await textOf(theirs, "a"), "4");
  assert.deepEqual((await LockedStack.load(disk.store())).header.keys, [4]);
  for (const [path, bytes] of disk.files()) {
    if (path.startsWith("secrets/")) assert.match(new TextDecoder().decode(bytes), /\n {2}"key": 4,\n/, path);
  }
  using again = await disk.unlock();
  assert.deepEqual((await verify(again)).problems, new Map());
});

Deno.test("Stack reads and writes on when another process has changed the passphrase", async () => {
  using opened = await two();
  const { disk, mine, theirs } = opened;
  await changePassphrase(theirs, secretOf("another"));
  assert.equal(await textOf(mine, "a"), "1");
  await mine.set(A, valueOf("2"));
  using again = await disk.unlock("another");
  assert.equal(await textOf(again, "a"), "2");
});

Deno.test("Stack gives LOCKED and writes nothing when key and passphrase were both changed", async () => {
  using opened = await two();
  const { disk, mine, theirs } = opened;
  await changePassphrase(theirs, secretOf("another"));
  await rekey(theirs);
  const before = disk.digests();
  const { hint } = await assertFault("LOCKED", () => mine.get(A));
  assert.notEqual(hint, (await assertFault("LOCKED", () => disk.unlock("wrong"))).hint, "no passphrase was wrong");
  await assertFault("LOCKED", () => mine.set(A, valueOf("2")));
  await assertFault("LOCKED", () => mine.set(named("b"), valueOf("2")));
  assert.deepEqual(disk.digests(), before);
});

Deno.test("Stack.get() reads a file again when its key was dropped while it looked for it", async () => {
  const store = new MemoryStore();
  using theirs = await createStack(store, secretOf(PASSPHRASE), QUICK);
  await theirs.set(A, valueOf("1"));
  const observed = new ObservedStore(store);
  using mine = await (await LockedStack.load(observed)).unlock(secretOf(PASSPHRASE));
  // The file that `mine` reads is under a key that is gone when it then reads the header; or the header that it reads
  // is out of date when it reads the file again.
  for (const kind of ["secret", "stack"]) {
    await rekey(theirs);
    observed.afterRead = async (document) => {
      if (document.kind !== kind) return;
      observed.afterRead = undefined;
      await rekey(theirs);
    };
    assert.equal(await textOf(mine, "a"), "1");
    assert.equal(observed.afterRead, undefined);
  }
});

Deno.test("Stack.set() writes under the newest key when a read that began before a re-key ends after it", async () => {
  const store = new MemoryStore();
  using theirs = await createStack(store, secretOf(PASSPHRASE), QUICK);
  await theirs.set(A, valueOf("1"));
  const observed = new ObservedStore(store);
  using mine = await (await LockedStack.load(observed)).unlock(secretOf(PASSPHRASE));
  await rekey(theirs); // keys: 2
  const { promise: late, resolve: arrive } = Promise.withResolvers<void>();
  let headers = 0;
  // The reader's copy of the header, with key 2, arrives late...
  observed.afterRead = async (document) => {
    if (document.kind === "stack" && headers++ === 0) await late;
  };
  const reading = textOf(mine, "a");
  while (headers === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  await rekey(theirs); // keys: 3
  // ...and after the writer, who has the lock, has read the header with key 3.
  observed.afterRead = async (document) => {
    if (document.kind !== "secret") return;
    observed.afterRead = undefined;
    arrive();
    await reading.catch(() => {});
  };
  await mine.set(named("b"), valueOf("2"));
  assert.equal(await reading, "1");
  const written = new TextDecoder().decode((await store.read(secretDocument(named("b"))))!.bytes);
  assert.match(written, /\n {2}"key": 3,\n/);
  assert.equal(await textOf(theirs, "b"), "2");
});

Deno.test("Stack reads on while a re-key runs on it in the same process", async () => {
  for (const store of [new MemoryStore(), undefined]) {
    using disk = new StackOnDisk();
    using stack = await createStack(store ?? disk.store(), secretOf(PASSPHRASE), QUICK);
    for (let i = 0; i < 5; i++) await stack.set(named(`n/${i}`), valueOf(`${i}`));
    let running = true;
    const rekeying = (async () => {
      for (let i = 0; i < 8; i++) await rekey(stack);
      running = false;
    })();
    const read = async (i: number) => {
      let reads = 0;
      for (; running || reads < 20; reads++) {
        assert.equal(await textOf(stack, `n/${i}`), `${i}`);
        if (reads % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
        if (reads % 7 === 0) await stack.check(named(`n/${i}`));
      }
    };
    const write = async () => {
      while (running) await stack.set(named("written"), valueOf("x"));
    };
    await Promise.all([rekeying, read(0), read(1), read(2), read(3), read(4), write()]);
    assert.deepEqual(stack.header.keys, [9]);
    assert.deepEqual((await verify(stack)).problems, new Map());
  }
});

Deno.test("Stack.check() has nothing to say when the secret is gone", async () => {
  using stack = await inMemory();
  await stack.check(A);
});
