/** No answer holds a value that it should not: not those of the stacks, and not what was sent, which may be one. */
import { strict as assert } from "node:assert";
import { canaries, CanarySearch } from "../fixture/canary.ts";
import { ROUTES } from "../../server/routes/table.ts";
import type { Route } from "../../server/routes/route.ts";
import { type Sent, Served } from "./served.ts";

const METHOD = { read: "GET", list: "LIST", update: "PUT", patch: "PATCH", delete: "DELETE" } as const;
const MERGE = { "Content-Type": "application/merge-patch+json" };

const routes = ROUTES.flatMap(([, routes]) => routes);

function pathOf({ path }: Route, name: string): string {
  return path.replace(/:stack\b/, "secret").replace(/:\w+(\{[^}]*\})?/g, name);
}

async function marked() {
  const [stored, random] = [...canaries(1), ...canaries(1)].map((bytes) => new TextDecoder().decode(bytes));
  const sent = `${random} s3cret!`; // it could be a secret's name without that, and names are answered
  const served = await Served.start({ secret: { a: stored! } });
  const search = (text: string) =>
    new CanarySearch(new Map([["stored", utf8(stored!)], ["sent", utf8(sent)]])).in(utf8(text));
  return { served, sent, search };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("without rights, no route answers a value, nor what was sent to it", async () => {
  const { served, sent, search } = await marked();
  using _served = served;
  const tokens = [null, "wrong", sent, await served.client('path "x" { capabilities = ["read"] }')];
  for (const token of tokens) {
    for (const route of routes) {
      for (const name of ["a", encodeURIComponent(sent)]) {
        served.now += 60_000; // or there would be nothing but 429
        const { status, text } = await served.send(METHOD[route.operation], pathOf(route, name), {
          token,
          headers: route.operation === "patch" ? MERGE : {},
          ...route.body && { body: { token: sent, data: { value: sent }, policy: sent, references: [sent, "a"] } },
        });
        assert.notEqual(status, 500);
        assert.deepEqual(search(text), [], `${route.operation} ${route.path} ${status}`);
      }
    }
  }
});

Deno.test("with all rights, what is wrong is not repeated", async () => {
  const { served, sent, search } = await marked();
  using _served = served;
  const name = encodeURIComponent(sent);
  const bodies: unknown[] = [
    ...[sent, `{"${sent}`, `{"data":"${sent}"`, [sent], `${JSON.stringify({ a: sent })} x`],
    { data: sent, options: sent, versions: [sent], policy: `path "${sent}" {`, references: sent, paths: 7 },
    {
      data: { a: 1 },
      options: { cas: sent },
      versions: sent,
      policy: sent,
      references: [sent, { source: "env", value: sent }],
    },
    { max_versions: sent, cas_required: sent, delete_version_after: sent, custom_metadata: sent },
    { custom_metadata: { a: [sent] }, delete_version_after: `-${sent}` },
    { custom_metadata: { [`${sent}\n`]: `${sent}\n` } },
    { policies: { a: sent }, ttl: sent, period: sent, num_uses: sent, meta: sent, type: sent, display_name: [sent] },
    { token: sent, accessor: sent, increment: sent, paths: [] },
    { ttl: `-${sent}`, references: [{ source: sent, value: sent }] },
  ];
  for (const route of routes.filter(({ path }) => path !== "sys/seal" && path !== "coffer/stop")) {
    for (const body of bodies) {
      if (!route.body && body !== bodies[0]) continue;
      for (const at of ["b", name]) {
        const sending: Sent = {
          headers: { ...route.operation === "patch" && MERGE },
          ...route.body && { body },
        };
        const { status, text } = await served.send(METHOD[route.operation], pathOf(route, at), sending);
        assert.notEqual(status, 500);
        if (status < 400) continue; // what is answered was asked for, and is the next test's
        assert.deepEqual(search(text), [], `${route.operation} ${route.path} ${status} ${text}`);
      }
    }
  }
});

Deno.test("headers and queries that are wrong are not repeated", async () => {
  const { served, sent, search } = await marked();
  using _served = served;
  const printable = sent.replace(/[^\x21-\x7e]/g, "");
  for (
    const headers of [
      ...["Host", "Origin", "X-Vault-Namespace", "X-Vault-Wrap-TTL", "X-Forwarded-For", "Sec-Fetch-Site"],
      ...["Content-Type", "Authorization", "X-Vault-Token"],
    ].map((name) => ({ [name]: printable }))
  ) {
    for (const method of ["GET", "PUT", "PATCH", "OPTIONS"]) {
      const { status, text } = await served.send(method, "secret/data/none", {
        headers,
        ...method === "PUT" && { body: "{" },
      });
      assert.notEqual(status, 200);
      assert.deepEqual(search(text), [], `${method} ${Object.keys(headers)} ${status}`);
    }
  }
  const query = encodeURIComponent(sent);
  for (
    const path of [`secret/data/a?version=${query}`, `secret/metadata?list=${query}`, `sys/health?activecode=${query}`]
  ) {
    const { status, text } = await served.get(path);
    assert.deepEqual([status, search(text)], [400, []]);
  }
});

Deno.test("a value is in the answers that it was asked for in, and in no other", async () => {
  const { served, search } = await marked();
  using _served = served;
  const answersIt = new Set<string>();
  for (
    const route of routes.filter(({ operation, path }) =>
      operation !== "delete" && !/seal|stop|destroy|delete/.test(path)
    )
  ) {
    const { text } = await served.send(METHOD[route.operation], pathOf(route, "a"), {
      headers: route.operation === "patch" ? MERGE : {},
      ...route.body && { body: { references: ["a"], versions: [1], paths: ["a"], policy: 'path "a" {}' } },
    });
    if (search(text).length > 0) answersIt.add(`${route.operation} ${route.path}`);
  }
  assert.deepEqual([...answersIt], ["read :stack/data/:name{.+}", "update coffer/resolve"]);
});
