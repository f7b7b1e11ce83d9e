import { strict as assert } from "node:assert";
import { Served } from "../served.ts";

const WRAP = { "X-Vault-Wrap-TTL": "60" };

Deno.test("a wrapped secret is opened once, by its token alone, until its time is over", async () => {
  using served = await Served.start({ secret: { a: "hunter2" } });
  const wrapped = await served.get("secret/data/a", { headers: WRAP });
  assert.doesNotMatch(wrapped.text, /hunter2/);
  const { token } = wrapped.json.wrap_info;
  const opened = await served.put("sys/wrapping/unwrap", {}, { token });
  assert.deepEqual(opened.json.data.data, { value: "hunter2" });
  const again = await served.put("sys/wrapping/unwrap", {}, { token });
  assert.deepEqual([again.status, again.json.errors], [400, ["wrapping token is not valid or does not exist"]]);
  const late = (await served.get("secret/data/a", { headers: WRAP })).json.wrap_info.token;
  served.now += 61_000;
  assert.equal((await served.put("sys/wrapping/unwrap", {}, { token: late })).status, 400);
});

Deno.test("a wrapping token used for anything else is good for nothing any more", async () => {
  using served = await Served.start({ secret: { a: "hunter2" } });
  const { token } = (await served.get("secret/data/a", { headers: WRAP })).json.wrap_info;
  assert.equal((await served.get("secret/data/a", { token })).status, 403);
  assert.equal((await served.put("sys/wrapping/unwrap", {}, { token })).status, 400);
});

Deno.test("a wrapping token is looked up by anybody who has it, and not used up by that", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const { token } = (await served.get("secret/data/a", { headers: WRAP })).json.wrap_info;
  const lookup = async (sent: { token: string | null }, body = {}) =>
    (await served.put("sys/wrapping/lookup", body, sent)).json.data?.creation_path;
  assert.equal(await lookup({ token: null }, { token }), "secret/data/a");
  assert.equal(await lookup({ token }), "secret/data/a");
  assert.equal(await lookup({ token: null }), undefined);
  assert.equal((await served.put("sys/wrapping/unwrap", {}, { token })).status, 200);
});

Deno.test("a wrapping token is sent in one place, and opened only by who may", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const { token } = (await served.get("secret/data/a", { headers: WRAP })).json.wrap_info;
  const nobody = await served.client('path "x" { capabilities = ["read"] }', { no_default_policy: true });
  assert.equal((await served.put("sys/wrapping/unwrap", { token }, { token: null })).status, 403);
  assert.equal((await served.put("sys/wrapping/unwrap", { token }, { token: nobody })).status, 403);
  assert.equal((await served.put("sys/wrapping/unwrap", { token }, { token })).status, 400);
  assert.equal((await served.put("sys/wrapping/unwrap", { token })).status, 200);
});

Deno.test("a wrapping token is revoked as any other, by itself or by its accessor", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  for (const [path, member] of [["revoke", "token"], ["revoke-accessor", "accessor"]] as const) {
    const { wrap_info } = (await served.get("secret/data/a", { headers: WRAP })).json;
    assert.equal((await served.put(`auth/token/${path}`, { [member]: wrap_info[member] })).status, 204);
    assert.equal((await served.put("sys/wrapping/unwrap", { token: wrap_info.token })).status, 400);
  }
});

Deno.test("a locked server does not say of a wrapping token that somebody else has used it", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const { token } = (await served.get("secret/data/a", { headers: WRAP })).json.wrap_info;
  await served.put("sys/seal", {});
  const { status, json } = await served.put("sys/wrapping/lookup", { token }, { token: null });
  assert.deepEqual([status, json.errors], [503, ["Vault is sealed"]]);
});

Deno.test("errors and empty answers are not wrapped", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  assert.equal((await served.get("secret/data/none", { headers: WRAP })).status, 404);
  assert.equal((await served.send("DELETE", "secret/data/a", { headers: WRAP })).status, 204);
  const gone = await served.get("secret/data/a", { headers: WRAP });
  assert.deepEqual([gone.status, gone.json.wrap_info], [404, null]);
});

Deno.test("locking wipes what is wrapped", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const { token } = (await served.get("secret/data/a", { headers: WRAP })).json.wrap_info;
  await served.put("sys/seal", {});
  served.isLocked = false;
  assert.equal((await served.put("sys/wrapping/unwrap", {}, { token })).status, 400);
});

Deno.test("a wrapped token works once it is unwrapped, and is named by its accessor before", async () => {
  using served = await Served.start();
  const { wrap_info } = (await served.put("auth/token/create", {}, { headers: WRAP })).json;
  const { auth } = (await served.put("sys/wrapping/unwrap", { token: wrap_info.token })).json;
  assert.equal(auth.accessor, wrap_info.wrapped_accessor);
  assert.equal((await served.get("auth/token/lookup-self", { token: auth.client_token })).status, 200);
});
