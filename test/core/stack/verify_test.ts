/** Whoever can write the files can destroy values, and must not be able to change what they say. */
import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import type { SecretName } from "../../../core/name.ts";
import { Secret } from "../../../core/secret.ts";
import { Keyring } from "../../../core/seal/keyring.ts";
import { openSlot, slotKeyOf } from "../../../core/seal/passphrase_slot.ts";
import { encodeSecretFile, parseSecretFile } from "../../../core/seal/secret_file.ts";
import { slotContextOf } from "../../../core/seal/stack_file.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import type { Stack } from "../../../core/stack/stack.ts";
import { verify } from "../../../core/stack/verify.ts";
import { MemoryStore } from "../../../core/store/memory_store.ts";
import { pathOfSecret } from "../../../core/store/file_name.ts";
import { secretDocument, STACK_DOCUMENT } from "../../../core/store/store.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { LONG_TEXT, named, PASSPHRASE, StackOnDisk, textOf, valueOf } from "../../fixture/stack_on_disk.ts";

const NAMES = Array.from({ length: 20 }, (_, i) => named(["a", "A", "n/1", "n/2", "json"][i] ?? `many/${i}`));
const DAMAGED = ["TAMPERED", "CONFIG"] as const;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Twenty secrets; `n/1` has four versions, some values are as long as others. */
async function twenty(): Promise<StackOnDisk> {
  const disk = await StackOnDisk.create();
  using stack = await disk.unlock();
  for (const [i, name] of NAMES.entries()) await stack.set(name, valueOf(`value ${i}`));
  for (let i = 2; i <= 4; i++) await stack.set(named("n/1"), valueOf(`version ${i}`));
  await stack.set(named("many/19"), valueOf(LONG_TEXT.slice(0, 700)));
  await stack.set(named("json"), { value: Secret.fromText(`{"user":"x"}`), type: "json" });
  return disk;
}

function fileOf(name: SecretName): string {
  return ["secrets", ...pathOfSecret(name)].join("/");
}

/** Everything but `touched` opens with the value it had, and `verify` blames exactly `touched`. */
async function assertOnlyDamaged(
  stack: Stack,
  touched: readonly SecretName[],
  before: ReadonlyMap<SecretName, string>,
) {
  for (const name of NAMES) {
    if (!touched.includes(name)) assert.equal(await textOf(stack, name), before.get(name), name);
    else {
      await assertFault(DAMAGED, () => stack.get(name));
      await assertFault(DAMAGED, () => stack.getAll([NAMES[0]!, name]));
    }
  }
  const { checked, problems } = await verify(stack);
  assert.equal(checked, NAMES.length);
  assert.deepEqual([...problems.keys()].sort(), [...touched].sort());
  for (const fault of problems.values()) assert.ok(DAMAGED.some((code) => code === fault.code));
}

async function valuesOf(stack: Stack): Promise<Map<SecretName, string>> {
  const values = new Map<SecretName, string>();
  for (const name of NAMES) values.set(name, await textOf(stack, name));
  return values;
}

Deno.test("verify() finds nothing and counts all when nothing was touched", async () => {
  using disk = await twenty();
  using stack = await disk.unlock();
  const before = disk.digests();
  assert.deepEqual(await verify(stack), { checked: 20, problems: new Map() });
  assert.deepEqual(disk.digests(), before);
});

Deno.test("Stack.get() and verify() refuse a secret's file when any one byte of it is changed", async () => {
  using disk = await twenty();
  // In memory, so that every byte of every file can have its turn.
  const store = await copyInMemory(disk);
  using stack = await (await LockedStack.load(store)).unlock(Secret.fromText(PASSPHRASE));
  let count = 0;
  for (const name of NAMES) {
    const bytes = (await store.read(secretDocument(name)))!.bytes;
    for (let i = 0; i < bytes.length; i++) {
      // One bit, which one turns with the place; and for some places all the others.
      for (const bit of i % 16 === 0 ? [0, 1, 2, 3, 4, 5, 6, 7] : [i % 8]) {
        const damaged = bytes.slice();
        damaged[i]! ^= 1 << bit;
        await store.exclusively((writer) => writer.write(secretDocument(name), damaged));
        const code = await stack.get(name).then(() => "opened", codeOf);
        assert.ok(DAMAGED.some((c) => c === code), `byte ${i}, bit ${bit} of ${name}: ${code}`);
        assert.equal(await stack.check(name).then(() => "opened", codeOf), code);
        count++;
      }
    }
    await store.exclusively((writer) => writer.write(secretDocument(name), bytes));
    (await stack.get(name)).value.dispose();
  }
  assert.ok(count > 10_000, `${count} changes`);
});

