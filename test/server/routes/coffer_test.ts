/** Coffer's own routes: many values at once, and tokens for one run. */
import { strict as assert } from "node:assert";
import { Fault } from "../../../core/fault.ts";
import { Secret } from "../../../core/secret.ts";
import { type Sent, Served } from "../served.ts";

const STACKS = {
  secret: { a: "1", "db/password": "hunter2", bytes: new Uint8Array([0xff]) },
  prod: { a: "2" },
};

async function resolve(served: Served, references: unknown, sent: Sent = {}) {
  const { status, json } = await served.put("coffer/resolve", { references }, sent);
  const codes = json.data.failures?.map(({ index, code }: { index: number; code: string }) => [index, code]);
  return { status, values: json.data.values, codes, errors: json.errors };
}

Deno.test("coffer/resolve answers references and Porter's sources in their order", async () => {
  using served = await Served.start(STACKS);
  await served.put("secret/data/login", { data: { user: "ada", port: 5432 } });
  const { status, values } = await resolve(served, [
    "db/password",
    "coffer:///a",
    "coffer://prod/a",
    { source: "secret", value: "a" },
    { source: "value", value: "plain" },
    "login#user",
    "coffer://secret/login#port",
    "login",
    "bytes",
    "a",
  ]);
  assert.equal(status, 200);
  assert.deepEqual(values, [
    ...["hunter2", "1", "2", "1", "plain", "ada", "5432", '{"user":"ada","port":5432}'].map((text) => ({ text })),
    { base64: "/w==" },
    { text: "1" },
  ]);
  assert.deepEqual((await resolve(served, [])).values, []);
});

Deno.test("coffer/resolve answers all or nothing, and lists all that is missing", async () => {
  using served = await Served.start(STACKS);
  const missing = await resolve(served, ["a", "none", "prod/none", "coffer://nowhere/a", "a#field"]);
  assert.equal(missing.status, 404);
  assert.equal(missing.values, undefined);
  assert.deepEqual(missing.codes, [1, 2, 3, 4].map((index) => [index, "NOT_FOUND"]));
  const fields = await resolve(served, ["a#field", "none#field", "a"]);
  assert.deepEqual([fields.status, fields.codes], [404, [[0, "NOT_FOUND"], [1, "NOT_FOUND"]]]);
});

Deno.test("coffer/resolve does not repeat what is no reference: it may be a value", async () => {
  using served = await Served.start(STACKS);
  const { status, codes, errors } = await resolve(served, ["a", "p4ss w0rd!", {
    source: "secret",
    value: "p4ss w0rd!",
  }]);
  assert.deepEqual([status, codes], [400, [[1, "USAGE"], [2, "USAGE"]]]);
  assert.doesNotMatch(JSON.stringify(errors), /p4ss/);
  for (
    const body of [{}, { references: "a" }, { references: [1] }, { references: [{ source: "magic", value: "a" }] }]
  ) {
    assert.equal((await served.put("coffer/resolve", body)).status, 400);
  }
});

Deno.test("coffer/resolve reads with the rights of the token, whether there is something or not", async () => {
  using served = await Served.start(STACKS);
  const token = await served.client('path "secret/data/db/*" { capabilities = ["read"] }');
  assert.deepEqual((await resolve(served, ["db/password"], { token })).values, [{ text: "hunter2" }]);
  const { status, codes } = await resolve(served, ["a", "none", "coffer://prod/a", "coffer://nowhere/a", "db/none"], {
    token,
  });
  assert.equal(status, 403);
  assert.deepEqual(codes, [...[0, 1, 2, 3].map((index) => [index, "DENIED"]), [4, "NOT_FOUND"]]);
  assert.equal((await served.put("coffer/resolve", { references: ["a"] }, { token: null })).status, 403);
});

