/** Logins, renewal and namespaces in a real OpenBao. */
import assert from "node:assert/strict";
import { parseSecretName } from "../../../../core/name.ts";
import { VaultServer } from "../../../../core/providers/vault/server.ts";
import { VaultSession } from "../../../../core/providers/vault/session.ts";
import { openTransport } from "../../../../core/providers/vault/transport.ts";
import { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { codeOf, persist, secret, textOf } from "../../../contract/provider.ts";
import { SharedBao, withBao } from "./bao_place.ts";
import { tokenAuth } from "./vault_double.ts";

const bao = new SharedBao();
const NAME = parseSecretName("db");

/** A policy for all of a new mount, which has one secret. */
async function place(): Promise<{ readonly mount: string; readonly policy: string }> {
  const mount = await bao.mount(2);
  await using root = await bao.provider({ mount });
  await persist(root, NAME, "value");
  const { name } = await bao.client.write(`path "${mount}/*" { capabilities = ["read", "create", "update", "list"] }`);
  return { mount, policy: name };
}

async function appRole(role: Record<string, unknown>): Promise<{ role_id: string; secret_id: string }> {
  const { client } = bao;
  const { status } = await client.call("POST", "sys/auth/approle", { type: "approle" });
  assert.ok(status === 204 || status === 400); // 400: there already
  const name = `role-${crypto.randomUUID()}`;
  await client.get("POST", `auth/approle/role/${name}`, role);
  const { role_id } = await client.get("GET", `auth/approle/role/${name}/role-id`);
  const { secret_id } = await client.get("POST", `auth/approle/role/${name}/secret-id`);
  return { role_id, secret_id };
}

withBao("AppRole: a role and its secret id are enough, and are refused when wrong", async () => {
  const { mount, policy } = await place();
  const login = await appRole({ token_policies: [policy], token_ttl: "60s" });
  {
    await using provider = await bao.provider({ mount, auth: "approle", ...login });
    assert.equal(await textOf(provider, NAME), "value");
    await persist(provider, "new", "value");
  }
  await using wrong = await bao.provider({ mount, auth: "approle", ...login, secret_id: "hunter2" });
  const { message } = await assertFault("DENIED", () => wrong.resolve([secret(NAME)]));
  assert.ok(!message.includes("hunter2"));
  await using elsewhere = await bao.provider({ mount, auth: "approle", ...login, auth_mount: "none" });
  await assertFault("DENIED", () => elsewhere.resolve([secret(NAME)]));
});

withBao("AppRole: no token is left behind", async () => {
  const { mount, policy } = await place();
  const login = await appRole({ token_policies: [policy], token_ttl: "60s" });
  const count = async () => (await bao.client.get("LIST", "auth/token/accessors")).keys.length;
  const before = await count();
  const provider = await bao.provider({ mount, auth: "approle", ...login });
  await textOf(provider, NAME);
  assert.equal(await count(), before + 1);
  await provider[Symbol.asyncDispose]();
  assert.equal(await count(), before);
});

withBao("AppRole: a secret id and a token that are good for a few uses", async () => {
  const { mount, policy } = await place();
  const login = await appRole({ token_policies: [policy], token_ttl: "60s", token_num_uses: 4 });
  await using provider = await bao.provider({ mount, auth: "approle", ...login });
  for (let i = 0; i < 12; i++) assert.equal(await textOf(provider, NAME), "value", `read ${i}`);
});

withBao("userpass: a name with characters that a path has not", async () => {
  const { mount, policy } = await place();
  const { client } = bao;
  await client.get("POST", "sys/auth/people", { type: "userpass" });
  await client.get("POST", "auth/people/users/ada", { password: "hunter2", token_policies: [policy] });
  const login = { mount, auth: "userpass", auth_mount: "people", username: "ada", password: "hunter2" };
  await using provider = await bao.provider(login);
  assert.equal(await textOf(provider, NAME), "value");
  for (const wrong of [{ password: "wrong" }, { username: "bob" }, { username: "ada?b c" }]) {
    await using refused = await bao.provider({ ...login, ...wrong });
    await assertFault("DENIED", () => refused.resolve([secret(NAME)]));
  }
});

withBao("Kubernetes: where there is none, it is the login that is refused", async () => {
  const jwt_file = `${import.meta.dirname}/bao_auth_test.ts`;
  await using provider = await bao.provider({ auth: "kubernetes", role: "web", jwt_file });
  await assertFault("DENIED", () => provider.resolve([secret(NAME)]));
  await using without = await bao.provider({ auth: "kubernetes", role: "web", jwt_file: "/no/such/file" });
  await assertFault("CONFIG", () => without.resolve([secret(NAME)]));
});

withBao("a login's tokens of three seconds last for as long as they are used: renewed, then got anew", async () => {
  const { mount, policy } = await place();
  const login = await appRole({ token_policies: [policy], token_ttl: "3s", token_max_ttl: "5s" });
  await using provider = await bao.provider({ mount, auth: "approle", ...login });
  const started = performance.now();
  while (performance.now() - started < 7_000) {
    assert.equal(await textOf(provider, NAME), "value");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

withBao("a periodic token is renewed in its last third, and has its whole time again", async () => {
  const { mount, policy } = await place();
  const { client_token: token } = await bao.client.get("POST", "auth/token/create-orphan", {
    policies: [policy],
    period: "600s",
  });
  const { address: origin } = bao.server;
  let later = 0; // here, and not there
  const server = new VaultServer({ origin, namespace: undefined, timeoutMs: 10_000 }, openTransport(origin, undefined));
  const noFile = () => assert.fail();
  const session = new VaultSession(server, tokenAuth(token), noFile, () => Date.now() + later);
  await using provider = new VaultProvider(session, { mount, prefix: "", kvVersion: undefined });
  const lastRenewal = async () => (await bao.client.get("POST", "auth/token/lookup", { token })).last_renewal_time;
  assert.equal(await textOf(provider, NAME), "value");
  later = 300_000;
  assert.equal(await textOf(provider, NAME), "value");
  assert.equal(await lastRenewal(), undefined);
  later = 450_000;
  assert.equal(await textOf(provider, NAME), "value");
  assert.ok(await lastRenewal() > 0);
  const left = (await session.life())!.seconds;
  assert.ok(left > 590 && left <= 600, String(left));
});

withBao("a token that ends is denied, once", async () => {
  const { mount, policy } = await place();
  const { client_token: token } = await bao.client.get("POST", "auth/token/create", {
    policies: [policy],
    ttl: "60s",
    renewable: false,
  });
  await using provider = await bao.provider({ mount, token });
  assert.equal(await textOf(provider, NAME), "value");
  await bao.client.get("POST", "auth/token/revoke", { token });
  const names = Array.from({ length: 50 }, (_, i) => secret(`name-${i}`));
  await assertFault("DENIED", () => provider.resolve(names));
  const others = await bao.client.tokenWith([policy]);
  await using good = await bao.provider({ mount, token: others });
  assert.deepEqual((await good.resolve([secret(NAME), secret("none")])).map(codeOf), ["ok", "NOT_FOUND"]);
});

withBao("a namespace is another Vault in the same one", async () => {
  const { client } = bao;
  await client.get("POST", "sys/namespaces/team");
  const { address, token } = bao.server;
  const mounted = await fetch(`${address}/v1/sys/mounts/kv`, {
    method: "POST",
    headers: { "X-Vault-Token": token, "X-Vault-Namespace": "team" },
    body: JSON.stringify({ type: "kv", options: { version: "2" } }),
  });
  assert.equal(mounted.status, 204);
  await using provider = await bao.provider({ namespace: "team", mount: "kv" });
  await persist(provider, NAME, "in the team");
  assert.equal(await textOf(provider, NAME), "in the team");
  assert.deepEqual(await provider.list(), [NAME]);
  await using outside = await bao.provider({ mount: "kv" });
  await assertFault("CONFIG", () => outside.resolve([secret(NAME)]));
  await using wrong = await bao.provider({ namespace: "none", mount: "kv" });
  await assertFault("CONFIG", () => wrong.resolve([secret(NAME)]));
});
