/** A stack whose secrets are with a Vault: here, with another server in this process. */
import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { parseStackName } from "../../../core/name.ts";
import { MemoryProvider } from "../../../core/providers/memory.ts";
import type { KvAnswer, KvProvider, KvRequest, Provider } from "../../../core/providers/provider.ts";
import { SealedProvider } from "../../../core/providers/sealed.ts";
import { parseJsonObject } from "../../../core/stack/kv/json.ts";
import { Secret } from "../../../core/secret.ts";
import { Served } from "../served.ts";

/** What sends requests on to the stack `vault` of a server. */
class Upstream extends SealedProvider implements KvProvider {
  readonly #served: Served;
  readonly requests: string[] = [];
  fault: Fault | undefined;

  constructor(served: Served) {
    super(served.stack("vault"));
    this.#served = served;
  }

  async forward({ method, api, name, query, body }: KvRequest): Promise<KvAnswer> {
    this.requests.push(`${method} ${api} ${name}${query && `?${query}`}`);
    if (this.fault) throw this.fault;
    const path = ["vault", api, name].filter((part) => part !== "").join("/");
    const headers: Record<string, string> = method === "PATCH"
      ? { "Content-Type": "application/merge-patch+json" }
      : {};
    const { status, text } = await this.#served.send(method, query ? `${path}?${query}` : path, {
      headers,
      ...(body && { body: body.revealText() }),
    });
    return { status, body: text === "" ? {} : parseJsonObject(Secret.fromText(text)) };
  }
}

async function given(): Promise<{ front: Served; back: Served; upstream: Upstream } & Disposable> {
  const back = await Served.start({ vault: { a: "1", "deep/b": "2" } });
  const upstream = new Upstream(back);
  const front = await withRemote(upstream);
  return { front, back, upstream, [Symbol.dispose]: () => [front, back].forEach((served) => served[Symbol.dispose]()) };
}

/** A server whose one stack `secret` has values of its own, and a provider. */
async function withRemote(provider: Provider): Promise<Served> {
  const local = await Served.start({ secret: { a: "local", mine: "local" } });
  const name = parseStackName("secret");
  const stack = local.stack();
  return await Served.start({}, {
    mounts: {
      list: () => [name],
      get: (asked) => asked === name ? stack : undefined,
      current: name,
      remote: () => Promise.resolve(provider),
    },
  });
}

Deno.test("requests for the KV engine are answered as the provider answers them", async () => {
  using it = await given();
  const { front, back } = it;
  assert.deepEqual((await front.get("secret/data/a")).json.data, (await back.get("vault/data/a")).json.data);
  assert.equal((await front.get("secret/data/mine")).status, 404, "what is in the stack itself is not used");
  const put = await front.put("secret/data/new/c", { data: { n: 12345678901234567890n.toString(), x: 1 } });
  assert.equal(put.status, 200);
  assert.equal(put.json.data.version, 1);
  const number = await front.send("POST", "secret/data/big", { body: '{"data":{"n":12345678901234567890}}' });
  assert.equal(number.status, 200);
  assert.ok((await front.get("secret/data/big")).text.includes('"n":12345678901234567890'));
  assert.equal((await front.put("secret/data/a", { data: {}, options: { cas: 7 } })).status, 400);
  assert.deepEqual((await front.put("secret/data/a", { data: {}, options: { cas: 7 } })).json.errors, [
    "check-and-set parameter did not match the current version",
  ]);
  const patch = { headers: { "Content-Type": "application/merge-patch+json" }, body: { data: { y: 2 } } };
  assert.equal((await front.send("PATCH", "secret/data/new/c", patch)).json.data.version, 2);
  assert.equal((await front.get("secret/data/new/c?version=1")).json.data.data.y, undefined);
  assert.deepEqual((await front.send("LIST", "secret/metadata")).json.data.keys, ["a", "big", "deep/", "new/"]);
  assert.deepEqual((await front.get("secret/metadata/deep?list=true")).json.data.keys, ["b"]);
  assert.equal((await front.send("DELETE", "secret/data/a")).status, 204);
  const deleted = await front.get("secret/data/a");
  assert.deepEqual([deleted.status, deleted.json.data.data], [404, null]);
  assert.equal((await front.put("secret/undelete/a", { versions: [1] })).status, 204);
  assert.equal((await front.put("secret/destroy/a", { versions: [1] })).status, 204);
  assert.equal((await front.get("secret/metadata/a")).json.data.versions["1"].destroyed, true);
  assert.equal((await front.put("secret/config", { max_versions: 3 })).status, 204);
  assert.equal((await front.get("secret/config")).json.data.max_versions, 3);
  assert.equal((await front.send("DELETE", "secret/metadata/a")).status, 204);
  assert.equal((await front.get("secret/metadata/a")).status, 404);
});

