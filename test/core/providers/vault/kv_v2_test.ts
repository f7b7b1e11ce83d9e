/** Version 2 of the KV engine: versions, deletions, check-and-set, and values as Vault's other clients write them. */
import assert from "node:assert/strict";
import { Fault } from "../../../../core/fault.ts";
import { withField } from "../../../../core/fields.ts";
import { parseSecretName, type SecretName } from "../../../../core/name.ts";
import type { ProvidedValue } from "../../../../core/providers/provider.ts";
import type { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import { Secret } from "../../../../core/secret.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { codeOf, persist, secret, take, textOf } from "../../../contract/provider.ts";
import { json, VaultDouble } from "./vault_double.ts";
import { SharedBao, withBao } from "./bao_place.ts";
import { onBoth } from "./on_both.ts";

const bao = new SharedBao();
const test = onBoth(bao);
const [NAME, OTHER] = ["db", "team/other"].map(parseSecretName) as [SecretName, SecretName];

async function persistJson(provider: VaultProvider, name: string, text: string): Promise<number | undefined> {
  using value = Secret.fromText(text);
  return await provider.persist(secret(name), { value, type: "json" });
}

async function setField(provider: VaultProvider, name: SecretName, field: string, text: string): Promise<void> {
  using content = Secret.fromText(text);
  await provider.change(name, (current) => withField(current, field, content, name));
}

function increment(current: ProvidedValue | undefined) {
  const value = Secret.fromText(String(Number(current?.value.revealText() ?? 0) + 1));
  return { value, type: "bytes" } as const;
}

test("a deleted secret is none, is not listed, and can be written over", async ({ mount, open, call }) => {
  await using provider = await open();
  for (const name of [NAME, OTHER]) for (const text of ["one", "two"]) await persist(provider, name, text);
  await call("DELETE", `${mount}/data/${NAME}`);
  const [gone, there] = await provider.resolve([secret(NAME), secret(OTHER)]);
  assert.equal(codeOf(gone!), "NOT_FOUND");
  assert.equal(take(there!), "two");
  assert.deepEqual(await provider.list(), [OTHER]);
  await assertFault("NOT_FOUND", () => provider.at(NAME, 2));
  assert.equal(take(await provider.at(NAME, 1)), "one");
  const history = await provider.history(NAME);
  assert.deepEqual(history.map(({ version, deletion }) => [version, deletion !== undefined]), [[2, true], [1, false]]);
  assert.equal(await provider.change(NAME, (current) => (assert.equal(current, undefined), increment(current))), 3);
  assert.equal(await textOf(provider, NAME), "1");
  await call("DELETE", `${mount}/data/${NAME}`);
  assert.equal(await persist(provider, NAME, "back"), 4);
  assert.deepEqual(await provider.list(), [NAME, OTHER]);
});

test("rollback brings any version back that is not destroyed", async ({ mount, open, call }) => {
  await using provider = await open();
  for (const text of ["one", "two", "three"]) await persist(provider, NAME, text);
  assert.equal(await provider.rollback(NAME, 1), 4);
  assert.equal(await textOf(provider, NAME), "one");
  await call("POST", `${mount}/delete/${NAME}`, { versions: [2, 4] });
  assert.equal(await provider.rollback(NAME, 2), 5);
  assert.equal(await textOf(provider, NAME), "two");
  const isDeleted = async () => (await provider.history(NAME)).map(({ deletion }) => deletion !== undefined);
  assert.deepEqual(await isDeleted(), [false, true, false, true, false]); // those of old are as they were
  await call("DELETE", `${mount}/data/${NAME}`);
  assert.equal(await provider.rollback(NAME, 5), 6); // the newest itself
  assert.equal(await textOf(provider, NAME), "two");
  await call("POST", `${mount}/destroy/${NAME}`, { versions: [3] });
  await assertFault("NOT_FOUND", () => provider.rollback(NAME, 3));
  await assertFault("NOT_FOUND", () => provider.at(NAME, 3));
  assert.equal((await provider.history(NAME)).find(({ version }) => version === 3)!.destroyed, true);
  for (const version of [0, -1, 1.5, 7, 1e10]) {
    await assertFault("NOT_FOUND", () => provider.rollback(NAME, version));
    await assertFault("NOT_FOUND", () => provider.at(NAME, version));
  }
  await assertFault("NOT_FOUND", () => provider.rollback(OTHER, 1));
});

test("two writers of different fields lose none of each other's", async ({ open }) => {
  await using one = await open();
  await using two = await open();
  const fields = Array.from({ length: 6 }, (_, i) => `field${i}`);
  await setField(one, NAME, "before", "there");
  await Promise.all(fields.map((field, i) => setField(i % 2 === 0 ? one : two, NAME, field, `of ${field}`)));
  const [found] = await one.resolve([secret(NAME)]);
  const expected = Object.fromEntries([["before", "there"], ...fields.map((field) => [field, `of ${field}`])]);
  assert.deepEqual(JSON.parse(take(found!)), expected);
  assert.equal((await one.history(NAME)).length, 7);
});

test("values are what Vault's other clients write, and they read Coffer's", async ({ mount, open, call }) => {
  await using provider = await open();
  const data = { user: "ada", port: 5432, deep: { a: [null, true, "ü"] }, ratio: 1.5 };
  await call("POST", `${mount}/data/fields`, { data });
  await call("POST", `${mount}/data/text`, { data: { value: "plain\n" } });
  await call("POST", `${mount}/data/bytes`, { data: { base64: "AP8=" } });
  await call("POST", `${mount}/data/empty`, { data: {} });
  const results = await provider.resolve(["fields", "text", "bytes", "empty"].map(secret));
  assert.deepEqual(results.map((result) => result instanceof Fault ? result.code : result.type), [
    ...["json", "bytes", "bytes", "json"],
  ]);
  const [fields, text, bytes, empty] = results as ProvidedValue[];
  assert.deepEqual(JSON.parse(take(fields!)), data);
  assert.equal(take(text!), "plain\n");
  assert.deepEqual(bytes!.value.reveal(), new Uint8Array([0, 255]));
  assert.equal(take(empty!), "{}");
  assert.ok(fields!.version === 1 && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(fields!.created!));
  await persistJson(provider, "ours", '{"b":"1","a":{"c":[1,2]}}');
  await persist(provider, "ours/text", "line\n\0");
  assert.deepEqual((await call("GET", `${mount}/data/ours`)).data, { a: { c: [1, 2] }, b: "1" });
  assert.deepEqual((await call("GET", `${mount}/data/ours/text`)).data, { value: "line\n\0" });
});

test("what would come back as something else is refused, and nothing written", async ({ open }) => {
  await using provider = await open();
  const refused = [
    '{"value":"plain"}',
    '{"base64":"AP8="}',
    '{"n":12345678901234567890}',
    '{"a":[{"n":0.1234567890123456789}]}',
  ];
  for (const text of refused) {
    await assertFault("UNSUPPORTED", () => persistJson(provider, NAME, text));
    using value = Secret.fromText(text);
    await assertFault("UNSUPPORTED", () => provider.change(NAME, () => ({ value, type: "json" })));
    assert.equal(await textOf(provider, NAME), undefined);
  }
  for (const text of ['{"value":"x","more":"y"}', '{"base64":"not base64"}', '{"value":1}', '{"n":1e3}']) {
    await persistJson(provider, NAME, text);
    const [found] = await provider.resolve([secret(NAME)]);
    assert.ok(!(found instanceof Fault) && found!.type === "json", text);
    assert.deepEqual(JSON.parse(take(found!)), JSON.parse(text));
  }
});

test("names that are none of Coffer's, and other folders, are left alone", async ({ mount, open, call }) => {
  for (const path of ["with%20space", "sch%C3%B6n", "web/deep/a", "web/b", "web/x%20y/c", "webs", "other/d"]) {
    await call("POST", `${mount}/data/${path}`, { data: { value: path } }).catch(() => {}); // Coffer has none such
  }
  await using all = await open();
  assert.deepEqual(await all.list(), ["other/d", "web/b", "web/deep/a", "webs"]);
  await using web = await open({ prefix: "web" });
  assert.deepEqual(await web.list(), ["b", "deep/a"]);
  assert.equal(await textOf(web, "b"), "web/b");
  assert.equal(await textOf(web, "webs"), undefined);
  await persist(web, "new", "value");
  await web.remove([parseSecretName("b")]);
  assert.deepEqual(await all.list(), ["other/d", "web/deep/a", "web/new", "webs"]);
  await using empty = await open({ prefix: "none/such" });
  assert.deepEqual(await empty.list(), []);
});

test("an engine that takes check-and-set only is written with it", async ({ mount, open, call }) => {
  await call("POST", `${mount}/config`, { cas_required: true });
  await using provider = await open();
  for (const [i, text] of ["one", "two"].entries()) assert.equal(await persist(provider, NAME, text), i + 1);
  await setField(provider, OTHER, "a", "b");
  assert.equal(await provider.rollback(NAME, 1), 3);
  assert.equal(await textOf(provider, NAME), "one");
});

test("a token may be allowed less than everything", async ({ mount, open, client }) => {
  await using root = await open();
  for (const name of ["read", "secret", "a/b"]) await persist(root, name, "value");
  const token = await client(`
    path "${mount}/data/read" { capabilities = ["read"] }
    path "${mount}/data/write" { capabilities = ["create", "update"] }
    path "${mount}/metadata/*" { capabilities = ["list"] }`);
  await using provider = await open({ token });
  assert.deepEqual((await provider.resolve(["read", "secret", "write"].map(secret))).map(codeOf), [
    "ok",
    "DENIED",
    "DENIED",
  ]);
  assert.equal(await persist(provider, "write", "blindly"), 1);
  await assertFault("DENIED", () => persist(provider, "read", "not this one"));
  await assertFault("DENIED", () => setField(provider, parseSecretName("write"), "a", "b"));
  assert.deepEqual(await provider.list(), ["a/b", "read", "secret", "write"]); // what it may not look at is there
  const acts = [
    () => provider.remove([parseSecretName("read")]),
    () => provider.history(parseSecretName("read")),
    () => provider.at(parseSecretName("secret"), 1),
    () => provider.rollback(parseSecretName("read"), 1),
  ];
  for (const act of acts) await assertFault("DENIED", act);
  assert.equal(await textOf(root, "read"), "value");
  const blind = await client(`path "${mount}/data/*" { capabilities = ["read"] }`);
  await using unlisted = await open({ token: blind });
  await assertFault("DENIED", () => unlisted.list());
});

test("remove() looks for all before it removes any", async ({ mount, open, call }) => {
  await using provider = await open();
  for (const name of ["a", "b", "c"]) await persist(provider, name, "value");
  const names = (...texts: string[]) => texts.map(parseSecretName);
  const { message } = await assertFault("NOT_FOUND", () => provider.remove(names("a", "none", "b", "neither")));
  assert.ok(message.includes("none") && message.includes("neither"), message);
  assert.deepEqual(await provider.list(), ["a", "b", "c"]);
  await call("DELETE", `${mount}/data/c`);
  await provider.remove(names("a", "b", "a", "c")); // a deleted one has versions left to remove
  assert.deepEqual(await provider.list(), []);
  await assertFault("NOT_FOUND", () => provider.history(parseSecretName("c")));
});

test("remove() that is stopped half-way says that it was", async ({ mount, open, client }) => {
  await using root = await open();
  for (const name of ["a", "b"]) await persist(root, name, "value");
  const token = await client(`
    path "${mount}/metadata/a" { capabilities = ["read", "delete"] }
    path "${mount}/metadata/b" { capabilities = ["read"] }`);
  await using provider = await open({ token });
  const { message, hint } = await assertFault("DENIED", () => provider.remove(["a", "b"].map(parseSecretName)));
  assert.match(message, /of the 2 secrets/);
  assert.match(hint!, /coffer list/);
  assert.equal(await textOf(root, "b"), "value");
});

withBao("a large value of characters that a Vault writes in six each goes there and back", async () => {
  await using provider = await bao.provider({ mount: await bao.mount(2), timeout: 120 });
  const text = "<".repeat(8 * 1024 * 1024);
  await persist(provider, NAME, text);
  assert.ok(await textOf(provider, NAME) === text);
});

Deno.test("numbers stay as the server wrote them, also beside a field that is changed", async () => {
  const double = await VaultDouble.start();
  using served = double.served;
  const text = '{"account":12345678901234567890,"ratio":1.10,"old":"x"}';
  await served.put(`secret/data/${NAME}`, `{"data":${text}}`, { headers: {} });
  await using provider = double.provider();
  assert.equal(await textOf(provider, NAME), text);
  await provider.change(NAME, (current) => {
    const value = Secret.fromText(current!.value.revealText().replace('"x"', '"y"'));
    return { value, type: "json" };
  });
  assert.equal(await textOf(provider, NAME), text.replace('"x"', '"y"'));
});

Deno.test("a write whose answer is lost is not done twice", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  let losses = 0;
  double.inFront = async ({ method, path, headers, body }) => {
    if (method !== "PUT" || losses === 0) return undefined;
    losses--;
    const { status } = await double.served.send(method, path.slice("/v1/".length), {
      body,
      token: headers.get("x-vault-token")!,
    });
    assert.equal(status, 200);
    throw new TypeError("connection reset");
  };
  await using provider = double.provider();
  for (let i = 1; i <= 3; i++) {
    losses = 1;
    assert.equal(await provider.change(NAME, increment), i);
  }
  losses = 1;
  await setField(provider, OTHER, "b", "1");
  losses = 1;
  await setField(provider, OTHER, "a", "2"); // kept in another order than it is sent
  losses = 1;
  assert.equal(await provider.rollback(OTHER, 1), 3);
  assert.equal(await textOf(provider, NAME), "3");
  losses = 1;
  const { message } = await assertFault("UNAVAILABLE", () => persist(provider, NAME, "blind"));
  assert.match(message, /not known/);
  assert.equal((await provider.history(NAME)).length, 4);
});

