/** What `coffer provider register` finds out before it keeps anything. */
import assert from "node:assert/strict";
import { checkVault } from "../../../../core/providers/vault/check.ts";
import type { VaultPlace } from "../../../../core/providers/vault/config.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { SharedBao, withBao } from "./bao_place.ts";
import { json, PLACE, type SessionOptions, tokenAuth, VaultDouble } from "./vault_double.ts";

async function check(double: VaultDouble, place: Partial<VaultPlace> = {}, options: SessionOptions = {}) {
  await using session = double.session(options);
  return await checkVault(session, { ...PLACE, ...place });
}

Deno.test("checkVault() says what it has found, and writes nothing", async () => {
  const double = await VaultDouble.start({ secret: { a: "value" } });
  using served = double.served;
  assert.deepEqual(await check(double), { kvVersion: 2, token: { seconds: 0, renewable: false } });
  const token = await served.client(`path "secret/*" { capabilities = ["read"] }`, {
    ttl: 90,
    no_default_policy: true,
  });
  assert.deepEqual(await check(double, {}, { auth: tokenAuth(token) }), { kvVersion: 2, token: undefined });
  const common = await served.client(`path "secret/*" { capabilities = ["read"] }`, { ttl: 90 });
  assert.deepEqual(await check(double, {}, { auth: tokenAuth(common), now: () => served.now }), {
    kvVersion: 2,
    token: { seconds: 90, renewable: true },
  });
  assert.deepEqual((await served.stack().listAll()).length, 1);
  assert.ok(double.requests.every(({ method }) => method === "GET"));
});

Deno.test("checkVault() sends the token only to what says that it is a Vault", async () => {
  const double = await VaultDouble.start();
  using served = double.served;
  const page = () => new Response("<html>", { headers: { "Content-Type": "text/html" } });
  for (
    const answer of [page, () => json(404, { errors: [] }), () => json(200, { status: "up" }), () => json(200, {})]
  ) {
    double.inFront = answer;
    await assertFault("UNAVAILABLE", () => check(double));
  }
  double.inFront = () => {
    throw new TypeError("fetch failed", { cause: new Error("client error (Connect): Connection refused") });
  };
  await assertFault("UNAVAILABLE", () => check(double));
  double.inFront = () => json(200, { initialized: false, sealed: true });
  await assertFault("UNAVAILABLE", () => check(double));
  double.inFront = () => undefined;
  served.isLocked = true;
  await assertFault("LOCKED", () => check(double));
  assert.ok(double.requests.every(({ headers }) => !headers.has("x-vault-token")));
});

Deno.test("checkVault() tells a bad token from a bad mount and from a right that is missing", async () => {
  const double = await VaultDouble.start({ secret: {} });
  using served = double.served;
  await assertFault("DENIED", () => check(double, {}, { auth: tokenAuth("s.wrong") }));
  await assertFault("CONFIG", () => check(double, { mount: "none" }));
  await assertFault("CONFIG", () => check(double, { mount: "secret/team" }));
  await assertFault("CONFIG", () => check(double, {}, { connection: { namespace: "none" } }));
  await assertFault("CONFIG", () => check(double, { kvVersion: 1 }));
  const policy =
    `path "secret/data/team/*" { capabilities = ["read"] } path "secret/metadata/*" { capabilities = ["list"] }`;
  const auth = () => tokenAuth(token);
  const token = await served.client(policy);
  await assertFault("DENIED", () => check(double, {}, { auth: auth() }));
  assert.equal((await check(double, { prefix: "team" }, { auth: auth() })).kvVersion, 2);
  const none = await served.client(`path "other/*" { capabilities = ["read"] }`);
  await assertFault("CONFIG", () => check(double, {}, { auth: tokenAuth(none) })); // what it may not see is not there
  for (
    const [data, code] of [[{ path: "secret/", type: "pki" }, "CONFIG"], [{ path: "secret/" }, "UNAVAILABLE"]] as const
  ) {
    double.inFront = ({ path }) => path.includes("ui/mounts") ? json(200, { data }) : undefined;
    await assertFault(code, () => check(double));
  }
});

Deno.test("a folder of an engine is said to be one, with what to write instead", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  const { hint } = await assertFault("CONFIG", () => check(double, { mount: "secret/team/web" }));
  assert.equal(hint, 'mount = "secret", prefix = "team/web"');
});

Deno.test("checkVault() does not take a server of the very stack for its Vault", async () => {
  const double = await VaultDouble.start({ secret: {}, other: {} });
  using served = double.served;
  const { id } = served.stack().header;
  const attempt = async (mount: string) => {
    await using session = double.session();
    await checkVault(session, { ...PLACE, mount }, id);
  };
  await assertFault("CONFLICT", () => attempt("secret"));
  await attempt("other");
});

const bao = new SharedBao();

withBao("checkVault() finds the same in OpenBao", async () => {
  const tryIt = async (config: Record<string, unknown>, place: Partial<VaultPlace> = {}) => {
    await using session = await bao.session(config);
    return await checkVault(session, { ...PLACE, ...place });
  };
  const { client } = bao;
  assert.deepEqual(await tryIt({}), { kvVersion: 2, token: { seconds: 0, renewable: false } });
  assert.deepEqual((await tryIt({}, { mount: await bao.mount(1) })).kvVersion, 1);
  await assertFault("DENIED", () => tryIt({ token: "s.wrong" }));
  await assertFault("CONFIG", () => tryIt({}, { mount: "none" }));
  await assertFault("CONFIG", () => tryIt({}, { mount: "cubbyhole" }));
  await assertFault("CONFIG", () => tryIt({}, { mount: "secret/team" }));
  await assertFault("CONFIG", () => tryIt({ namespace: "none" }));
  await assertFault("CONFIG", () => tryIt({}, { kvVersion: 1 }));
  await assertFault("UNAVAILABLE", () => tryIt({ url: "http://127.0.0.1:9", timeout: 5 }));
  const { name } = await client.write(`path "secret/metadata/*" { capabilities = ["list"] }`);
  await assertFault("DENIED", async () => await tryIt({ token: await client.tokenWith([name]) }));
  await client.get("POST", "sys/seal");
  await assertFault("LOCKED", () => tryIt({}));
});