Deno.test("what a client may do is decided here, and looked up there only where it matters", async () => {
  using it = await given();
  const { front, upstream } = it;
  const reader = await front.client('path "secret/data/deep/*" { capabilities = ["read"] }');
  const maker = await front.client('path "secret/data/*" { capabilities = ["create"] }');
  assert.equal((await front.get("secret/data/deep/b", { token: reader })).json.data.data.value, "2");
  const before = upstream.requests.length;
  assert.equal((await front.get("secret/data/a", { token: reader })).status, 403);
  assert.equal((await front.put("secret/data/deep/b", { data: {} }, { token: reader })).status, 403);
  assert.equal(upstream.requests.length, before);
  assert.equal((await front.put("secret/data/a", { data: {} }, { token: maker })).status, 403);
  assert.equal((await front.put("secret/data/new", { data: {} }, { token: maker })).status, 200);
});

Deno.test("no path leads anywhere but to a secret's name", async () => {
  using it = await given();
  const { front, upstream } = it;
  for (const path of ["secret/data/-x", "secret/data/a/.b", "secret/data/a%2f..%2fb", "secret/data/a%20b"]) {
    assert.ok([400, 404].includes((await front.get(path)).status), path);
    assert.equal((await front.put(path, { data: {} })).status, 400, path);
  }
  assert.deepEqual(upstream.requests.filter((request) => !/^\w+ \w+ [\w/]*$/.test(request)), []);
});

Deno.test("every access is recorded before it takes effect, under the client's token", async () => {
  using it = await given();
  const { front, upstream } = it;
  const seen = front.entries.length;
  await front.get("secret/data/a");
  await front.put("secret/data/b", { data: {} });
  await front.send("DELETE", "secret/data/b");
  await front.put("secret/destroy/b", { versions: [1] });
  await front.send("LIST", "secret/metadata");
  const told = front.entries.slice(seen).map(({ kind, operation, secrets, outcome }) =>
    [kind, operation, ...secrets.keys(), outcome].join(" ")
  );
  assert.deepEqual(told, ["read kv a ok", "write kv b ok", "remove kv b ok", "remove kv b ok", "list kv ok"]);
  assert.ok(front.entries.every(({ actor }) => actor.kind === "server" && actor.accessor !== undefined));
  front.auditFails = true;
  const before = upstream.requests.length;
  assert.equal((await front.put("secret/data/b", { data: {} })).status, 503);
  assert.equal(upstream.requests.length, before, "not sent on");
  const read = await front.get("secret/data/a");
  assert.deepEqual([read.status, read.text.includes('"1"')], [503, false]);
});

Deno.test("coffer/resolve asks the provider", async () => {
  using it = await given();
  const { front } = it;
  const references = ["a", "coffer:///deep/b"];
  const found = await front.put("coffer/resolve", { references });
  assert.deepEqual(found.json.data.values, [{ text: "1" }, { text: "2" }]);
  const missing = await front.put("coffer/resolve", { references: [...references, "mine"] });
  assert.deepEqual(missing.json.data.failures.map(({ index, code }: never) => [index, code]), [[2, "NOT_FOUND"]]);
  const reader = await front.client('path "secret/data/a" { capabilities = ["read"] }');
  const both = await front.put("coffer/resolve", { references: ["deep/b", "mine", "a"] }, { token: reader });
  assert.equal(both.status, 403);
});

Deno.test("what is wrong between server and provider is no client's doing", async () => {
  using it = await given();
  const { front, upstream } = it;
  const faults = [["DENIED", 503], ["UNAVAILABLE", 503], ["LOCKED", 503], ["CONFIG", 500]] as const;
  for (const [code, status] of faults) {
    upstream.fault = new Fault(code, "the token hvs.canary is bad at https://vault.internal");
    for (const answer of [await front.get("secret/data/a"), await front.put("secret/data/a", { data: {} })]) {
      assert.equal(answer.status, status, code);
      for (const secret of ["canary", "vault.internal"]) assert.ok(!answer.text.includes(secret));
    }
  }
});

Deno.test("a provider without a KV engine resolves, and has no KV engine", async () => {
  await using provider = new MemoryProvider();
  using value = Secret.fromText("from memory");
  await provider.persist({ kind: "secret", hint: "a" }, { value, type: "bytes" });
  using front = await withRemote(provider);
  const found = await front.put("coffer/resolve", { references: ["a"] });
  assert.deepEqual(found.json.data.values, [{ text: "from memory" }]);
  assert.equal((await front.get("secret/data/a")).status, 501);
});

Deno.test("a name that leads to nothing at the provider is counted, not repeated, and no bug", async () => {
  using it = await given();
  const { front } = it;
  const seen = front.entries.length;
  assert.equal((await front.get("secret/data/p4ssw0rd")).status, 404);
  assert.equal((await front.put("secret/data/a", { data: {}, options: { cas: 7 } })).status, 400);
  const told = front.entries.slice(seen).map(({ kind, secrets, missing, outcome }) => [
    kind,
    [...secrets.keys()].join(),
    missing,
    outcome,
  ]);
  assert.deepEqual(told, [
    ["read", "", 1, "ok"],
    ["write", "a", 0, "ok"],
    ["write", "a", 0, "USAGE"],
  ]);
});
