/** Who gets what, and who learns what. */
import { strict as assert } from "node:assert";
import { Fault } from "../../core/fault.ts";
import { parseStackName } from "../../core/name.ts";
import { createStack } from "../../core/stack/create.ts";
import { Secret } from "../../core/secret.ts";
import { MemoryStore } from "../../core/store/memory_store.ts";
import { ObservedStore } from "../fixture/observed_store.ts";
import { named, QUICK, valueOf } from "../fixture/stack_on_disk.ts";
import { type Received, type Sent, Served, UNIX } from "./served.ts";

const READS_A = 'path "secret/data/a" { capabilities = ["read"] }';

/** All that a client sees. */
function seen({ status, headers, text }: Received): string {
  return JSON.stringify([status, [...headers], text]);
}

Deno.test("no token, a wrong one, no right, no such secret, stack, path or method: all look the same", async () => {
  using served = await Served.start({ secret: { a: "1", b: "2" } });
  const token = await served.client(READS_A);
  const answers = [
    await served.get("secret/data/b", { token: null }),
    await served.get("secret/data/b", { token: "cfr.wrong" }),
    await served.get("secret/data/b", { token }),
    await served.get("secret/data/there-is-none", { token }),
    await served.get("nothing/data/b", { token }),
    await served.get("nothing", { token }),
    await served.get("sys/nothing", { token }),
    await served.get("sys/mounts", { token }),
    await served.get("secret/destroy/b", { token }),
    await served.send("DELETE", "sys/seal", { token }),
    await served.put("secret/data/b", { data: {} }, { token }),
    await served.put("secret/data/a", "{ no JSON", { token }),
    await served.put("sys/seal", {}, { token }),
    await served.send("LIST", "secret/metadata", { token }),
    await served.send("LIST", "auth/token/accessors", { token }),
  ];
  assert.equal(answers[0]!.status, 403);
  assert.deepEqual(answers[0]!.json, { errors: ["permission denied"] });
  assert.equal(new Set(answers.map(seen)).size, 1);
});

Deno.test("without rights nothing is looked up: there is nothing to measure", async () => {
  const observed = new ObservedStore(new MemoryStore());
  using stack = await createStack(observed, Secret.fromText("a passphrase"), QUICK);
  await stack.set(named("a"), valueOf("1"));
  const name = parseStackName("secret");
  using served = await Served.start({}, {
    mounts: {
      list: () => [name],
      get: (asked) => asked === name ? stack : undefined,
      current: name,
      remote: () => Promise.resolve(undefined),
    },
  });
  const reader = await served.client(READS_A);
  const maker = await served.client('path "secret/data/*" { capabilities = ["create"] }');
  const before = observed.reads;
  for (const path of ["secret/data/b", "secret/data/none", "secret/metadata/a", "secret/subkeys/a", "secret/config"]) {
    assert.equal((await served.get(path, { token: reader })).status, 403);
    assert.equal((await served.put(path, { data: {} }, { token: reader })).status, 403);
  }
  assert.equal(observed.reads, before);
  assert.equal((await served.put("secret/data/a", { data: {} }, { token: maker })).status, 403);
  assert.notEqual(observed.reads, before, "whether `create` is enough does depend on what there is");
});

Deno.test("a token is taken from X-Vault-Token or from Authorization: Bearer, and from nowhere else", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const { root } = served;
  const sent: readonly (readonly [Sent, number])[] = [
    [{ token: root }, 200],
    [{ token: null, headers: { Authorization: `Bearer ${root}` } }, 200],
    [{ token: null, headers: { Authorization: `bearer ${root}`, "X-Vault-Token": "" } }, 200],
    [{ token: null, headers: { Authorization: `Basic ${btoa(`x:${root}`)}` } }, 403],
    [{ token: null, headers: { Cookie: `X-Vault-Token=${root}` } }, 403],
    [{ token: null, headers: { "X-Vault-Token": `${root}, ${root}` } }, 403],
    [{ token: null, headers: { "X-Vault-Token": root.slice(0, -1) } }, 403],
    [{ token: null, headers: { "X-Vault-Token": `${root}0` } }, 403],
    [{ token: null, headers: { "X-Vault-Token": `${root}${" ".repeat(300)}x` } }, 403],
  ];
  for (const [given, status] of sent) assert.equal((await served.get("secret/data/a", given)).status, status);
  assert.equal((await served.get(`secret/data/a?token=${root}`, { token: null })).status, 403);
});

