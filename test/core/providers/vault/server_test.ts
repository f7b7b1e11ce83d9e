/** What goes wrong between Coffer and a Vault, or is made to: each has a fault of its own, and none tells the token. */
import assert from "node:assert/strict";
import type { FaultCode } from "../../../../core/fault.ts";
import type { VaultConnection } from "../../../../core/providers/vault/config.ts";
import { openTransport } from "../../../../core/providers/vault/transport.ts";
import { type Transport, type VaultRequest, VaultServer } from "../../../../core/providers/vault/server.ts";
import { Secret } from "../../../../core/secret.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { AT_ONCE, json, ORIGIN } from "./vault_double.ts";

const TOKEN = "s.hunter2hunter2";
const READ: VaultRequest = { method: "GET", path: "secret/data/a" };
const WRITE: VaultRequest = { method: "POST", path: "secret/data/a" };

/** Answers that are given in turn, the last one again and again. */
function inTurn(...answers: readonly (() => Response | Promise<Response>)[]) {
  const sent: { readonly url: string; readonly headers: Headers; readonly method: string }[] = [];
  const transport: Transport = {
    async fetch(url, { headers, method = "GET", signal }) {
      sent.push({ url, method, headers: new Headers(headers) });
      const answer = answers[Math.min(sent.length, answers.length) - 1]!;
      const late = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => late.reject(signal.reason));
      return await Promise.race([answer(), late.promise]);
    },
    [Symbol.dispose]() {},
  };
  return { sent, transport };
}

async function send(
  transport: Transport,
  request: VaultRequest = READ,
  connection: Partial<VaultConnection> = {},
) {
  using token = Secret.fromText(TOKEN);
  const server = new VaultServer(
    { origin: ORIGIN, namespace: undefined, timeoutMs: 5_000, ...connection },
    transport,
    AT_ONCE,
  );
  return await server.send(request, token);
}

async function failure(
  code: FaultCode,
  transport: Transport,
  request = READ,
  connection: Partial<VaultConnection> = {},
) {
  const fault = await assertFault(code, () => send(transport, request, connection));
  for (const text of [fault.message, fault.hint ?? "", Deno.inspect(fault), JSON.stringify(fault)]) {
    assert.ok(!text.includes("hunter2"), text);
  }
  return fault;
}

const ok = () => json(200, { data: { hello: "there" } });
const text = (status: number, body: string, headers = {}) => () => new Response(body, { status, headers });
const lost = () => Promise.reject(new TypeError("fetch failed"));
const unreachable = () =>
  Promise.reject(new TypeError("fetch failed", { cause: new Error("client error (Connect): Connection refused") }));

Deno.test("a request carries what a Vault wants to see", async () => {
  const { sent, transport } = inTurn(ok);
  const { status, body, isRepeated } = await send(transport, { ...READ, query: "version=2" }, {
    namespace: "team/web",
  });
  assert.deepEqual([status, body, isRepeated], [200, { data: { hello: "there" } }, false]);
  assert.equal(sent[0]!.url, `${ORIGIN}/v1/secret/data/a?version=2`);
  assert.deepEqual(Object.fromEntries(sent[0]!.headers), {
    "x-vault-request": "true",
    "x-vault-token": TOKEN,
    "x-vault-namespace": "team/web",
  });
  await send(transport, { ...READ, isGlobal: true }, { namespace: "team/web" });
  assert.equal(sent[1]!.headers.get("x-vault-namespace"), null);
});

Deno.test("a server that is no Vault is told from one that cannot answer", async () => {
  const page = "<!doctype html><title>hunter2</title>";
  const notVault = [
    text(200, page, { "Content-Type": "text/html" }),
    text(404, page),
    text(403, page),
    text(200, "[]"),
    text(200, '"s.hunter2"'),
    text(200, '{"data":'),
    text(200, `{"data":${"[".repeat(100_000)}`),
    text(200, "\xff\xfe"),
    text(404, "404 page not found"),
  ];
  const faults = [];
  for (const answer of notVault) {
    const { sent, transport } = inTurn(answer);
    faults.push(await failure("UNAVAILABLE", transport));
    assert.equal(sent.length, 1); // it will be no Vault a second later, either
  }
  assert.equal(new Set(faults.map(({ message }) => message)).size, 1);
  const busy = await failure("UNAVAILABLE", inTurn(text(502, page)).transport);
  const gone = await failure("UNAVAILABLE", inTurn(unreachable).transport);
  const limited = await failure("UNAVAILABLE", inTurn(text(429, page)).transport);
  const moved = await failure("UNAVAILABLE", inTurn(text(302, "", { location: "https://hunter2.example/" })).transport);
  const messages = [faults[0]!, busy, gone, limited, moved].map(({ message }) => message);
  assert.equal(new Set(messages).size, messages.length, messages.join("\n"));
});

