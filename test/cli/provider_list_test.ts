import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd } from "../fixture/coffer_cli.ts";

interface Listed {
  readonly stores: { name: string; provider: string; plugin?: string; default: boolean; can: string[] }[];
  readonly kinds: { name: string; brief: string; can: string[] }[];
}

const NONE = { env: { COFFER_PASSPHRASE: undefined } };

endToEnd("coffer provider list shows the default store, and what each kind can do", async (coffer) => {
  const { stores, kinds } = await coffer.json(["provider", "list"], NONE) as Listed;
  const all = ["resolve", "persist", "list", "remove", "versions"];
  assert.deepEqual(stores, [{ name: "sealed", provider: "sealed", default: true, can: all }]);
  const can = Object.fromEntries(kinds.map(({ name, can }) => [name, can]));
  assert.deepEqual(can["host"], ["resolve"]);
  assert.deepEqual(can["filesystem"], ["resolve", "persist", "list", "remove"]);
  assert.deepEqual(can["sealed"], all);
  assert.match(await coffer.ok(["provider", "list"], NONE), /^\* {2}sealed {2}sealed {2}resolve persist/);
}, BUNDLE_ONLY);

endToEnd("coffer provider list shows the configured stores, and nothing of their configuration", async (coffer) => {
  coffer.configure(`
default-secrets = "team"
[[secrets]]
name = "team"
plugin = "azure.keyvault"
config = { token = "hunter2", other = "\${env.NOT_SET}" }
[[secrets]]
name = "files"
plugin = "filesystem"
[[secrets]]
name = "odd"
plugin = "vualt"
`);
  const listed = await coffer.ok(["provider", "list", "--json"], NONE);
  assert.ok(!listed.includes("hunter2"));
  const { stores } = JSON.parse(listed) as Listed;
  assert.deepEqual(stores.map(({ name, provider, plugin, default: chosen }) => [name, provider, plugin, chosen]), [
    ["team", "plugin", "azure.keyvault", true],
    ["files", "filesystem", undefined, false],
    ["odd", "vualt", undefined, false],
  ]);
  const plain = await coffer.ok(["provider", "list"], NONE);
  assert.match(plain, /^\* {2}team +plugin azure\.keyvault/m);
  assert.match(plain, /^ {3}odd +vualt +there is no such provider$/m);
  assert.match(
    await coffer.ok(["provider", "list"], { env: { ...NONE.env, COFFER_DEFAULT_SECRETS: "files" } }),
    /^\* {2}files/m,
  );
  coffer.configure("default-secrets: x\n", "config.yaml");
  const { message } = await coffer.fault("CONFIG", ["provider", "list"], NONE);
  assert.ok(message.includes("config.toml") && message.includes("config.yaml"));
}, BUNDLE_ONLY);
