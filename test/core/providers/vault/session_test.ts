/** Tokens: got, renewed, replaced, given back; and what is said when one is not good. */
import assert from "node:assert/strict";
import type { VaultAuth } from "../../../../core/providers/vault/config.ts";
import { Secret } from "../../../../core/secret.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { codeOf, persist, secret, textOf } from "../../../contract/provider.ts";
import { AT_ONCE, json, type SentRequest, tokenAuth, VaultDouble } from "./vault_double.ts";

const HUNDRED = Array.from({ length: 100 }, (_, i) => secret(`name-${i}`));
const ALL = `path "*" { capabilities = ["create", "read", "update", "delete", "list"] }`;

/** A double with a clock that its sessions have as well. */
async function start(): Promise<{ double: VaultDouble; now: () => number; pass: (seconds: number) => void }> {
  const double = await VaultDouble.start({ secret: { a: "value", "team/b": "other" } });
  const { served } = double;
  return { double, now: () => served.now, pass: (seconds) => void (served.now += seconds * 1000) };
}

/** A token without `default`, as `request` asks for it. */
async function makeToken(double: VaultDouble, policy: string, request: Record<string, unknown> = {}): Promise<string> {
  return await double.served.client(policy, { no_default_policy: true, ...request });
}

/** Answers logins with tokens that `request` asks for; whoever logs in wrongly is refused with 400. */
function loginsBy(double: VaultDouble, policy: string, request: Record<string, unknown> = {}): SentRequest[] {
  const logins: SentRequest[] = [];
  double.inFront = async (sent) => {
    if (!/^\/v1\/auth\/.+\/login/.test(sent.path)) return undefined;
    logins.push(sent);
    if (sent.body.includes("wrong")) return json(400, { errors: ["invalid role or secret ID hunter2"] });
    double.served.policies.write("logged-in", policy);
    const { json: made } = await double.served.put("auth/token/create", {
      policies: ["logged-in"],
      no_parent: true,
      ...request,
    });
    return json(200, made);
  };
  return logins;
}

function appRole(secretId = "hunter2"): VaultAuth {
  return { method: "approle", mount: "approle", roleId: "role", secretId: Secret.fromText(secretId) };
}

const renewals = (double: VaultDouble) => double.sentTo("POST", "auth/token/renew-self").length;

Deno.test("a token is renewed once less than a third of its time is left, and by one of all who use it", async () => {
  const { double, now, pass } = await start();
  const token = await makeToken(double, ALL + `path "auth/token/*" { capabilities = ["read", "update"] }`, { ttl: 90 });
  await using provider = double.provider({}, { auth: tokenAuth(token), now });
  for (const [seconds, expected] of [[0, 0], [59, 0], [2, 1], [59, 1], [2, 2]] as const) {
    pass(seconds);
    const texts = await Promise.all([..."abcdefgh"].map(() => textOf(provider, "a")));
    assert.deepEqual(texts, Array(8).fill("value"));
    assert.equal(renewals(double), expected);
  }
});

Deno.test("a token that was used for a while already is renewed by what it was given, not by what is left", async () => {
  const { double, now, pass } = await start();
  const token = await makeToken(double, ALL, { ttl: 90, no_default_policy: false });
  pass(70);
  await using provider = double.provider({}, { auth: tokenAuth(token), now });
  assert.equal(await textOf(provider, "a"), "value");
  assert.equal(renewals(double), 1);
});

Deno.test("a token without an end, or that cannot be renewed, is used as it is", async () => {
  const { double, now, pass } = await start();
  await using root = double.provider({}, { now });
  await using fixed = double.provider({}, {
    auth: tokenAuth(await makeToken(double, ALL, { ttl: 90, renewable: false, no_default_policy: false })),
    now,
  });
  for (let i = 0; i < 5; i++) {
    for (const provider of [root, fixed]) assert.equal(await textOf(provider, "a"), "value");
    pass(17);
  }
  assert.equal(renewals(double), 0);
  assert.equal(double.sentTo("GET", "auth/token/lookup-self").length, 2);
});