Deno.test("failures are limited per peer; a good token passes all the same", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const guess = (sent: Sent = {}) => served.get("secret/data/a", { token: "wrong", ...sent });
  const first = await Promise.all(Array.from({ length: 10 }, () => guess()));
  assert.deepEqual(new Set(first.map(({ status }) => status)), new Set([403]));
  const limited = await guess();
  assert.equal(limited.status, 429);
  assert.match(limited.headers.get("retry-after")!, /^[1-9][0-9]*$/);
  assert.equal((await guess({ token: null })).status, 429);
  const lines = served.entries.length;
  assert.equal((await guess()).status, 429);
  assert.equal(served.entries.length, lines, "what is over the limit costs no line of the audit log");
  assert.equal((await served.get("secret/data/a")).status, 200);
  assert.equal((await served.get("sys/health", { token: null })).status, 200);
  assert.equal((await guess({ peer: UNIX })).status, 403);
  assert.equal((await guess({ peer: { kind: "tcp", address: "::1" } })).status, 403);
  served.now += 1000 * Number(limited.headers.get("retry-after"));
  assert.equal((await guess()).status, 403);
});

Deno.test("while it is locked, the server answers for its condition alone", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  assert.equal((await served.put("sys/seal", {})).status, 204);
  for (const token of [served.root, "wrong", null]) {
    for (const path of ["secret/data/a", "sys/mounts", "nothing", "auth/token/lookup-self"]) {
      const { status, json } = await served.get(path, { token });
      assert.deepEqual([status, json], [503, { errors: ["Vault is sealed"] }]);
    }
  }
  const health = await served.get("sys/health", { token: null });
  assert.deepEqual([health.status, health.json.sealed, health.json.cluster_id], [503, true, undefined]);
  assert.equal((await served.get("sys/health?sealedcode=204", { token: null })).status, 204);
  const { json } = await served.get("sys/seal-status", { token: null });
  assert.deepEqual([json.sealed, json.cluster_id], [true, undefined]);
});

Deno.test("what is under way when it is locked is not told that there is nothing", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  for (const path of ["secret/data/a", "coffer/resolve"]) {
    served.isLocked = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        served.isLocked = true; // the token has been found good by now
        controller.enqueue(new TextEncoder().encode('{"data":{},"references":["a"]}'));
        controller.close();
      },
    }, { highWaterMark: 0 });
    const { status, json } = await served.put(path, body);
    assert.deepEqual([status, json.errors], [503, ["Vault is sealed"]]);
  }
});

Deno.test("locking and stopping take sudo", async () => {
  using served = await Served.start();
  const without = await served.client('path "*" { capabilities = ["create", "read", "update", "delete", "list"] }');
  const sudo = await served.client('path "*" { capabilities = ["update", "sudo"] }');
  for (const path of ["sys/seal", "coffer/stop"]) {
    assert.equal((await served.put(path, {}, { token: without })).status, 403);
  }
  assert.deepEqual([served.isLocked, served.stops], [false, 0]);
  assert.equal((await served.put("coffer/stop", {}, { token: sudo })).status, 204);
  assert.equal((await served.put("sys/seal", {}, { token: sudo })).status, 204);
  assert.deepEqual([served.isLocked, served.stops], [true, 1]);
});

Deno.test("writing is `create` or `update` by whether there is something", async () => {
  using served = await Served.start({ secret: { there: "1" } });
  const makes = await served.client('path "secret/*" { capabilities = ["create"] }');
  const changes = await served.client('path "secret/*" { capabilities = ["update"] }');
  const put = async (path: string, token: string) => (await served.put(path, { data: {} }, { token })).status;
  assert.equal(await put("secret/data/there", makes), 403);
  assert.equal(await put("secret/data/there", changes), 200);
  assert.equal(await put("secret/data/new", changes), 403);
  assert.equal(await put("secret/data/new", makes), 200);
  assert.equal(await put("secret/data/new", makes), 403);
  assert.equal(await put("secret/metadata/newer", changes), 403);
  assert.equal(await put("secret/metadata/newer", makes), 200, "with a warning on `data`");
  assert.equal(await put("secret/delete/there", makes), 403);
  assert.equal((await served.send("DELETE", "secret/data/there", { token: changes })).status, 403);
});

