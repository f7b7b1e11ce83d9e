/** Whoever can write the files can take KV files away, and must not be able to change what they say. */
import assert from "node:assert/strict";
import { Fault } from "../../../../core/fault.ts";
import type { SecretName } from "../../../../core/name.ts";
import { Secret } from "../../../../core/secret.ts";
import { KvEngine } from "../../../../core/stack/kv/engine.ts";
import { LockedStack } from "../../../../core/stack/locked_stack.ts";
import { rekey } from "../../../../core/stack/rekey.ts";
import type { Stack } from "../../../../core/stack/stack.ts";
import { verify } from "../../../../core/stack/verify.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { named, StackOnDisk, textOf, valueOf } from "../../../fixture/stack_on_disk.ts";

const DAMAGED = ["TAMPERED", "CONFIG"] as const;
const DELETED = named("deleted");
const DESTROYED = named("destroyed");
const DESCRIBED = named("described");
const PLAIN = named("plain");
const FILES = [DELETED, DESTROYED, DESCRIBED].map((name) => `kv/${name}.json`);

/** One secret of each kind, each with the versions `first` and `newest`. */
async function stack(): Promise<StackOnDisk> {
  const disk = await StackOnDisk.create();
  using unlocked = await disk.unlock();
  const engine = new KvEngine(unlocked);
  for (const name of [DELETED, DESTROYED, DESCRIBED, PLAIN]) {
    for (const text of ["first", "newest"]) await unlocked.set(name, valueOf(text));
  }
  await engine.delete(DELETED);
  await engine.destroy(DESTROYED, [2]);
  await engine.putMetadata(DESCRIBED, { casRequired: true, customMetadata: { owner: "ops" } });
  await engine.putConfig({ maxVersions: 20 });
  return disk;
}

/** Every way to the secret refuses it, and the others open. */
async function assertRefused(unlocked: Stack, name: SecretName, label = ""): Promise<void> {
  const engine = new KvEngine(unlocked);
  const data = () => Secret.fromText("{}");
  const ways: (() => Promise<unknown>)[] = [
    () => unlocked.get(name),
    () => unlocked.get(name, 1),
    () => unlocked.find([PLAIN, name]),
    () => unlocked.getAll([name]),
    () => unlocked.set(name, valueOf("x")),
    () => unlocked.rollback(name, 1),
    () => unlocked.check(name),
    () => engine.read(name),
    () => engine.metadata(name),
    () => engine.put(name, data()),
    () => engine.patch(name, data()),
    () => engine.delete(name),
    () => engine.undelete(name, [1, 2]),
    () => engine.destroy(name, [1]),
    () => engine.putMetadata(name, { maxVersions: 1 }),
    () => rekey(unlocked),
  ];
  for (const way of ways) await assertFault(DAMAGED, () => way().then((result) => [label, result]));
  assert.deepEqual([...(await verify(unlocked)).problems.keys()], [name], label);
  assert.equal(await textOf(unlocked, PLAIN), "newest");
  // It is named, so that somebody finds out.
  assert.ok((await unlocked.list()).includes(name), label);
}

Deno.test("Stack refuses a secret when any one byte of its KV file is changed", async () => {
  using disk = await stack();
  using unlocked = await disk.unlock();
  for (const file of FILES) {
    const name = named(file.slice("kv/".length, -".json".length));
    const bytes = Deno.readFileSync(disk.path(file));
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1 << (i % 8);
      Deno.writeFileSync(disk.path(file), damaged);
      const code = await unlocked.get(name).then(() => "opened", codeOf);
      assert.ok(DAMAGED.some((damage) => damage === code), `byte ${i} of ${file}: ${code}`);
      assert.equal(await unlocked.check(name).then(() => "opened", codeOf), code);
      if (i % 100 === 0) await assertRefused(unlocked, name, `byte ${i} of ${file}`);
    }
    Deno.writeFileSync(disk.path(file), bytes);
  }
  assert.deepEqual((await verify(unlocked)).problems, new Map());
});

Deno.test("Stack refuses to write when any one byte of its settings is changed, and reads on", async () => {
  using disk = await stack();
  using unlocked = await disk.unlock();
  const engine = new KvEngine(unlocked);
  const path = disk.path("kv/.config.json");
  const bytes = Deno.readFileSync(path);
  for (let i = 0; i < bytes.length; i++) {
    const damaged = bytes.slice();
    damaged[i]! ^= 1 << (i % 8);
    Deno.writeFileSync(path, damaged);
    const before = disk.digests();
    await assertFault(DAMAGED, () => unlocked.settings());
    if (i % 50 > 0) continue;
    await assertFault(DAMAGED, () => unlocked.set(PLAIN, valueOf("x")));
    await assertFault(DAMAGED, () => engine.put(PLAIN, Secret.fromText("{}")));
    await assertFault(DAMAGED, () => engine.putConfig({ maxVersions: 1 }));
    await assertFault(DAMAGED, () => rekey(unlocked));
    assert.equal(await textOf(unlocked, PLAIN), "newest");
    assert.deepEqual([...(await verify(unlocked)).problems.keys()], [".config"]);
    assert.deepEqual(disk.digests(), before);
  }
});