Deno.test("LockedStack refuses a header when any one byte of it is changed, and never blames the passphrase", async () => {
  using disk = await twenty();
  const store = await copyInMemory(disk);
  const bytes = (await store.read(STACK_DOCUMENT))!.bytes;
  using open = await (await LockedStack.load(store)).unlock(Secret.fromText(PASSPHRASE));
  for (let i = 0; i < bytes.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1 << bit;
      await store.exclusively((writer) => writer.write(STACK_DOCUMENT, damaged));
      await assertFault(DAMAGED, async () => await unlockIn(store));
      // A stack that is open already notices, too, before it writes.
      if (bit === 0) await assertFault(DAMAGED, () => open.set(named("a"), valueOf("2")));
    }
  }
});

Deno.test("LockedStack does not open a header when its checksum was made to match again", async () => {
  using disk = await twenty();
  const store = await copyInMemory(disk);
  const text = decoder.decode((await store.read(STACK_DOCUMENT))!.bytes);
  using open = await unlockIn(store);
  // Each base64 and hex digit, and numbers: what an attacker changes and then fixes the checksum for.
  const value = (member: string) => text.indexOf(`"${member}":`) + member.length + 3;
  const changes: string[] = [];
  for (const member of ["id", "created", "keys", "salt", "commitment", "wrapped", "mac", "logN"]) {
    const at = value(member);
    for (let i = at; i < at + 36; i++) {
      for (const [from, to] of [[/[0-9]/, "1"], [/[a-z]/, "a"], [/[A-Z]/, "B"]] as const) {
        if (from.test(text[i]!) && text[i] !== to) changes.push(text.slice(0, i) + to + text.slice(i + 1));
      }
    }
  }
  changes.push(text.replace(`"keys": [1]`, `"keys": [2]`), text.replace(`"keys": [1]`, `"keys": [2,1]`));
  changes.push(text.replace(`"logN":10`, `"logN":11`));
  let beyondLayout = 0;
  for (const changed of changes) {
    await store.exclusively(async (writer) => writer.write(STACK_DOCUMENT, await withChecksum(changed)));
    const code = await unlockIn(store).then(() => "opened", codeOf);
    // A changed salt, id or work factor gives another key: the passphrase looks wrong (docs/format.md §7).
    assert.ok(["TAMPERED", "CONFIG", "LOCKED"].includes(code), `${code}: ${changed}`);
    if (code !== "CONFIG") beyondLayout++;
    // A stack that is open already authenticates it again before it writes; another id is another stack.
    await assertFault([...DAMAGED, "CONFLICT"], () => open.set(named("a"), valueOf("2")));
  }
  assert.ok(beyondLayout > 100, `${beyondLayout}`);
  await store.exclusively(async (writer) => writer.write(STACK_DOCUMENT, await withChecksum(text)));
  (await unlockIn(store)).dispose();
});

async function withChecksum(text: string): Promise<Uint8Array> {
  const covered = text.slice(0, text.indexOf(`  "checksum"`));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(covered)));
  return encoder.encode(`${covered}  "checksum": "${btoa(String.fromCharCode(...digest))}"\n}\n`);
}