Deno.test("each access has its line, with who and what, and no value", async () => {
  using served = await Served.start({ secret: { a: "hunter2" } });
  const token = await served.client(READS_A, { display_name: "ci" });
  const accessor = served.entries.length;
  await served.get("secret/data/a", { token });
  await served.get("secret/data/none");
  await served.get("secret/data/b", { token, peer: UNIX });
  await served.get("nothing", { token: null, peer: { kind: "tcp", address: "10.0.0.9" } });
  await served.put("secret/data/a", { data: { password: "hunter3" } });
  await served.send("DELETE", "secret/data/a");
  await served.send("LIST", "secret/metadata");
  await served.get("secret/metadata/a");
  await served.get("secret/metadata/none");
  await served.put("sys/policies/acl/p", { policy: READS_A });
  await served.put("coffer/resolve", { references: ["none"] });
  const lines = served.entries.slice(accessor).map(({ actor, operation, kind, stack, secrets, missing, outcome }) => [
    actor.kind === "server" && actor.via,
    operation,
    kind,
    stack?.name,
    [...secrets].map(([name, version]) => `${name}@${version}`).join(),
    missing,
    outcome,
  ]);
  assert.deepEqual(lines, [
    ["loopback", "kv", "read", "secret", "a@1", 0, "ok"],
    ["loopback", "kv", "read", "secret", "", 1, "ok"],
    ["unix", "kv", "read", "secret", "", 0, "DENIED"],
    ["network", "request", "authenticate", undefined, "", 0, "DENIED"],
    ["loopback", "kv", "write", "secret", "a@2", 0, "ok"],
    ["loopback", "kv", "remove", "secret", "a@2", 0, "ok"],
    ["loopback", "kv", "list", "secret", "", 0, "ok"],
    ["loopback", "kv", "read", "secret", "a@undefined", 0, "ok"],
    ["loopback", "kv", "read", "secret", "", 1, "ok"],
    ["loopback", "policy", "policy", undefined, "", 0, "ok"],
    ["loopback", "resolve", "read", "secret", "", 1, "ok"],
  ]);
  assert.doesNotMatch(
    JSON.stringify(served.entries, (_, value) => value instanceof Map ? [...value] : value),
    /hunter/,
  );
});

Deno.test("what cannot be recorded is not done", async () => {
  using served = await Served.start({ secret: { a: "hunter2" } });
  const token = await served.client(READS_A);
  served.auditFails = true;
  const refused = [
    await served.get("secret/data/a", { token }),
    await served.get("secret/subkeys/a"),
    await served.get("secret/metadata/a"),
    await served.put("coffer/resolve", { references: ["a"] }),
    await served.put("secret/data/b", { data: { x: 1 } }),
    await served.send("DELETE", "secret/metadata/a"),
    await served.put("secret/destroy/a", { versions: [1] }),
    await served.put("auth/token/create", {}),
    await served.put("sys/policies/acl/p", { policy: READS_A }),
    await served.put("sys/seal", {}),
    await served.send("LIST", "secret/metadata"),
    await served.get("secret/data/a", { token: "wrong" }),
  ];
  assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([503]));
  assert.doesNotMatch(JSON.stringify(refused), /hunter2|client_token/);
  served.auditFails = false;
  assert.equal(served.isLocked, false);
  assert.deepEqual((await served.send("LIST", "secret/metadata")).json.data.keys, ["a"]);
  assert.equal((await served.get("secret/data/a")).json.data.data.value, "hunter2");
  assert.equal((await served.get("sys/policies/acl/p")).status, 404);
});

Deno.test("what cannot be kept is not handed out", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  served.saveFails = true;
  for (const path of ["auth/token/create", "auth/token/create-orphan", "coffer/tokens"]) {
    const { status, text } = await served.put(path, { references: ["a"] });
    assert.equal(status, 503);
    assert.doesNotMatch(text, /cfr\./);
  }
});

Deno.test("a use of a token that has few is kept before anything is answered", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  const token = await served.client(READS_A, { num_uses: 2 });
  const saves = served.saves;
  assert.equal((await served.get("secret/data/a", { token })).status, 200);
  assert.equal(served.saves, saves + 1);
  served.saveFails = true;
  assert.equal((await served.get("secret/data/a", { token })).status, 503);
  served.saveFails = false;
  assert.equal((await served.get("secret/data/a", { token })).status, 403);
});

Deno.test("an error that nobody expected is answered without a word of it", async () => {
  const name = parseStackName("secret");
  for (
    const error of [new Error("hunter2"), new Fault("INTERNAL", "hunter2"), new Fault("TAMPERED", "/home/me/hunter2")]
  ) {
    using served = await Served.start({}, {
      mounts: {
        list: () => [name],
        get: () => {
          throw error;
        },
        current: name,
        remote: () => Promise.resolve(undefined),
      },
    });
    const { status, text } = await served.get("secret/data/a");
    assert.equal(status, 500);
    assert.doesNotMatch(text, /hunter2|home/);
  }
});