Deno.test("a Vault that is sealed is locked, and is not asked again", async () => {
  for (const words of ["Vault is sealed", "error: sealed"]) {
    const { sent, transport } = inTurn(() => json(503, { errors: [words] }));
    await failure("LOCKED", transport);
    assert.equal(sent.length, 1);
  }
  await failure("UNAVAILABLE", inTurn(() => json(503, { errors: ["no active node"] })).transport);
});

Deno.test("what passes is waited for: busy, starting, electing a leader, lost on the way", async () => {
  const passing = [
    text(500, "{}"),
    text(502, "<html>"),
    text(503, ""),
    text(429, "{}"),
    text(412, "{}"),
    lost,
    unreachable,
  ];
  for (const answer of passing) {
    const { sent, transport } = inTurn(answer, answer, ok);
    assert.equal((await send(transport)).status, 200);
    assert.equal(sent.length, 3);
    const never = inTurn(answer);
    await failure("UNAVAILABLE", never.transport);
    assert.equal(never.sent.length, AT_ONCE.attempts);
  }
  const upgrading = () =>
    json(400, { errors: ["Upgrading from non-versioned to versioned data. This backend will be unavailable"] });
  assert.equal((await send(inTurn(upgrading, ok).transport, WRITE)).status, 200);
});

Deno.test("a write is sent again only when it was not carried out, or twice is as good as once", async () => {
  const cases: [() => Response | Promise<Response>, number][] = [
    [lost, 1],
    [text(500, "{}"), 1],
    [text(503, "{}"), 1],
    [unreachable, 2],
    [text(429, "{}"), 2],
  ];
  for (const [answer, attempts] of cases) {
    const { sent, transport } = inTurn(answer, ok);
    if (attempts === 1) {
      const { message } = await failure("UNAVAILABLE", transport, WRITE);
      assert.match(message, /not known/);
    } else assert.equal((await send(transport, WRITE)).isRepeated, false);
    assert.equal(sent.length, attempts);
    const again = inTurn(answer, ok);
    assert.equal((await send(again.transport, { ...WRITE, repeatable: true })).isRepeated, attempts === 1);
  }
});

Deno.test("Retry-After is waited for, but not for long", async () => {
  const { sent, transport } = inTurn(text(429, "{}", { "Retry-After": "1" }), ok);
  const started = performance.now();
  assert.equal((await send(transport)).status, 200);
  assert.ok(performance.now() - started >= 990);
  assert.equal(sent.length, 2);
  const never = inTurn(text(503, "{}", { "Retry-After": "3600" }));
  await failure("UNAVAILABLE", never.transport);
  assert.equal(never.sent.length, 1);
});

Deno.test("a server that keeps one waiting is left, before its answer and in the middle of it", async () => {
  const tired = Promise.withResolvers<Response>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (request.url.endsWith("/never")) return tired.promise;
    let timer: ReturnType<typeof setInterval> | undefined;
    const drops = new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue(new TextEncoder().encode(" ")), 10);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(drops);
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  for (const path of ["never", "drops"]) {
    using transport = openTransport(origin, undefined);
    const started = performance.now();
    const connection = { origin, timeoutMs: 150 };
    const { message } = await failure("UNAVAILABLE", transport, { ...WRITE, path }, connection);
    assert.match(message, /within 0.15 s/);
    assert.ok(performance.now() - started < 2_500);
  }
  tired.resolve(ok());
});

Deno.test("an answer without end is left where it is larger than any secret", async () => {
  let sent = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    return new Response(
      new ReadableStream({
        pull(controller) {
          sent++;
          controller.enqueue(chunk);
        },
      }),
    );
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  using transport = openTransport(origin, undefined);
  const { message } = await failure("UNAVAILABLE", transport, READ, { origin });
  assert.match(message, /more than \d+ MiB/);
  assert.ok(sent < 200, String(sent));
});

Deno.test("an answer that is small until it is unpacked is left there as well", async () => {
  const zeros = new Blob([new Uint8Array(112 * 1024 * 1024)]).stream();
  const packed = await new Response(zeros.pipeThrough(new CompressionStream("gzip"))).bytes();
  assert.ok(packed.length < 1024 * 1024);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const headers = { "content-encoding": "gzip", "content-length": String(packed.length) };
    return new Response(packed, { headers });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  using transport = openTransport(origin, undefined);
  const { message } = await failure("UNAVAILABLE", transport, READ, { origin });
  assert.match(message, /more than \d+ MiB/);
});