Deno.test("a token that has come to its last end is not renewed again and again, and then denied", async () => {
  const { double, now, pass } = await start();
  const token = await makeToken(double, ALL, { ttl: 90, explicit_max_ttl: 120, no_default_policy: false });
  await using provider = double.provider({}, { auth: tokenAuth(token), now });
  for (let i = 0; i < 11; i++) {
    assert.equal(await textOf(provider, "a"), "value");
    pass(10);
  }
  assert.ok(renewals(double) <= 2, String(renewals(double)));
  pass(20);
  await assertFault("DENIED", () => provider.resolve(HUNDRED));
});

Deno.test("a renewal that the server cannot give now stops nobody who reads", async () => {
  const { double, now, pass } = await start();
  const token = await makeToken(double, ALL, { ttl: 90, no_default_policy: false });
  await using provider = double.provider({}, { auth: tokenAuth(token), now });
  double.inFront = ({ path }) => path.endsWith("renew-self") ? json(500, { errors: ["read-only"] }) : undefined;
  for (let i = 0; i < 8; i++) {
    assert.equal(await textOf(provider, "a"), "value");
    pass(10);
  }
  assert.equal(renewals(double), AT_ONCE.attempts); // those of one try
  double.inFront = () => undefined;
  pass(9); // 89 of 90
  assert.equal(await textOf(provider, "a"), "value");
  pass(60);
  assert.equal(await textOf(provider, "a"), "value");
});

Deno.test("no more than eight requests are on their way at once", async () => {
  const { double } = await start();
  let [now, most] = [0, 0];
  double.inFront = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return void now--;
  };
  await using provider = double.provider();
  await Promise.all([provider.resolve(HUNDRED), provider.resolve(HUNDRED), provider.list()]);
  assert.equal(most, 8);
});

Deno.test("a token that is not good is denied once, not for each name", async () => {
  const { double, pass } = await start();
  await using unknown = double.provider({}, { auth: tokenAuth("s.hunter2") });
  const { message } = await assertFault("DENIED", () => unknown.resolve(HUNDRED));
  assert.ok(!message.includes("hunter2"));
  assert.equal(double.sentTo("GET", "secret/data/").length, 0);

  const token = await makeToken(double, ALL, { no_default_policy: false });
  await using revoked = double.provider({}, { auth: tokenAuth(token) });
  assert.equal(await textOf(revoked, "a"), "value");
  await double.served.put("auth/token/revoke", { token });
  const before = double.requests.length;
  pass(60);
  await assertFault("DENIED", () => revoked.resolve(HUNDRED));
  assert.ok(double.requests.length - before <= 9, String(double.requests.length - before));
  for (const act of [() => revoked.list(), () => persist(revoked, "a", "x")]) await assertFault("DENIED", act);
});

Deno.test("what a good token may not read is denied name by name", async () => {
  const { double } = await start();
  const policy = `path "secret/data/team/*" { capabilities = ["read"] }`;
  for (const no_default_policy of [false, true]) { // the policy `default` lets a token look itself up
    await using provider = double.provider({}, {
      auth: tokenAuth(await makeToken(double, policy, { no_default_policy })),
    });
    const results = await provider.resolve([secret("a"), secret("team/b"), secret("team/none"), ...HUNDRED]);
    const expected = ["DENIED", "ok", "NOT_FOUND", ...HUNDRED.map(() => "DENIED")];
    assert.deepEqual(results.map(codeOf), expected, `no_default_policy: ${no_default_policy}`);
  }
});

