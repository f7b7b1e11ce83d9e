import assert from "node:assert/strict";
import { configuredStores } from "../../../core/config/config_file.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

const NOTHING = { env: () => undefined, context: undefined };
const FILES = {
  "config.toml": 'default-secrets-plugin = "host"\n',
  "config.yaml": "default-secrets-plugin: host\n",
  "config.yml": "\ufeffdefault-secrets-plugin: host\r\n",
  "config.json": '{ "default-secrets-plugin": "host" }',
};

function write(folder: string, name: string, content: string | Uint8Array, mode = 0o600): string {
  const path = `${folder}/${name}`;
  Deno.writeFileSync(path, typeof content === "string" ? new TextEncoder().encode(content) : content, { mode });
  Deno.chmodSync(path, mode);
  return path;
}

Deno.test("configuredStores() reads the one file that there is, in each format", async () => {
  for (const [name, content] of Object.entries(FILES)) {
    using home = temporaryFolder();
    write(home.path, name, content);
    assert.equal((await configuredStores(home.path, NOTHING)).default.provider, "host", name);
  }
  using empty = temporaryFolder();
  assert.equal((await configuredStores(empty.path, NOTHING)).default.provider, "sealed");
  assert.equal((await configuredStores(`${empty.path}/none`, NOTHING)).default.provider, "sealed");
});

Deno.test("configuredStores() does not choose between two files, and names both", async () => {
  using home = temporaryFolder();
  const paths = ["config.yaml", "config.json"].map((name) => write(home.path, name, FILES[name as keyof typeof FILES]));
  const { message } = await assertFault("CONFIG", () => configuredStores(home.path, NOTHING));
  for (const path of paths) assert.ok(message.includes(path));
});

Deno.test("configuredStores() refuses a file that others can read, a link, and what it cannot read", async () => {
  using home = temporaryFolder();
  const path = write(home.path, "config.toml", FILES["config.toml"]);
  for (const mode of [0o640, 0o604, 0o660]) {
    Deno.chmodSync(path, mode);
    await assertFault("DENIED", () => configuredStores(home.path, NOTHING));
  }
  Deno.renameSync(path, `${home.path}/elsewhere`);
  Deno.symlinkSync(`${home.path}/elsewhere`, path);
  await assertFault("DENIED", () => configuredStores(home.path, NOTHING));
  Deno.removeSync(path);
  write(home.path, "config.toml", Uint8Array.of(0xff, 0xfe));
  await assertFault("CONFIG", () => configuredStores(home.path, NOTHING));
  write(home.path, "config.toml", "# ".padEnd(1024 * 1024 + 1, "x"));
  await assertFault("CONFIG", () => configuredStores(home.path, NOTHING));
  Deno.renameSync(path, `${home.path}/config.hcl`);
  await assertFault("UNSUPPORTED", () => configuredStores(home.path, NOTHING));
  Deno.removeSync(`${home.path}/config.hcl`);
  write(home.path, "config.toml", FILES["config.toml"]);
  Deno.chmodSync(home.path, 0o755);
  await assertFault("DENIED", () => configuredStores(home.path, NOTHING));
});
