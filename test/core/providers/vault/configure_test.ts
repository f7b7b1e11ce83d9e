/** A stack's own place in a Vault: what `coffer vault configure` makes, and what its token can do. */
import assert from "node:assert/strict";
import { parseSecretName, parseStackName } from "../../../../core/name.ts";
import { checkVault } from "../../../../core/providers/vault/check.ts";
import { configureVault, type NewPlace } from "../../../../core/providers/vault/configure.ts";
import { policyFor } from "../../../../core/providers/vault/policy.ts";
import { parsePolicy } from "../../../../server/policies/policy.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { persist, textOf } from "../../../contract/provider.ts";
import { SharedBao, withBao } from "./bao_place.ts";
import { PLACE, tokenAuth, VaultDouble } from "./vault_double.ts";

const bao = new SharedBao();
const ACME = parseStackName("acme");
let places = 0;

async function configure(place: NewPlace, config: Record<string, unknown> = {}) {
  await using admin = await bao.session(config);
  const { token, ...rest } = await configureVault(admin, place);
  using _token = token;
  return { ...rest, token: token.revealText() };
}

const fresh = () => parseStackName(`stack-${places++}`);

withBao("configureVault() makes a mount, a policy and a token that can do nothing else", async () => {
  const { token, ...rest } = await configure({ mount: ACME });
  assert.deepEqual(rest, { mount: "acme", policy: "acme", ttl: 32 * 24 * 3600 });
  const { client } = bao;
  const status = async (method: string, path: string, body?: unknown) =>
    (await client.call(method, path, body, token)).status;
  assert.equal(await status("PUT", "acme/data/x", { data: { value: "1" } }), 200);
  assert.equal(await status("PUT", "secret/data/x", { data: { value: "1" } }), 403);
  for (const path of ["sys/policies/acl", "sys/policies/acl/acme", "sys/mounts", "sys/auth", "auth/token/accessors"]) {
    assert.equal(await status(path === "sys/policies/acl" ? "LIST" : "GET", path), 403, path);
  }
  assert.equal(await status("POST", "auth/token/create", {}), 403);
  assert.equal(await status("PUT", "sys/policies/acl/acme", { policy: `path "*" { capabilities = ["sudo"] }` }), 403);
  assert.equal(await status("POST", "acme/config", { max_versions: 1 }), 403);
  assert.equal(await status("GET", "sys/internal/ui/mounts/acme"), 200);
  assert.equal(await status("GET", "sys/internal/ui/mounts/acme/x"), 200); // as the command line asks
  const self = await client.get("GET", "auth/token/lookup-self", undefined, token);
  const { policies, orphan, renewable, period } = self;
  assert.deepEqual({ policies, orphan, renewable, period }, {
    policies: ["acme"],
    orphan: true,
    renewable: true,
    period: 32 * 24 * 3600,
  });
  assert.ok(self.ttl > 32 * 24 * 3600 - 600 && self.explicit_max_ttl === 0);
  const paths = [
    "acme/data/x",
    "acme/delete/x",
    "acme/undelete/x",
    "acme/destroy/x",
    "acme/metadata/x",
    "acme/subkeys/x",
  ];
  const { capabilities: _, ...allowed } = await client.get("POST", "sys/capabilities-self", { paths }, token);
  assert.ok(Object.values(allowed).every((words) => !(words as string[]).includes("deny")), JSON.stringify(allowed));
  assert.equal(await status("POST", "auth/token/renew-self"), 200);
  assert.equal(await status("POST", "auth/token/revoke-self"), 204);
});

withBao("the token that configureVault() makes is enough for all that the provider does", async () => {
  const mount = fresh();
  const { token } = await configure({ mount, seconds: 600 });
  await using session = await bao.session({ token });
  assert.deepEqual((await checkVault(session, { ...PLACE, mount })).token?.renewable, true);
  await using provider = await bao.provider({ mount, token });
  const name = parseSecretName("team/db");
  for (const text of ["one", "two"]) await persist(provider, name, text);
  assert.deepEqual(await provider.list(), [name]);
  await bao.client.get("POST", `${mount}/delete/${name}`, { versions: [1] });
  assert.equal(await provider.rollback(name, 1), 3);
  assert.equal(await textOf(provider, name), "one");
  assert.equal((await provider.history(name)).length, 3);
  await provider.change(name, () => undefined);
  await provider.remove([name]);
  assert.deepEqual(await provider.list(), []);
});

