import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import type { SecretName } from "../../../core/name.ts";
import { filesystem, FilesystemProvider } from "../../../core/providers/filesystem.ts";
import { AWKWARD_KEYS, codeOf, persist, providerContract, secret, take, textOf } from "../../contract/provider.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

const NO_FIELDS = "a plain file has no place to say that it holds fields";

providerContract("FilesystemProvider", () => {
  const root = temporaryFolder("memory");
  const [provider, second] = [1, 2].map(() => new FilesystemProvider(`${root.path}/porter/secrets`));
  return Promise.resolve({
    provider: provider!,
    second: second!,
    [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
      return Promise.resolve();
    },
  });
}, {
  fields: NO_FIELDS,
  persistAll: "one by one is as safe",
  history: "Porter's layout has no place for older values",
});

Deno.test("FilesystemProvider finds Porter's files, and writes them as Porter does", async () => {
  using root = temporaryFolder();
  const folder = `${root.path}/secrets`;
  Deno.mkdirSync(`${folder}/team`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/01J9ZV6XQ4T7N0B8K3M5R2WYCD-password`, "123a123\n");
  Deno.writeTextFileSync(`${folder}/team/token`, "t");
  await using provider = new FilesystemProvider(folder);
  assert.equal(await textOf(provider, "01J9ZV6XQ4T7N0B8K3M5R2WYCD-password"), "123a123\n");
  assert.equal(await textOf(provider, "team/token"), "t");
  await persist(provider, "01J9ZV6XQ4T7N0B8K3M5R2WYCD-db name", "value");
  await persist(provider, "new/deep/key", "deep");
  assert.equal(Deno.readTextFileSync(`${folder}/01J9ZV6XQ4T7N0B8K3M5R2WYCD-db name`), "value");
  assert.equal(Deno.readTextFileSync(`${folder}/new/deep/key`), "deep");
});

Deno.test("FilesystemProvider closes folders and files to others, also those it finds", async () => {
  using root = temporaryFolder();
  const folder = `${root.path}/secrets`;
  Deno.mkdirSync(`${folder}/team`, { recursive: true });
  for (const open of [folder, `${folder}/team`]) Deno.chmodSync(open, 0o755);
  for (const file of ["old", "team/old"]) {
    Deno.writeTextFileSync(`${folder}/${file}`, "value");
    Deno.chmodSync(`${folder}/${file}`, 0o664);
  }
  const umask = Deno.umask(0);
  try {
    await using provider = new FilesystemProvider(folder);
    for (const key of ["old", "team/old"]) assert.equal(await textOf(provider, key), "value");
    for (const key of ["new", "team/new", "other/new"]) await persist(provider, key, "value");
  } finally {
    Deno.umask(umask);
  }
  const modes = (paths: readonly string[]) => paths.map((path) => Deno.lstatSync(`${folder}/${path}`).mode! & 0o777);
  assert.deepEqual(modes(["", "team", "other"]), [0o700, 0o700, 0o700]);
  assert.deepEqual(modes(["old", "team/old", "new", "team/new", "other/new"]), Array(5).fill(0o600));
});

Deno.test("FilesystemProvider leaves its folder for no key", async () => {
  using root = temporaryFolder();
  const folder = `${root.path}/a/b/secrets`;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(`${root.path}/a/outside`, "outside", { mode: 0o600 });
  const before = everythingBelow(root.path).filter((path) => !path.startsWith(folder));
  await using provider = new FilesystemProvider(folder);
  const keys = [...AWKWARD_KEYS, "../outside", "../../outside", "x/../../../outside", `${root.path}/a/outside`];
  for (const result of await provider.resolve(keys.map(secret))) assert.equal(codeOf(result), "NOT_FOUND");
  for (const key of keys) await persist(provider, key, "inside");
  for (const key of keys) assert.equal(await textOf(provider, key), "inside");
  assert.deepEqual(everythingBelow(root.path).filter((path) => !path.startsWith(folder)), before);
  assert.equal(Deno.readTextFileSync(`${root.path}/a/outside`), "outside");
});

Deno.test("FilesystemProvider follows no links", async () => {
  using root = temporaryFolder();
  const folder = `${root.path}/secrets`;
  Deno.mkdirSync(`${root.path}/elsewhere`, { mode: 0o700 });
  Deno.writeTextFileSync(`${root.path}/elsewhere/key`, "elsewhere", { mode: 0o600 });
  Deno.mkdirSync(folder, { mode: 0o700 });
  Deno.symlinkSync(`${root.path}/elsewhere`, `${folder}/team`);
  Deno.symlinkSync(`${root.path}/elsewhere/key`, `${folder}/key`);
  await using provider = new FilesystemProvider(folder);
  const results = await provider.resolve([secret("team/key"), secret("key")]);
  assert.deepEqual(results.map(codeOf), ["DENIED", "DENIED"]);
  await assertFault("DENIED", () => persist(provider, "team/new", "value"));
  await persist(provider, "key", "value"); // takes the link's place
  assert.equal(Deno.readTextFileSync(`${root.path}/elsewhere/key`), "elsewhere");
  Deno.symlinkSync(`${root.path}/elsewhere`, `${root.path}/linked`);
  await using linked = new FilesystemProvider(`${root.path}/linked`);
  assert.deepEqual((await linked.resolve([secret("key")])).map(codeOf), ["DENIED"]);
  await assertFault("DENIED", () => persist(linked, "new", "value"));
});

Deno.test("FilesystemProvider refuses what a plain file cannot hold, and keeps what was there", async () => {
  using root = temporaryFolder();
  await using provider = new FilesystemProvider(root.path);
  await persist(provider, "a", "value");
  await assertFault("DENIED", () => persist(provider, "a/b", "a folder where a file is"));
  const [result] = await provider.resolve([secret("a/b")]);
  assert.ok(result instanceof Fault);
  assert.equal(await textOf(provider, "a"), "value");
  assert.deepEqual(await provider.list(), ["a"]);
  await assertFault("NOT_FOUND", () => provider.remove(["a", "none"] as SecretName[]));
});

Deno.test("FilesystemProvider takes no folder for a secret", async () => {
  using root = temporaryFolder();
  await using provider = new FilesystemProvider(root.path);
  await persist(provider, "a/b", "value");
  await persist(provider, "c", "value");
  Deno.mkdirSync(`${root.path}/empty`, { mode: 0o700 });
  const results = await provider.resolve([secret("a"), secret("empty")]);
  assert.deepEqual(results.map(codeOf), ["NOT_FOUND", "NOT_FOUND"]);
  await assertFault("DENIED", () => persist(provider, "a", "a file where a folder is"));
  await assertFault("NOT_FOUND", () => provider.remove(["c", "a", "empty"] as SecretName[]));
  assert.deepEqual(everythingBelow(root.path).sort(), ["a", "a/b", "c", "empty"].map((path) => `${root.path}/${path}`));
});

Deno.test("the filesystem provider is registered with a folder that is one wherever a command is called", async () => {
  using root = temporaryFolder();
  const secretsOf = () => Promise.reject(new Error("not asked for"));
  const around = { env: () => root.path, cwd: root.path, secretsOf, warn: () => {} };
  const check = (config: Record<string, unknown>) => filesystem.check!(config, around, "id");
  Deno.writeTextFileSync(`${root.path}/file`, "");
  await check({});
  await check({ folder: `${root.path}/none` });
  await assertFault("CONFIG", () => check({ folder: "here" }));
  await assertFault("CONFIG", () => check({ folder: 7 }));
  await assertFault("DENIED", () => check({ folder: `${root.path}/file` }));
  assert.deepEqual(everythingBelow(root.path), [`${root.path}/file`]);
});

Deno.test("the filesystem provider is at Porter's home unless told otherwise, and warns", async () => {
  using root = temporaryFolder();
  const warnings: string[] = [];
  const around = (env: Record<string, string>) => ({
    env: (name: string) => env[name],
    cwd: root.path,
    secretsOf: () => Promise.reject(new Error("not asked for")),
    warn: (text: string) => void warnings.push(text),
  });
  const places: [Record<string, unknown>, Record<string, string>, string][] = [
    [{}, { HOME: `${root.path}/home` }, "home/.porter/secrets"],
    [{}, { HOME: "/nowhere", PORTER_HOME: `${root.path}/porter` }, "porter/secrets"],
    [{ folder: "here" }, {}, "here"],
    [{ folder: `${root.path}/there` }, {}, "there"],
  ];
  for (const [config, env, expected] of places) {
    Deno.mkdirSync(`${root.path}/${expected}`, { recursive: true });
    Deno.writeTextFileSync(`${root.path}/${expected}/key`, expected);
    await using provider = await filesystem.open(config, around(env));
    assert.equal(take((await provider.resolve([secret("key")]))[0]!), expected);
  }
  assert.equal(warnings.length, places.length);
  await assertFault("CONFIG", () => filesystem.open({ foldr: "x", other: 1 }, around({})));
});

function everythingBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? [path, ...everythingBelow(path)] : [path];
  });
}
