import assert from "node:assert/strict";
import { bundle, bundleLibrary, V8_FLAGS } from "../../scripts/bundle.ts";
import { VERSION } from "../../cli/version.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";

const decoder = new TextDecoder();

async function deno(args: readonly string[], env: Record<string, string>, cwd: string) {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd, env, clearEnv: true, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  return { code, text: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("bundle() makes the same bytes each time, wherever to", async () => {
  using one = temporaryFolder();
  using other = temporaryFolder();
  const paths = await Promise.all([bundle(one.path), bundle(`${other.path}/new`)]);
  const [first, second] = await Promise.all(paths.map((path) => Deno.readFile(path)));
  assert.deepEqual(first, second);
  assert.deepEqual([...Deno.readDirSync(one.path)].map(({ name }) => name), ["coffer.js"]);
});

Deno.test("the bundle runs from an empty cache, with no configuration and nothing beside it", async () => {
  using folder = temporaryFolder();
  const path = await bundle(folder.path);
  const args = ["run", "-A", "--no-config", "--cached-only", "--no-npm", "--no-remote", path];
  const env = {
    HOME: folder.path,
    DENO_DIR: `${folder.path}/cache`,
    COFFER_PASSPHRASE: "long enough, and only for this",
  };
  const { code, text, stderr } = await deno([...args, "version"], env, folder.path);
  assert.equal(code, 0, stderr);
  assert.equal(text.split(" ").slice(0, 2).join(" "), `coffer v${VERSION}`);
});

Deno.test("every package that sleeps in the bundle wakes up", async () => {
  using folder = temporaryFolder();
  const path = await bundle(folder.path);
  const env = {
    HOME: folder.path,
    DENO_DIR: `${folder.path}/cache`,
    COFFER_PASSPHRASE: "long enough, and only for this",
  };
  const run = async (...args: string[]) => {
    const { code, stderr } = await deno(["run", "-A", "--no-config", "--cached-only", path, ...args], env, folder.path);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  };
  await run("init"); // zxcvbn
  await Deno.writeTextFile(`${folder.path}/a.env`, "A=one\n");
  await run("import", "a.env");
  await Deno.writeTextFile(`${folder.path}/b.yaml`, "B: two\n");
  await run("import", "b.yaml");
  await Deno.writeTextFile(`${folder.path}/c.csv`, 'name,value\n"C","three"\n');
  await run("import", "c.csv");
  await run("passphrase", "--help");
  const words = await deno(
    ["run", "-A", "--no-config", "--cached-only", path, "init", "--stack", "other", "--generate-passphrase"],
    { HOME: folder.path, DENO_DIR: env.DENO_DIR },
    folder.path,
  );
  assert.match(words.text, /^[a-z]+(-[a-z]+){5,}\n$/, words.stderr);
});

Deno.test("the bundle imports nothing: Node's modules are reached where they are first used", async () => {
  using folder = temporaryFolder();
  for (const path of [await bundle(folder.path), await bundleLibrary(folder.path)]) {
    const source = await Deno.readTextFile(path);
    assert.doesNotMatch(source, /(^|[;}\n])import\s*["'{*\w]/, "a static import is hoisted and costs every start");
    assert.doesNotMatch(source, /\bimport\s*\(/, "an import that is left would have to be found at run time");
  }
});

Deno.test("the bundle can be executed as it is", async () => {
  using folder = temporaryFolder();
  const path = await bundle(folder.path);
  const [line] = (await Deno.readTextFile(path)).split("\n", 1);
  assert.match(line!, /^#!\/usr\/bin\/env -S deno run --allow-all /);
  assert.ok(line!.endsWith(` --v8-flags=${V8_FLAGS}`));
  assert.equal((await Deno.stat(path)).mode! & 0o111, 0o111);
});