withBao("configureVault() can be run again, and loses nothing", async () => {
  const mount = fresh();
  const first = await configure({ mount, seconds: 600 });
  await using provider = await bao.provider({ mount, token: first.token });
  await persist(provider, "kept", "value");
  const second = await configure({ mount, seconds: 1200 });
  assert.deepEqual([first.ttl, second.ttl], [600, 1200]);
  assert.notEqual(second.token, first.token);
  for (const { token } of [first, second]) {
    await using again = await bao.provider({ mount, token });
    assert.equal(await textOf(again, "kept"), "value");
  }
});

withBao("configureVault() refuses names that are something else's, and leaves that alone", async () => {
  const { client } = bao;
  const foreign = fresh();
  await client.get("PUT", `sys/policies/acl/${foreign}`, { policy: `path "a" { capabilities = ["read"] }` });
  await assertFault("CONFLICT", () => configure({ mount: foreign }));
  assert.match((await client.get("GET", `sys/policies/acl/${foreign}`)).policy, /^path "a"/);
  assert.equal((await configure({ mount: foreign, policy: fresh(), seconds: 600 })).mount, foreign);
  const old = parseStackName(await bao.mount(1));
  await assertFault("CONFLICT", () => configure({ mount: old }));
  assert.equal((await client.call("GET", `sys/policies/acl/${old}`)).status, 404);
  for (const name of ["sys", "auth", "cubbyhole", "identity"]) {
    await assertFault("CONFLICT", () => configure({ mount: parseStackName(name) }));
  }
  for (const name of ["default", "root"]) {
    const { message } = await assertFault(
      ["CONFLICT", "UNSUPPORTED"],
      () => configure({ mount: fresh(), policy: parseStackName(name) }),
    );
    assert.ok(message.includes(name));
  }
});

withBao("configureVault() says which of the administrator's rights is missing", async () => {
  const { client } = bao;
  const mount = fresh();
  const rights = [
    `path "sys/mounts/*" { capabilities = ["create", "update"] }`,
    `path "sys/policies/acl/*" { capabilities = ["create", "read", "update"] }`,
    `path "sys/mounts" { capabilities = ["read"] }`,
  ];
  const said = new Set<string>();
  for (let count = 0; count <= rights.length; count++) {
    const { name } = await client.write(rights.slice(0, count).join("\n") || `path "none" { capabilities = ["read"] }`);
    const token = await client.tokenWith([name]);
    said.add((await assertFault(["DENIED", "UNSUPPORTED"], () => configure({ mount }, { token }))).message);
  }
  assert.ok(said.size >= 3, [...said].join("\n"));
});

Deno.test("configureVault() gives a stack of another Coffer a token of its own", async () => {
  const double = await VaultDouble.start({ acme: { there: "value" }, secret: { other: "value" } });
  using served = double.served;
  await using admin = double.session();
  const made = await configureVault(admin, { mount: ACME, seconds: 600 });
  using secret = made.token;
  assert.deepEqual([made.mount, made.policy, made.ttl], ["acme", "acme", 600]);
  const token = secret.revealText();
  await using provider = double.provider({ mount: "acme" }, { auth: tokenAuth(token) });
  assert.equal(await textOf(provider, "there"), "value");
  assert.deepEqual(await provider.list(), ["there"]);
  assert.equal((await served.get("secret/data/other", { token })).status, 403);
  assert.equal((await served.get("sys/policies/acl/acme", { token })).status, 403);
  const { json } = await served.get("auth/token/lookup-self", { token });
  assert.deepEqual([json.data.policies, json.data.orphan, json.data.renewable], [["acme"], true, true]);
  await assertFault("UNSUPPORTED", () => configureVault(admin, { mount: parseStackName("none") }));
});

Deno.test("policyFor() is a policy, of the mount and of the token itself", () => {
  const policy = policyFor("acme");
  assert.ok(parsePolicy(policy));
  for (const [, path] of policy.matchAll(/^path "([^"]+)"/gm)) {
    assert.match(path!, /^(acme\/|auth\/token\/\w+-self$|sys\/internal\/ui\/mounts\/acme$|sys\/capabilities-self$)/);
  }
});
