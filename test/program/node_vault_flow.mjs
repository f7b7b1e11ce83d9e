/**
 * node-vault's own example flows against a server: VAULT_ADDR, VAULT_TOKEN and MOUNT in the environment, the package's
 * entry as the first argument. Prints "ok" when everything was as its documentation says.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const nodeVault = createRequire(import.meta.url)(process.argv[2]);
const { MOUNT: mount, VAULT_ADDR: endpoint, VAULT_TOKEN: token } = process.env;

for (const noCustomHTTPVerbs of [false, true]) {
  const vault = nodeVault({ endpoint, token, noCustomHTTPVerbs });
  const name = `node/${noCustomHTTPVerbs}`;
  const at = (kind) => `${mount}/${kind}/${name}`;
  assert.equal((await vault.status()).sealed, false);
  assert.equal((await vault.health()).initialized, true);
  assert.equal((await vault.initialized()).initialized, true);
  assert.ok(`${mount}/` in (await vault.mounts()));
  await vault.write(at("data"), { data: { value: "world", lease: "1s" } });
  assert.deepEqual((await vault.read(at("data"))).data.data, { value: "world", lease: "1s" });
  await vault.update(at("data"), { data: { lease: "2s" } });
  assert.deepEqual((await vault.read(at("data"))).data.data, { value: "world", lease: "2s" });
  assert.deepEqual((await vault.list(`${mount}/metadata/node`)).data.keys.includes(String(noCustomHTTPVerbs)), true);
  await vault.delete(at("data"));
  await assert.rejects(vault.read(at("data")), ({ response }) => response.statusCode === 404);
  await vault.write(at("undelete"), { versions: [2] });
  assert.equal((await vault.read(at("data"))).data.metadata.version, 2);
  await vault.delete(at("metadata"));
  await assert.rejects(vault.read(at("metadata")), ({ response }) => response.statusCode === 404);

  await vault.addPolicy({ name: "node", rules: `path "${mount}/*" { capabilities = ["list"] }` });
  assert.ok((await vault.policies()).policies.includes("node"));
  assert.match((await vault.getPolicy({ name: "node" })).rules, /list/);
  const { auth } = await vault.tokenCreate({ policies: ["node"], ttl: "1h" }); // which it uses from here on itself
  const owner = nodeVault({ endpoint, token });
  assert.equal((await owner.tokenLookupAccessor({ accessor: auth.accessor })).data.display_name, "token");
  assert.equal((await owner.tokenLookup({ token: auth.client_token })).data.accessor, auth.accessor);
  assert.equal((await vault.tokenLookupSelf()).data.accessor, auth.accessor);
  await vault.tokenRenewSelf();
  await assert.rejects(vault.read(at("data")), ({ response }) => response.statusCode === 403);
  await vault.tokenRevokeSelf();
  await assert.rejects(vault.tokenLookupSelf(), ({ response }) => response.statusCode === 403);
  await owner.removePolicy({ name: "node" });
}
process.stdout.write("ok\n");