Deno.test("Stack.get() and verify() refuse a file when it is cut off or has something added", async () => {
  using disk = await twenty();
  using stack = await disk.unlock();
  const before = await valuesOf(stack);
  for (const name of NAMES.slice(0, 4)) {
    const path = disk.path(fileOf(name));
    const text = Deno.readTextFileSync(path);
    const lines = text.split("\n");
    const cuts = lines.map((_, i) => lines.slice(0, i).join("\n")); // the first is empty
    for (
      const damaged of [...cuts, text.slice(0, -1), text + "\n", text + "{}", ` ${text}`, `\ufeff${text}`, text + text]
    ) {
      Deno.writeTextFileSync(path, damaged);
      assert.equal(await stack.get(name).then(() => "opened", codeOf), "CONFIG");
      await assertFault("CONFIG", () => stack.check(name));
    }
    await assertOnlyDamaged(stack, [name], before);
    Deno.writeTextFileSync(path, text);
  }
  const header = disk.path("stack.json");
  const text = Deno.readTextFileSync(header);
  const lines = text.split("\n");
  for (const damaged of [...lines.map((_, i) => lines.slice(0, i).join("\n")), text.slice(0, -1), text + "\n"]) {
    Deno.writeTextFileSync(header, damaged);
    await assertFault(DAMAGED, () => disk.unlock());
  }
});

Deno.test("Stack.get() and verify() refuse a file without any one of its lines, or with two of them swapped", async () => {
  using disk = await twenty();
  const name = named("n/1");
  const store = await copyInMemory(disk);
  using stack = await unlockIn(store);
  const lines = decoder.decode((await store.read(secretDocument(name)))!.bytes).split(/(?<=\n)/);
  const damaged = new Set<string>();
  for (let i = 0; i < lines.length; i++) {
    damaged.add(lines.toSpliced(i, 1).join(""));
    damaged.add(lines.toSpliced(i, 0, lines[i]!).join(""));
    for (let j = 0; j < i; j++) damaged.add(lines.with(i, lines[j]!).with(j, lines[i]!).join(""));
  }
  damaged.delete(lines.join(""));
  for (const text of damaged) {
    await store.exclusively((writer) => writer.write(secretDocument(name), encoder.encode(text)));
    await assertFault(DAMAGED, () => stack.get(name));
    await assertFault(DAMAGED, () => stack.get(name, 1));
    await assertFault(DAMAGED, () => stack.check(name));
  }
  assert.ok(damaged.size > 50);
});

/** Versions of a file's text, newest first, each without its comma. */
function versionsOf(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("    ")).map((line) => line.trim().replace(/,$/, ""));
}

function withVersions(text: string, versions: readonly string[]): string {
  const head = text.slice(0, text.indexOf("[\n") + 2);
  const tail = text.slice(text.indexOf("\n  ]"));
  return head + versions.map((line) => `    ${line}`).join(",\n") + tail;
}

