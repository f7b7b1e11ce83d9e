import assert from "node:assert/strict";
import { CREDENTIALS, PARAMETERS, parseNamespace, parseSetName, type SourceSet } from "../../../core/sets/set.ts";
import { SetFolder } from "../../../core/sets/set_folder.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

function set(namespace: string, name: string, hint = "KEY"): SourceSet {
  return { namespace, name, labels: {}, entries: [{ name: "a", source: { kind: "env", hint } }] };
}

Deno.test("SetFolder keeps sets privately, each under its namespace and name", async () => {
  using root = temporaryFolder();
  const home = `${root.path}/home`;
  const folder = new SetFolder(home, CREDENTIALS);
  assert.deepEqual(await folder.list(), []);
  assert.equal(await folder.find({ namespace: "", name: "a" }), undefined);
  assert.ok(!exists(home), "looking makes nothing");
  const ids = [["", "a"], ["dev", "a"], ["Dev", "a"], ["dev", "A"], ["", "dev"], ["a", "a.json"], [
    "a.b",
    "c-d_e",
  ]] as const;
  for (const [namespace, name] of ids) await folder.replace(set(namespace, name, `OF_${namespace}_${name}`));
  for (const [namespace, name] of ids) {
    const found = await folder.get({ namespace, name });
    assert.equal(found.entries[0]!.source.hint, `OF_${namespace}_${name}`);
  }
  assert.equal((await folder.list()).length, ids.length);
  assert.equal(
    new Set([...Deno.readDirSync(`${home}/credentials`)].map(({ name }) => name.toLowerCase())).size,
    ids.length,
  );
  for (const path of [home, `${home}/credentials`]) assert.equal(Deno.statSync(path).mode! & 0o777, 0o700);
  for (const { name } of Deno.readDirSync(`${home}/credentials`)) {
    assert.equal(Deno.statSync(`${home}/credentials/${name}`).mode! & 0o777, 0o600, name);
  }
  assert.deepEqual(await new SetFolder(home, PARAMETERS).list(), [], "the other kind is elsewhere");
});

Deno.test("SetFolder finds a set in the namespace first, and then the global one", async () => {
  using home = temporaryFolder();
  const folder = new SetFolder(home.path, PARAMETERS);
  await folder.replace(set("", "a", "GLOBAL"));
  await folder.replace(set("dev", "a", "DEV"));
  const hint = async (namespace: string) => (await folder.nearest({ namespace, name: "a" })).entries[0]!.source.hint;
  assert.deepEqual(await Promise.all(["dev", "prod", ""].map(hint)), ["DEV", "GLOBAL", "GLOBAL"]);
  await folder.replace(set("dev", "only"));
  await assertFault("NOT_FOUND", () => folder.nearest({ namespace: "prod", name: "only" }));
  await assertFault("NOT_FOUND", () => folder.get({ namespace: "", name: "only" }));
});

Deno.test("SetFolder keeps when a set was made, and leaves it where it is told to", async () => {
  using home = temporaryFolder();
  const folder = new SetFolder(home.path, CREDENTIALS);
  assert.equal(await folder.replace(set("", "a", "ONE")), undefined);
  const first = await folder.get({ namespace: "", name: "a" });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.deepEqual(await folder.replace(set("", "a", "TWO")), first);
  const second = await folder.get({ namespace: "", name: "a" });
  assert.equal(second.created, first.created);
  assert.ok(second.modified > first.modified);
  const refusal = new Error("no");
  await assert.rejects(
    folder.replace(set("", "a", "THREE"), (current) => {
      assert.deepEqual(current, second);
      throw refusal;
    }),
    refusal,
  );
  assert.deepEqual(await folder.get({ namespace: "", name: "a" }), second);
  await folder.remove({ namespace: "", name: "a" });
  await folder.remove({ namespace: "", name: "a" });
  assert.deepEqual(await folder.list(), []);
});

Deno.test("SetFolder loses no set to another writer", async () => {
  using home = temporaryFolder();
  const names = Array.from({ length: 12 }, (_, i) => `set-${i}`);
  await Promise.all(names.map((name) => new SetFolder(home.path, CREDENTIALS).replace(set("", name))));
  assert.equal((await new SetFolder(home.path, CREDENTIALS).list()).length, names.length);
});

Deno.test("SetFolder refuses what others can read, links, and a file that holds another set", async () => {
  using home = temporaryFolder();
  const folder = new SetFolder(home.path, CREDENTIALS);
  await folder.replace(set("", "a"));
  await folder.replace(set("dev", "b"));
  const path = folder.pathOf({ namespace: "", name: "a" });
  Deno.chmodSync(path, 0o640);
  await assertFault("DENIED", () => folder.get({ namespace: "", name: "a" }));
  await assertFault("DENIED", () => folder.list());
  Deno.removeSync(path);
  Deno.symlinkSync(folder.pathOf({ namespace: "dev", name: "b" }), path);
  await assertFault("DENIED", () => folder.get({ namespace: "", name: "a" }));
  Deno.removeSync(path);
  Deno.copyFileSync(folder.pathOf({ namespace: "dev", name: "b" }), path);
  await assertFault("CONFIG", () => folder.get({ namespace: "", name: "a" }));
  Deno.writeTextFileSync(path, '{"name": "hunter2');
  const { message } = await assertFault("CONFIG", () => folder.get({ namespace: "", name: "a" }));
  assert.ok(!message.includes("hunter2"));
  Deno.chmodSync(`${home.path}/credentials`, 0o755);
  await assertFault("DENIED", () => folder.list());
});

Deno.test("no name of a set or a namespace is a path", async () => {
  for (
    const name of ["../a", "a/b", "/etc/passwd", "..", ".", ".hidden", "", "a\0b", "a b", "a\\b", "x".repeat(65), "-a"]
  ) {
    await assertFault("USAGE", () => parseSetName(name));
    if (name !== "") await assertFault("USAGE", () => parseNamespace(name));
  }
  assert.equal(parseNamespace(""), "");
  const folder = new SetFolder("/home-of-nobody", CREDENTIALS);
  const longest = "aB".repeat(32);
  await assertFault("USAGE", () => folder.pathOf({ namespace: longest, name: longest }));
  folder.pathOf({ namespace: "a".repeat(64), name: "a".repeat(64) });
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