Deno.test("AppRole logs in when it is first needed, and gives its token back at the end", async () => {
  const { double } = await start();
  const logins = loginsBy(double, ALL);
  const provider = double.provider({}, { auth: appRole() });
  assert.deepEqual(await provider.resolve([]), []);
  assert.equal(logins.length, 0);
  await Promise.all([..."abc"].map(() => textOf(provider, "a")));
  assert.deepEqual(logins.map(({ method, path, body }) => [method, path, JSON.parse(body)]), [
    ["POST", "/v1/auth/approle/login", { role_id: "role", secret_id: "hunter2" }],
  ]);
  assert.equal(logins[0]!.headers.get("x-vault-token"), null);
  const token = double.requests.at(-1)!.headers.get("x-vault-token")!;
  assert.equal((await double.served.get("auth/token/lookup-self", { token })).status, 200);
  await provider[Symbol.asyncDispose]();
  assert.equal((await double.served.get("auth/token/lookup-self", { token })).status, 403);
  assert.equal(double.closed, 1);
});

Deno.test("a token of one's own is not ended with the session", async () => {
  const { double } = await start();
  const provider = double.provider();
  await textOf(provider, "a");
  await provider[Symbol.asyncDispose]();
  assert.equal((await double.served.get("auth/token/lookup-self")).status, 200);
});

Deno.test("userpass has the name in its path, Kubernetes the service account's token as it is then", async () => {
  const { double } = await start();
  const logins = loginsBy(double, ALL);
  const password = Secret.fromText("pass");
  await using person = double.provider({}, {
    auth: { method: "userpass", mount: "people", username: "ada b?c", password },
  });
  assert.equal(await textOf(person, "a"), "value");
  assert.deepEqual([logins[0]!.path, JSON.parse(logins[0]!.body)], [
    "/v1/auth/people/login/ada%20b%3Fc",
    { password: "pass" },
  ]);
  const tokens = ["first\n", "second\n"];
  await using pod = double.provider({}, {
    auth: { method: "kubernetes", mount: "kubernetes", role: "web", jwtFile: "/jwt" },
    readFile: (path) => Promise.resolve(Secret.fromText(`${path} ${tokens.shift()}`)),
  });
  assert.equal(await textOf(pod, "a"), "value");
  await double.served.put("auth/token/revoke", { token: double.requests.at(-1)!.headers.get("x-vault-token") });
  assert.equal(await textOf(pod, "a"), "value");
  assert.deepEqual(logins.slice(1).map(({ path, body }) => [path, JSON.parse(body)]), [
    ["/v1/auth/kubernetes/login", { role: "web", jwt: "/jwt first" }],
    ["/v1/auth/kubernetes/login", { role: "web", jwt: "/jwt second" }],
  ]);
});

Deno.test("a login is refused once, without what it was tried with", async () => {
  const { double } = await start();
  const logins = loginsBy(double, ALL);
  await using provider = double.provider({}, { auth: appRole("wrong hunter2") });
  const { message, hint } = await assertFault("DENIED", () => provider.resolve(HUNDRED));
  assert.ok(!/hunter2|wrong/.test(message + hint), message);
  assert.equal(logins.length, 1);
});

Deno.test("a login whose answer is lost is not repeated: a secret id may be good for one use", async () => {
  const { double } = await start();
  let logins = 0;
  double.inFront = ({ path }) => {
    if (!path.endsWith("/login")) return undefined;
    logins++;
    throw new TypeError("connection reset");
  };
  await using provider = double.provider({}, { auth: appRole() });
  await assertFault("UNAVAILABLE", () => provider.resolve(HUNDRED));
  assert.equal(logins, 1);
});

Deno.test("a login that gives no token is none", async () => {
  const { double } = await start();
  const answers = [
    {},
    { auth: null },
    { auth: { client_token: "a\nb", lease_duration: 1, renewable: true } },
    { auth: { client_token: "", mfa_requirement: { mfa_request_id: "x" }, lease_duration: 0 } },
  ];
  for (const answer of answers) {
    double.inFront = ({ path }) => path.endsWith("/login") ? json(200, answer) : undefined;
    await using provider = double.provider({}, { auth: appRole() });
    await assertFault(["UNAVAILABLE", "DENIED"], () => provider.resolve(HUNDRED));
  }
});