Deno.test("Stack.get() and verify() refuse an older version in the place of a newer one, however it was put there", async () => {
  using disk = await twenty();
  const name = named("n/1");
  const path = disk.path(fileOf(name));
  using stack = await disk.unlock();
  const before = await valuesOf(stack);
  const text = Deno.readTextFileSync(path);
  const [v4, v3, v2, v1] = versionsOf(text) as [string, string, string, string];
  assert.equal(withVersions(text, [v4, v3, v2, v1]), text);
  const sealedOf = (line: string) => /"sealed":"([^"]+)"/.exec(line)![1]!;
  const numbered = (line: string, version: number) => line.replace(/"version":\d+/, `"version":${version}`);
  const attacks = [
    [v3, v2, v1], // the newest dropped
    [v4, v3, v2], // and the oldest, and one in between
    [v4, v2, v1],
    [v4],
    [v1],
    [numbered(v1, 5), v4, v3, v2, v1], // a number raised
    [numbered(v1, 5), numbered(v2, 4), numbered(v3, 3), numbered(v4, 2)], // the whole order turned round
    [numbered(v3, 4), numbered(v4, 3), v2, v1],
    [v4.replace(sealedOf(v4), sealedOf(v1)), v3, v2, v1], // only what is sealed
    [v4.replace(sealedOf(v4), sealedOf(v3)), v3.replace(sealedOf(v3), sealedOf(v4)), v2, v1],
    [v4.replace(/"created":"\d{4}/, `"created":"1999`), v3, v2, v1],
    [v4.replace(`"type":"bytes"`, `"type":"json"`), v3, v2, v1],
  ];
  for (const versions of attacks) {
    Deno.writeTextFileSync(path, withVersions(text, versions));
    for (const version of [undefined, 1, 2, 3, 4, 5]) await assertFault(DAMAGED, () => stack.get(name, version));
    await assertOnlyDamaged(stack, [name], before);
  }
  // The MAC of an older state of the file does not fit a newer one either.
  const macOf = (file: string) => /"mac": "([^"]+)"/.exec(file)![1]!;
  Deno.writeTextFileSync(path, text);
  await stack.set(name, valueOf("version 5"));
  const newer = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, newer.replace(macOf(newer), macOf(text)));
  await assertOnlyDamaged(stack, [name], before);
});

Deno.test("Stack.get() and verify() refuse what belongs to another secret, whole or in part", async () => {
  using disk = await twenty();
  using stack = await disk.unlock();
  const before = await valuesOf(stack);
  const [x, y] = [named("n/1"), named("n/2")];
  const [xPath, yPath] = [disk.path(fileOf(x)), disk.path(fileOf(y))];
  const [xText, yText] = [Deno.readTextFileSync(xPath), Deno.readTextFileSync(yPath)];
  const put = (xNew: string, yNew: string) => {
    Deno.writeTextFileSync(xPath, xNew);
    Deno.writeTextFileSync(yPath, yNew);
  };
  const [xSealed, ySealed] = [xText, yText].map((text) => /"sealed":"([^"]+)"/.exec(text)![1]!) as [string, string];
  const renamed = (text: string, from: string, to: string) => text.replace(`"name": "${from}"`, `"name": "${to}"`);
  const attacks: [what: string, x: string, y: string][] = [
    ["the files swapped", yText, xText],
    ["the files swapped with the names put right", renamed(yText, y, x), renamed(xText, x, y)],
    ["the values swapped", xText.replace(xSealed, ySealed), yText.replace(ySealed, xSealed)],
    [
      "the newest lines swapped",
      withVersions(xText, versionsOf(xText).with(0, versionsOf(yText)[0]!)),
      withVersions(yText, versionsOf(xText).slice(0, 1)),
    ],
    ["the names swapped", renamed(xText, x, y), renamed(yText, y, x)],
  ];
  for (const [, xNew, yNew] of attacks) {
    put(xNew, yNew);
    await assertOnlyDamaged(stack, [x, y], before);
  }
  put(xText, yText);
  await assertOnlyDamaged(stack, [], before);
});

Deno.test("Stack.get() and verify() refuse a file under another name than its own", async () => {
  using disk = await twenty();
  using stack = await disk.unlock();
  for (const other of ["b", "a/b", "aA", "x".repeat(255)]) {
    const file = disk.path(fileOf(named(other)));
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    Deno.renameSync(disk.path(fileOf(named("a"))), file);
    await assertFault("TAMPERED", () => stack.get(named(other)));
    await assertFault("NOT_FOUND", () => stack.get(named("a")));
    assert.deepEqual([...(await verify(stack)).problems.keys()], [other]);
    await assertFault("TAMPERED", () => rekey(stack));
    Deno.renameSync(file, disk.path(fileOf(named("a"))));
  }
  (await stack.get(named("a"))).value.dispose();
});

Deno.test("Stack.get() and verify() refuse what belongs to another stack, whole or in part", async () => {
  using disk = await twenty();
  using other = await twenty(); // the same names, numbers and passphrase
  using stack = await disk.unlock();
  const before = await valuesOf(stack);
  const name = named("n/1");
  const [mine, theirs] = [disk, other].map((d) => Deno.readTextFileSync(d.path(fileOf(name)))) as [string, string];
  const idOf = (text: string) => /"stack": "([^"]+)"/.exec(text)![1]!;
  const attacks = [
    theirs,
    theirs.replace(idOf(theirs), idOf(mine)),
    mine.replace(idOf(mine), idOf(theirs)),
    withVersions(mine, versionsOf(theirs)),
    withVersions(mine, versionsOf(mine).with(0, versionsOf(theirs)[0]!)),
  ];
  for (const text of attacks) {
    Deno.writeTextFileSync(disk.path(fileOf(name)), text);
    await assertOnlyDamaged(stack, [name], before);
  }
  Deno.writeTextFileSync(disk.path(fileOf(name)), mine);
  // A header from there: this stack's secrets are not that one's.
  Deno.copyFileSync(other.path("stack.json"), disk.path("stack.json"));
  using foreign = await disk.unlock();
  await assertFault("TAMPERED", () => foreign.get(name));
  assert.equal((await verify(foreign)).problems.size, NAMES.length);
});

Deno.test("Stack.get() and verify() refuse a file of before a re-key, and one with another key's number", async () => {
  using disk = await twenty();
  using stack = await disk.unlock();
  const before = await valuesOf(stack);
  const name = named("n/1");
  const path = disk.path(fileOf(name));
  const old = Deno.readTextFileSync(path);
  await rekey(stack);
  const text = Deno.readTextFileSync(path);
  for (
    const attack of [
      old,
      old.replace(`"key": 1`, `"key": 2`),
      text.replace(`"key": 2`, `"key": 1`),
      text.replace(`"key": 2`, `"key": 3`),
      withVersions(text, versionsOf(old)),
    ]
  ) {
    Deno.writeTextFileSync(path, attack);
    await assertOnlyDamaged(stack, [name], before);
  }
});

Deno.test("verify() reports a link, and goes on with the others", async () => {
  using disk = await StackOnDisk.create({ a: "1", b: "2", c: "3" });
  using stack = await disk.unlock();
  Deno.removeSync(disk.path("secrets/b.json"));
  Deno.symlinkSync(disk.path("secrets/a.json"), disk.path("secrets/b.json"));
  const { checked, problems } = await verify(stack);
  assert.deepEqual([checked, [...problems].map(([name, { code }]) => [name, code])], [3, [["b", "DENIED"]]]);
});

Deno.test("verify() and rekey() open every version and not only the newest", async () => {
  using disk = await twenty();
  using stack = await disk.unlock();
  const name = named("n/1");
  const path = disk.path(fileOf(name));
  // A writer gone wrong: the file's MAC is right, but what an older version holds does not open.
  const { header } = await LockedStack.load(disk.store());
  const slotKey = await slotKeyOf(header.slot, Secret.fromText(PASSPHRASE));
  const context = slotContextOf(header);
  using keyring = new Keyring(context.id, openSlot(header.slot, slotKey, context, path));
  const { file } = parseSecretFile(Deno.readFileSync(path), { stack: header.id, name }, path);
  const versions = file.versions.with(-1, { ...file.versions.at(-1)!, sealed: file.versions[0]!.sealed });
  Deno.writeFileSync(path, encodeSecretFile({ ...file, versions }, keyring));
  assert.equal(await textOf(stack, name), "version 4");
  await assertFault("TAMPERED", () => stack.get(name, 1));
  assert.deepEqual([...(await verify(stack)).problems].map(([n, { code }]) => [n, code]), [[name, "TAMPERED"]]);
  const before = disk.digests();
  await assertFault("TAMPERED", () => rekey(stack));
  assert.deepEqual(disk.digests(), before);
});

Deno.test("verify() passes on what is not a fault of the stack", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  stack.check = () => Promise.reject(new RangeError("a bug"));
  await assert.rejects(verify(stack), RangeError);
});

function codeOf(error: unknown): string {
  if (error instanceof Fault) return error.code;
  throw error;
}

async function unlockIn(store: MemoryStore): Promise<Stack> {
  return await (await LockedStack.load(store)).unlock(Secret.fromText(PASSPHRASE));
}

async function copyInMemory(disk: StackOnDisk): Promise<MemoryStore> {
  const [from, to] = [disk.store(), new MemoryStore()];
  await to.exclusively(async (writer) => {
    for (const document of [STACK_DOCUMENT, ...(await from.list("secret")).map(secretDocument)]) {
      await writer.write(document, (await from.read(document))!.bytes);
    }
  });
  return to;
}