Deno.test("Stack refuses KV files that are swapped, renamed, of another stack or of before a re-key", async () => {
  using disk = await stack();
  using other = await stack(); // the same names, numbers and passphrase
  using unlocked = await disk.unlock();
  const [file, second] = FILES.map((path) => disk.path(path)) as [string, string];
  const [mine, neighbours] = [Deno.readTextFileSync(file), Deno.readTextFileSync(second)];
  const foreign = Deno.readTextFileSync(other.path(FILES[0]!));
  const idOf = (text: string) => /"stack": "([^"]+)"/.exec(text)![1]!;
  const settings = Deno.readTextFileSync(disk.path("kv/.config.json"));
  const attacks: Record<string, string> = {
    "a neighbour's": neighbours,
    "a neighbour's, renamed": neighbours.replace(`"name": "${DESTROYED}"`, `"name": "${DELETED}"`),
    "the settings": settings,
    "another stack's": foreign,
    "another stack's, its id changed": foreign.replace(idOf(foreign), idOf(mine)),
    "what a neighbour sealed": mine.replace(/"sealed": "[^"]+"/, /"sealed": "[^"]+"/.exec(neighbours)![0]),
    "an entry dropped": mine.replace(/\[\n.*\n {2}\]/, "[]"),
    "an entry put off": mine.replace(/"deletion":"2/, '"deletion":"9'),
    "an entry about another version": mine.replace('"version":2', '"version":1'),
    "said to be removed": mine.replace(/\[\n.*\n {2}\]/, "[]").replace('"removed": false', '"removed": true'),
  };
  for (const [label, text] of Object.entries(attacks)) {
    assert.notEqual(text, mine, label);
    Deno.writeTextFileSync(file, text);
    await assertRefused(unlocked, DELETED, label);
  }
  Deno.writeTextFileSync(file, mine);
  await rekey(unlocked);
  Deno.writeTextFileSync(file, mine);
  await assertRefused(unlocked, DELETED, "of before a re-key");
  Deno.writeTextFileSync(file, mine.replace('"key": 1', '"key": 2'));
  await assertRefused(unlocked, DELETED, "of before a re-key, its number changed");
});

Deno.test("Stack takes a copy for what it says it is only in its own place", async () => {
  using disk = await stack();
  using unlocked = await disk.unlock();
  Deno.copyFileSync(disk.path(FILES[0]!), disk.path(`kv/${PLAIN}.json`));
  await assertFault("TAMPERED", () => unlocked.get(PLAIN));
  Deno.copyFileSync(disk.path("kv/.config.json"), disk.path(`kv/${PLAIN}.json`));
  await assertFault("TAMPERED", () => unlocked.get(PLAIN));
  Deno.removeSync(disk.path(`kv/${PLAIN}.json`));
  Deno.copyFileSync(disk.path(FILES[0]!), disk.path("kv/.config.json"));
  await assertFault("TAMPERED", () => unlocked.settings());
});

Deno.test("Stack has deleted versions back without its KV files, but none that were destroyed", async () => {
  using disk = await stack();
  Deno.removeSync(disk.path("kv"), { recursive: true });
  using unlocked = await disk.unlock();
  // What docs/threat-model.md says of it.
  assert.equal(await textOf(unlocked, DELETED), "newest");
  assert.equal(await textOf(unlocked, DESTROYED), "first");
  await assertFault("NOT_FOUND", () => unlocked.get(DESTROYED, 2));
  assert.deepEqual((await new KvEngine(unlocked).metadata(DESCRIBED))!.customMetadata, {});
  assert.deepEqual((await verify(unlocked)).problems, new Map());
});

Deno.test("LockedStack names a secret whose KV file is damaged, and says so when it is asked", async () => {
  using disk = await stack();
  const locked = await LockedStack.load(disk.store());
  assert.deepEqual(await locked.list(), [DESCRIBED, PLAIN]);
  Deno.truncateSync(disk.path(FILES[0]!), 50);
  assert.deepEqual(await locked.list(), [DELETED, DESCRIBED, PLAIN]);
  await assertFault("CONFIG", () => locked.history(DELETED));
});

Deno.test("Stack.remove() takes away what does not open any more", async () => {
  using disk = await stack();
  using unlocked = await disk.unlock();
  Deno.truncateSync(disk.path(FILES[0]!), 50);
  Deno.truncateSync(disk.path(`secrets/${DELETED}.json`), 50);
  await unlocked.remove([DELETED]);
  assert.deepEqual((await verify(unlocked)).problems, new Map());
  assert.ok(![...disk.files().keys()].some((path) => path.includes(DELETED)));
});

function codeOf(error: unknown): string {
  if (error instanceof Fault) return error.code;
  throw error;
}
