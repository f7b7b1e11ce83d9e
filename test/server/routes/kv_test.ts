/** What Coffer's KV engine is over HTTP where the comparison with OpenBao does not look: test/server/differential. */
import { strict as assert } from "node:assert";
import { named, textOf } from "../../fixture/stack_on_disk.ts";
import { Served } from "../served.ts";

const MERGE = { "Content-Type": "application/merge-patch+json" };

Deno.test("plain values are read as {value}, bytes as {base64}, and written back as what they were", async () => {
  const bytes = new Uint8Array([0xff, 0x00]);
  using served = await Served.start({ secret: { text: 'a "b" ü\n', bytes } });
  const text = await served.get("secret/data/text");
  assert.deepEqual(text.json.data.data, { value: 'a "b" ü\n' });
  assert.deepEqual((await served.get("secret/data/bytes")).json.data.data, { base64: "/wA=" });
  assert.equal((await served.put("secret/data/text", { data: { value: "c" } })).status, 200);
  assert.equal(await textOf(served.stack(), "text"), "c");
  await served.put("secret/data/bytes", { data: { base64: "AP8=" } });
  using value = (await served.stack().get(named("bytes"))).value;
  assert.deepEqual(value.reveal(), new Uint8Array([0x00, 0xff]));
});

Deno.test("numbers come back as they were written", async () => {
  using served = await Served.start();
  const numbers = '{"id":12345678901234567890,"one":1.0,"tiny":1e-7,"list":[1.10]}';
  await served.put("secret/data/n", `{"data":${numbers},"options":{"cas":0}}`);
  assert.ok((await served.get("secret/data/n")).text.includes(`"data":${numbers}`));
  await served.send("PATCH", "secret/data/n", { body: { data: { list: null } }, headers: MERGE });
  const patched = numbers.replace(',"list":[1.10]', "");
  assert.ok((await served.get("secret/data/n")).text.includes(`"data":${patched}`));
});

Deno.test("members with names that JavaScript has a use for are members like others", async () => {
  using served = await Served.start();
  const data = '{"__proto__":{"a":"b"},"constructor":"c","toString":null}';
  await served.put("secret/data/p", `{"data":${data}}`);
  assert.ok((await served.get("secret/data/p")).text.includes(`"data":${data}`));
  assert.equal(({} as Record<string, unknown>).a, undefined);
});

Deno.test("what can be no secret's name is not found, and cannot be written", async () => {
  using served = await Served.start();
  for (const name of ["-a", ".a", "a/-b", "a b", "ü", "a:b", "a".repeat(256)]) {
    const path = encodeURIComponent(name);
    for (const part of ["data", "metadata", "subkeys"]) {
      assert.equal((await served.get(`secret/${part}/${path}`)).status, 404, name);
    }
    assert.equal((await served.send("LIST", `secret/metadata/${path}`)).status, 404);
    assert.equal((await served.send("DELETE", `secret/data/${path}`)).status, 404);
    for (const part of ["data", "metadata"]) {
      const { status, text } = await served.put(`secret/${part}/${path}`, { data: { a: 1 }, max_versions: 1 });
      assert.equal(status, 400);
      assert.ok(!text.includes(name), "it may be a value, typed in the wrong place");
    }
  }
});

Deno.test("a stack is served under its name, and only those that are", async () => {
  using served = await Served.start({ dev: { a: "1" }, "staging-eu": { a: "2" } });
  assert.equal((await served.get("dev/data/a")).json.data.data.value, "1");
  assert.equal((await served.get("staging-eu/data/a")).json.data.data.value, "2");
  assert.equal((await served.get("secret/data/a")).status, 404);
  assert.deepEqual(Object.keys((await served.get("sys/mounts")).json.data), ["dev/", "staging-eu/"]);
  const token = await served.client('path "dev/metadata/*" { capabilities = ["list"] }');
  const { json } = await served.get("sys/internal/ui/mounts", { token });
  assert.deepEqual(Object.keys(json.data.secret), ["dev/"]);
  const preflight = async (path: string) => (await served.get(`sys/internal/ui/mounts/${path}`, { token })).status;
  assert.deepEqual([await preflight("dev/a"), await preflight("staging-eu/a"), await preflight("none/a")], [
    200,
    403,
    403,
  ]);
});

Deno.test("stacks are neither made nor removed over HTTP", async () => {
  using served = await Served.start();
  for (
    const [method, path] of [["POST", "new"], ["POST", "secret"], ["DELETE", "secret"], ["DELETE", "new"]] as const
  ) {
    assert.equal((await served.send(method, `sys/mounts/${path}`, { body: { type: "kv" } })).status, 400);
  }
  assert.deepEqual(Object.keys((await served.get("sys/mounts")).json.data), ["secret/"]);
});

Deno.test("the settings of a stack take a duration below zero for none at all", async () => {
  using served = await Served.start();
  for (const [given, shown] of [["-1s", "-1s"], [-1, "-1s"], ["1h30m", "1h30m0s"], [90, "1m30s"], ["45s", "45s"]]) {
    assert.equal((await served.put("secret/config", { delete_version_after: given })).status, 204);
    assert.equal((await served.get("secret/config")).json.data.delete_version_after, shown);
  }
  assert.equal((await served.put("secret/config", { delete_version_after: "-x" })).status, 400);
});