Deno.test("no redirect gets the token to another host, except a leader that the server itself names", async () => {
  const leader = "https://leader.example:8200";
  const standby = "https://standby.example:8200";
  const redirecting = (named: string): [Transport, { url: string; token: string | null }[]] => {
    const sent: { url: string; token: string | null }[] = [];
    return [{
      fetch(url, { headers }) {
        sent.push({ url, token: new Headers(headers).get("x-vault-token") });
        if (url === `${standby}/v1/sys/leader`) return Promise.resolve(json(200, { leader_address: named }));
        if (url.startsWith(leader)) return Promise.resolve(ok());
        const location = `${leader}${new URL(url).pathname}`;
        return Promise.resolve(new Response(null, { status: 307, headers: { location } }));
      },
      [Symbol.dispose]() {},
    }, sent];
  };
  const [honest, sent] = redirecting(leader);
  assert.equal((await send(honest, READ, { origin: standby })).status, 200);
  assert.deepEqual(sent.map(({ url, token }) => [new URL(url).host, token !== null]), [
    ["standby.example:8200", true],
    ["standby.example:8200", false],
    ["leader.example:8200", true],
  ]);
  const [lying, leaked] = redirecting("https://other.example:8200");
  await failure("UNAVAILABLE", lying, READ, { origin: standby });
  assert.ok(leaked.every(({ url, token }) => token === null || url.startsWith(standby)));
});

Deno.test("a real redirect is not followed behind our back", async () => {
  const heard: string[] = [];
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  await using other = Deno.serve(options, ({ headers }) => {
    heard.push(headers.get("x-vault-token") ?? "");
    return ok();
  });
  const location = `http://127.0.0.1:${other.addr.port}/v1/${READ.path}`;
  for (const status of [301, 302, 303, 307, 308]) {
    await using first = Deno.serve(options, () => new Response(null, { status, headers: { location } }));
    const origin = `http://127.0.0.1:${first.addr.port}`;
    using transport = openTransport(origin, undefined);
    await failure("UNAVAILABLE", transport, READ, { origin });
  }
  assert.deepEqual(heard, []);
});

Deno.test("the leader is asked directly from then on, and the configured server again when the leader fails", async () => {
  const [standby, leader] = ["https://standby.example:8200", "https://leader.example:8200"];
  const hosts: string[] = [];
  let leads = true;
  const transport: Transport = {
    fetch(url) {
      const { host, pathname } = new URL(url);
      if (pathname === "/v1/sys/leader") return Promise.resolve(json(200, { leader_address: leader }));
      hosts.push(host.split(".")[0]!);
      if (url.startsWith(leader)) return leads ? Promise.resolve(ok()) : unreachable();
      if (!leads) return Promise.resolve(ok());
      return Promise.resolve(new Response(null, { status: 307, headers: { location: `${leader}${pathname}` } }));
    },
    [Symbol.dispose]() {},
  };
  const server = new VaultServer({ origin: standby, namespace: undefined, timeoutMs: 5_000 }, transport, AT_ONCE);
  for (let i = 0; i < 2; i++) assert.equal((await server.send(READ)).status, 200);
  leads = false;
  assert.equal((await server.send(READ)).status, 200);
  assert.deepEqual(hosts, ["standby", "leader", "leader", "leader", "standby"]);
});

Deno.test("a request that nobody waits for any more is not sent, or sent again", async () => {
  const { sent, transport } = inTurn(unreachable);
  const stop = new AbortController();
  const server = new VaultServer({ origin: ORIGIN, namespace: undefined, timeoutMs: 5_000 }, transport, {
    attempts: 5,
    firstMs: 60_000,
  });
  const answer = server.send({ ...READ, signal: stop.signal });
  await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await assert.rejects(answer, { name: "AbortError" });
  await assert.rejects(server.send({ ...READ, signal: stop.signal }), { name: "AbortError" });
  assert.equal(sent.length, 1);
});

Deno.test("the token of a Vault on this machine is told to no proxy", async () => {
  const heard: string[] = [];
  await using proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
    heard.push(headers.get("x-vault-token") ?? "");
    return new Response("proxied");
  });
  await using vault = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("direct"));
  const program = `const { openTransport } = await import(${
    JSON.stringify(import.meta.resolve("../../../../core/providers/vault/transport.ts"))
  });
    const origin = "http://localhost:${vault.addr.port}";
    using transport = openTransport(origin, undefined);
    const response = await transport.fetch(origin + "/v1/a", { headers: { "X-Vault-Token": "${TOKEN}" } });
    console.log(await response.text());`;
  const url = `http://127.0.0.1:${proxy.addr.port}`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", `${import.meta.dirname}/../../../../deno.json`, program],
    env: { HTTP_PROXY: url, http_proxy: url, ALL_PROXY: url, NO_PROXY: "", no_proxy: "" },
    stderr: "null",
  }).output();
  assert.deepEqual([new TextDecoder().decode(stdout), heard], ["direct\n", []]);
});
