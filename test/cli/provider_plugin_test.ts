/** A stack whose secrets are with a plugin of Porter's: here Coffer itself, which keeps them in plaintext files. */
import assert from "node:assert/strict";
import { type Coffer, endToEnd } from "../fixture/coffer_cli.ts";
import { PluginHost } from "../fixture/plugin_host.ts";

/** Registers a plugin for the stack. Returns the folder where its secrets are. */
async function register(coffer: Coffer): Promise<string> {
  await coffer.given({ local: "in the stack" });
  await coffer.ok(["plugin", "install-into-porter"]);
  const folder = `${coffer.root}/secrets`;
  const config = { plugin: "coffer.filesystem", config: { folder }, start_timeout: "60s" };
  await coffer.ok(["provider", "register", "--kind", "plugin", "--config", "-"], { stdin: JSON.stringify(config) });
  return folder;
}

endToEnd("with a plugin registered, a stack's secrets are with the plugin", async (coffer) => {
  const folder = await register(coffer);
  await coffer.ok(["set", "db/password"], { stdin: "hunter2" });
  assert.equal(Deno.readTextFileSync(`${folder}/db/password`), "hunter2");
  assert.equal(await coffer.ok(["get", "db/password"]), "hunter2");
  const line = await coffer.ok(["run", "-s", "db/password", "--", "sh", "-c", 'echo "${#DB_PASSWORD} $DB_PASSWORD"']);
  assert.equal(line, "7 *******\n");
  await coffer.fault("NOT_FOUND", ["get", "local"]);
  await coffer.fault("UNSUPPORTED", ["list"]);
  await coffer.fault("UNSUPPORTED", ["rm", "db/password"]);
  await coffer.fault("UNSUPPORTED", ["set", "bytes"], { stdin: new Uint8Array([0xff, 0xfe]) });
  assert.deepEqual(left(coffer), []);
});

endToEnd("a plugin that does not start is not registered", async (coffer) => {
  await coffer.given();
  const path = coffer.file(`${coffer.root}/plugin`, "#!/bin/sh\necho 'no such vault' >&2\nexit 3\n", 0o755);
  for (
    const [code, config] of [["UNAVAILABLE", { plugin: "fake.any", path }], ["CONFIG", { plugin: "none.any" }]] as const
  ) {
    const args = ["provider", "register", "--kind", "plugin", "--config", "-"];
    await coffer.fault(code, args, { stdin: JSON.stringify(config) });
  }
  await coffer.ok(["set", "a"], { stdin: "value" });
  assert.equal(await coffer.ok(["get", "a"]), "value");
  assert.deepEqual(left(coffer), []);
}, { targets: ["bundle"] });

endToEnd("a store of Coffer's configuration is one that Porter can have by its name", async (coffer) => {
  const config = [
    '[[secrets]]\nname = "plain"\nplugin = "filesystem"\n',
    `[secrets.config]\nfolder = "${coffer.root}/plain"\n`,
  ];
  coffer.file(`${coffer.home}/.coffer/config.toml`, config.join(""));
  Deno.chmodSync(`${coffer.home}/.coffer`, 0o700);
  await using host = await PluginHost.start(coffer, "plain");
  await host.create("a", "value");
  assert.equal(Deno.readTextFileSync(`${coffer.root}/plain/a`), "value");
  await using unknown = await PluginHost.launch(coffer, "other");
  assert.equal((await unknown.status).code, 1);
}, { targets: ["bundle"] });

/** Folders of sockets. */
function left(coffer: Coffer): string[] {
  return [...Deno.readDirSync(coffer.runtime)].map(({ name }) => name);
}