Deno.test("coffer/resolve reaches into the host only where the server and the policy allow it", async () => {
  const asked: string[] = [];
  using served = await Served.start(STACKS, {
    sources: {
      env: (value) => {
        asked.push(value);
        return value === "HOME" ? Promise.resolve(Secret.fromText("/home/me")) : Promise.reject(
          new Fault("NOT_FOUND", "there is no variable of that name"),
        );
      },
    },
  });
  const env = (value: string) => ({ source: "env", value });
  assert.deepEqual((await resolve(served, [env("HOME"), "a"])).values, [{ text: "/home/me" }, { text: "1" }]);
  const recorded = served.entries.map(({ kind, operation, stack, outcome }) => [kind, operation, stack?.name, outcome]);
  assert.deepEqual(recorded, [["read", "resolve", undefined, "ok"], ["read", "resolve", "secret", "ok"]]);
  assert.deepEqual((await resolve(served, [env("NONE"), "none"])).codes, [[0, "NOT_FOUND"], [1, "NOT_FOUND"]]);
  asked.length = 0;
  const refused = await resolve(served, [{ source: "path", value: "/etc/passwd" }, { source: "command", value: "id" }]);
  assert.deepEqual([refused.status, refused.codes], [403, [[0, "DENIED"], [1, "DENIED"]]]);
  const reader = await served.client('path "secret/*" { capabilities = ["read"] }');
  assert.deepEqual((await resolve(served, [env("HOME")], { token: reader })).codes, [[0, "DENIED"]]);
  const allowed = await served.client('path "coffer/sources/env" { capabilities = ["read"] }');
  assert.deepEqual(asked, []);
  assert.deepEqual((await resolve(served, [env("HOME")], { token: allowed })).values, [{ text: "/home/me" }]);
});

Deno.test("a run's token resolves the names that it was made for, and does nothing else", async () => {
  using served = await Served.start(STACKS);
  const { json } = await served.put("coffer/tokens", { references: ["a", "coffer://secret/db/password#x"], ttl: "1h" });
  const token: string = json.auth.client_token;
  assert.deepEqual((await resolve(served, ["a", "db/password"], { token })).values, [{ text: "1" }, {
    text: "hunter2",
  }]);
  const others = await resolve(served, ["bytes", "coffer://prod/a", { source: "env", value: "HOME" }], { token });
  assert.deepEqual(others.codes, [[0, "DENIED"], [1, "DENIED"], [2, "DENIED"]]);
  for (
    const [method, path] of [
      ...[["GET", "secret/data/a"], ["LIST", "secret/metadata"], ["PUT", "secret/data/a"], ["GET", "sys/mounts"]],
      ...[["PUT", "auth/token/create"], ["PUT", "sys/seal"], ["GET", "sys/internal/ui/mounts"], ["GET", "nothing"]],
      ...[["PUT", "sys/capabilities-self"], ["PUT", "sys/wrapping/wrap"], ["GET", "sys/internal/specs/openapi"]],
    ]
  ) assert.equal((await served.send(method!, path!, { token })).status, 403, path!);
});

Deno.test("a run's token ends itself, and with the one that made it", async () => {
  using served = await Served.start(STACKS);
  const parent = await served.client(
    'path "coffer/tokens" { capabilities = ["update"] }\npath "secret/data/*" { capabilities = ["read"] }',
    { no_default_policy: true },
  );
  const make = async (token: string, references: string[]) =>
    await served.put("coffer/tokens", { references }, { token });
  const first = (await make(parent, ["a"])).json.auth.client_token;
  assert.equal((await served.get("auth/token/lookup-self", { token: first })).status, 200);
  assert.equal((await served.put("auth/token/renew-self", {}, { token: first })).status, 200);
  assert.equal((await served.put("auth/token/revoke-self", {}, { token: first })).status, 204);
  assert.equal((await resolve(served, ["a"], { token: first }).catch(() => ({ status: 403 }))).status, 403);
  const second = (await make(parent, ["a"])).json.auth.client_token;
  const child = (await make(second, ["a"])).json.auth.client_token;
  assert.equal((await make(second, ["db/password"])).status, 403, "no more than it has itself");
  assert.equal((await make(parent, ["coffer://prod/a"])).status, 403);
  assert.equal((await make(parent, ["p4ss w0rd!"])).status, 400);
  assert.deepEqual((await resolve(served, ["a"], { token: child })).values, [{ text: "1" }]);
  await served.put("auth/token/revoke", { token: parent });
  for (const token of [second, child]) {
    assert.equal((await served.get("auth/token/lookup-self", { token })).status, 403);
  }
});