Deno.test("a change that others always come before ends in a conflict", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  double.inFront = ({ method }) =>
    method === "PUT" ? json(400, { errors: ["check-and-set parameter did not match the current version"] }) : undefined;
  await using provider = double.provider();
  await assertFault("CONFLICT", () => provider.change(NAME, increment));
  double.inFront = () => undefined;
  await persist(provider, NAME, "one");
  double.inFront = async ({ method }) => {
    if (method === "PUT") await double.served.put(`secret/data/${NAME}`, { data: { value: "theirs" } });
    return undefined;
  };
  await assertFault("CONFLICT", () => provider.rollback(NAME, 1));
});

Deno.test("a folder in a folder in a folder, for ever, is left", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  double.inFront = ({ method }) =>
    method === "LIST" ? json(200, { data: { keys: Array.from({ length: 30 }, (_, i) => `${i}/`) } }) : undefined;
  await using provider = double.provider();
  await assertFault("UNAVAILABLE", () => provider.list());
});

Deno.test("answers of the wrong form are no answers", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  await using provider = double.provider();
  await persist(provider, NAME, "value");
  const forms = [
    {},
    { data: null },
    { data: { data: "text", metadata: { version: 1, created_time: "2026-01-01T00:00:00Z" } } },
    { data: { data: { value: "x" }, metadata: { version: "1", created_time: "2026-01-01T00:00:00Z" } } },
    { data: { data: { value: "x" }, metadata: { version: 1, created_time: "yesterday" } } },
    { data: { keys: [1, 2] } },
    { data: { keys: "ab" } },
    { data: { current_version: "1" } },
    { data: { current_version: 1, versions: { one: {} } } },
  ];
  for (const form of forms) {
    double.inFront = ({ path }) => path.startsWith("/v1/secret/") ? json(200, form) : undefined;
    const acts = [
      () => provider.resolve([secret(NAME)]),
      () => provider.list(),
      () => provider.at(NAME, 1),
    ];
    for (const act of acts) {
      await assertFault("UNAVAILABLE", act).catch((error) => {
        throw new Error(`${act} of ${JSON.stringify(form)}`, { cause: error });
      });
    }
  }
});

Deno.test("what asks for nothing sends nothing", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  await using provider = double.provider();
  assert.deepEqual(await provider.resolve([]), []);
  assert.deepEqual((await provider.resolve([{ kind: "env", hint: "HOME" }])).map(codeOf), ["UNSUPPORTED"]);
  await provider.remove([]);
  assert.equal(double.requests.length, 0);
});

Deno.test("a fault in the middle of many leaves none of their values", async () => {
  const double = await VaultDouble.start({
    secret: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}`, "v"])),
  });
  using _served = double.served;
  await using provider = double.provider();
  double.inFront = ({ path }) => path.endsWith("/n20") ? json(503, { errors: ["Vault is sealed"] }) : undefined;
  await assertFault("LOCKED", () => provider.resolve(Array.from({ length: 40 }, (_, i) => secret(`n${i}`))));
  const asked = double.sentTo("GET", "secret/data/").length;
  assert.ok(asked < 40, `${asked} were asked for`);
});