Deno.test("a login's token is renewed, and replaced by another login when it can have no more", async () => {
  const { double, now, pass } = await start();
  const logins = loginsBy(double, ALL, { ttl: 60, explicit_max_ttl: 150 });
  await using provider = double.provider({}, { auth: appRole(), now });
  for (let i = 0; i < 60; i++) {
    assert.equal(await textOf(provider, "a"), "value", `${i * 10} s`);
    pass(10);
  }
  assert.ok(logins.length >= 4 && logins.length <= 7, `${logins.length} logins`);
  assert.ok(renewals(double) >= logins.length, `${renewals(double)} renewals`);
});

Deno.test("a login's token that cannot be renewed, or has ended unseen, is replaced", async () => {
  const { double, now, pass } = await start();
  const logins = loginsBy(double, ALL, { ttl: 60, renewable: false });
  await using provider = double.provider({}, { auth: appRole(), now });
  for (const [seconds, expected] of [[0, 1], [30, 1], [15, 2], [3600, 3]] as const) {
    pass(seconds);
    assert.equal(await textOf(provider, "a"), "value");
    assert.equal(logins.length, expected, `${seconds} s`);
  }
});

Deno.test("a login's token that is revoked meanwhile is replaced, by one login for all", async () => {
  const { double } = await start();
  const logins = loginsBy(double, ALL);
  await using provider = double.provider({}, { auth: appRole() });
  assert.equal(await textOf(provider, "a"), "value");
  await double.served.put("auth/token/revoke", { token: double.requests.at(-1)!.headers.get("x-vault-token") });
  const results = await provider.resolve(["a", "team/b", ...Array(50).fill("a")].map(secret));
  assert.deepEqual(results.map(codeOf), Array(52).fill("ok"));
  assert.equal(logins.length, 2);
});

Deno.test("tokens that are revoked while many read are replaced without a failure", async () => {
  const { double, pass } = await start();
  const logins = loginsBy(double, ALL);
  await using provider = double.provider({}, { auth: appRole() });
  for (let round = 0; round < 20; round++) {
    const reads = Array.from({ length: 10 }, () => provider.resolve(["a", "team/b"].map(secret)));
    const token = double.requests.findLast(({ headers }) => headers.has("x-vault-token"))?.headers.get("x-vault-token");
    if (token) await double.served.put("auth/token/revoke", { token });
    for (const results of await Promise.all(reads)) assert.deepEqual(results.map(codeOf), ["ok", "ok"]);
    pass(60);
  }
  assert.ok(logins.length > 10, `${logins.length} logins`);
});

Deno.test("a login's token that may not look itself up does not log in anew for each name that is denied", async () => {
  const { double } = await start();
  const policy = `path "secret/data/team/*" { capabilities = ["read"] }`;
  const logins = loginsBy(double, policy, { no_default_policy: true });
  await using provider = double.provider({}, { auth: appRole() });
  for (let i = 0; i < 3; i++) {
    const results = await provider.resolve([...HUNDRED, secret("team/b")]);
    assert.deepEqual(results.map(codeOf), [...HUNDRED.map(() => "DENIED"), "ok"]);
  }
  assert.equal(logins.length, 2);
});

Deno.test("the namespace goes along with every request, and a wrong one is named as such", async () => {
  const { double } = await start();
  const connection = { namespace: "team/web" };
  await using provider = double.provider({}, { connection });
  await assertFault("CONFIG", () => provider.resolve([secret("a")])); // Coffer's server has none
  double.inFront = ({ headers }) => headers.delete("x-vault-namespace") as undefined;
  const seen: (string | null)[] = [];
  const { fetch } = double;
  double.fetch = function (url, init) {
    seen.push(new Headers(init.headers).get("x-vault-namespace"));
    return fetch.call(this, url, init);
  };
  await using within = double.provider({}, { connection });
  assert.equal(await textOf(within, "a"), "value");
  await persist(within, "new", "value");
  assert.ok(seen.length >= 4 && seen.every((namespace) => namespace === "team/web"), String(seen));
});
