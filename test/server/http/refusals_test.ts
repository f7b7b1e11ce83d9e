/** What is refused before a request means anything. All of it goes through the app, as a listener hands it over. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { MAX_HEADER_BYTES } from "../../../server/http/header_guard.ts";
import { parseRequestPath } from "../../../server/http/request_path.ts";
import { Refusal } from "../../../server/http/refusal.ts";
import { LOOPBACK, type Sent, Served, UNIX } from "../served.ts";

const BYSTANDER = { a: "a value" };

async function statusOf(sent: Sent, target = "/v1/secret/data/a", method = "GET"): Promise<number> {
  using served = await Served.start({ secret: BYSTANDER });
  return (await served.sendTo(target, method, sent)).status;
}

Deno.test("a host that is not this machine's is refused over TCP: DNS rebinding", async () => {
  for (
    const host of [
      ...["127.0.0.1", "127.0.0.1:8200", "localhost", "LOCALHOST:1", "[::1]", "[::1]:8200", "coffer.example:443"],
      ...["host.docker.internal:8200", "host.containers.internal"],
    ]
  ) assert.equal(await statusOf({ headers: { Host: host } }), 200, host);
  for (
    const host of [
      ...["evil.example", "evil.example:8200", "127.0.0.1.evil.example", "localhost.evil.example", "0.0.0.0", "[::]"],
      ...["127.0.0.2", "192.168.0.1", "2130706433", "localhost."],
    ]
  ) assert.equal(await statusOf({ headers: { Host: host } }), 403, host);
  for (const host of ["", "a@localhost", "localhost/v1/", "localhost?", "localhost:", "localhost:x", "[::1", "a b"]) {
    assert.equal(await statusOf({ headers: { Host: host } }), 400, host);
  }
});

Deno.test("over TLS the host may be HTTP/2's, which is in the URL, and a header beside it counts too", async () => {
  using served = await Served.start({ secret: BYSTANDER });
  const statusFor = async (authority: string, host: string | undefined) => {
    const request = new Request("http://127.0.0.1/", {
      headers: { "X-Vault-Token": served.root, ...(host === undefined ? {} : { Host: host }) },
    });
    Object.defineProperty(request, "url", { value: `https://${authority}/v1/secret/data/a` });
    return (await served.app(request, { kind: "tcp", address: "127.0.0.1", secure: true })).status;
  };
  assert.equal(await statusFor("coffer.example:8200", undefined), 200);
  assert.equal(await statusFor("coffer.example", "coffer.example"), 200);
  assert.equal(await statusFor("evil.example", undefined), 403);
  assert.equal(await statusFor("evil.example", "localhost"), 403);
  assert.equal(await statusFor("localhost", "evil.example"), 403);
  assert.equal(await statusFor("user@localhost", undefined), 400);
  assert.equal(await statusFor("", undefined), 400);
});

Deno.test("over a unix socket any host is fine, and none, but not what could be more than a host", async () => {
  for (const host of ["", "localhost", "evil.example", "unix"]) {
    assert.equal(await statusOf({ headers: { Host: host }, peer: UNIX }), 200, host);
  }
  assert.equal(await statusOf({ headers: { Host: "a/v1/sys/mounts?" }, peer: UNIX }), 400);
});

Deno.test("requests of web pages and of proxies are refused, whatever token they carry", async () => {
  for (
    const [headers, status] of [
      [{ Origin: "http://127.0.0.1:8200" }, 403],
      [{ Origin: "null" }, 403],
      [{ "Sec-Fetch-Site": "cross-site" }, 403],
      [{ "Sec-Fetch-Site": "same-site" }, 403],
      [{ "Sec-Fetch-Site": "same-origin" }, 200],
      [{ "Sec-Fetch-Site": "none" }, 200],
      [{ "X-Forwarded-For": "10.0.0.1" }, 400],
      [{ "X-Forwarded-Host": "a" }, 400],
      [{ Forwarded: "for=10.0.0.1" }, 400],
      [{ Via: "1.1 proxy" }, 400],
      [{ "X-Real-IP": "10.0.0.1" }, 400],
    ] as const
  ) {
    assert.equal(await statusOf({ headers }), status, JSON.stringify(headers));
    assert.equal(await statusOf({ headers, token: null }, "/v1/sys/health"), status, JSON.stringify(headers));
  }
});

Deno.test("a preflight gets no permission, and no answer says anything of other origins", async () => {
  using served = await Served.start({ secret: BYSTANDER });
  const sent = { headers: { "Access-Control-Request-Method": "GET" } };
  const answers = [
    await served.sendTo("/v1/secret/data/a", "OPTIONS", sent),
    await served.sendTo("/v1/secret/data/a", "OPTIONS", { ...sent, peer: UNIX }),
    await served.get("secret/data/a"),
    await served.get("sys/health"),
    await served.get("nothing"),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [403, 403, 200, 200, 404]);
  for (const { headers } of answers) {
    assert.deepEqual([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
  }
});

Deno.test("every answer is JSON that nobody keeps, without a word on what made it", async () => {
  using served = await Served.start({ secret: BYSTANDER });
  for (
    const { status, headers } of [
      await served.get("secret/data/a"),
      await served.get("secret/data/b"),
      await served.get("sys/health", { token: null }),
      await served.put("sys/policies/acl/a", { policy: 'path "a" {}' }),
      await served.get("secret/data/a", { token: "wrong" }),
      await served.put("secret/data/a", "{"),
      await served.get("secret/data/a", { headers: { Origin: "x" } }),
    ]
  ) {
    const type = status === 204 ? "application/json" : headers.get("content-type");
    assert.equal(type, "application/json");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    const known = ["cache-control", "content-type", "x-content-type-options"];
    assert.deepEqual([...headers.keys()].filter((name) => !known.includes(name)), []);
  }
});

Deno.test("headers, URLs and bodies that are too large are refused", async () => {
  assert.equal(await statusOf({ headers: { X: "a".repeat(MAX_HEADER_BYTES) } }), 431);
  assert.equal(await statusOf({ headers: { X: "a".repeat(MAX_HEADER_BYTES - 300) } }), 200);
  assert.equal(await statusOf({}, `/v1/secret/data/a?x=${"a".repeat(8192)}`), 414);
  assert.equal(await statusOf({}, `/v1/secret/data/${"a".repeat(1024)}`), 400);
  assert.equal(await statusOf({}, `/v1/secret/data/${"a".repeat(300)}`), 404);
});

Deno.test("a path that could mean two things is refused", async () => {
  for (
    const path of [
      ...["secret/../sys/mounts", "secret/data/../../sys", "secret/data/%2e%2e/a", "secret/data/%2E./a", "secret/./a"],
      ...["..", ".", "secret/data/a/..", "secret//data/a", "/secret/data/a", "secret/data//", "secret/data/a%2f%2fb"],
      ...["secret/data/a%00b", "secret/data/a%0ab", "secret/data/a%7f", "secret/data/a%c2%85", "secret/data/a\\b"],
      ...["secret/data/%5c..%5ca", "secret/data/a%252fb", "secret/data/%2525", "secret/data/%zz", "secret/data/%"],
      ...["secret/data/%ff", "secret/data/%c0%af", "secret/data/a%23b", "secret/data/a%e2%80%a8b"],
    ]
  ) assert.equal(await statusOf({}, `/v1/${path}`), 400, path);
});

Deno.test("a path is decoded once: %2F is a slash, and only below /v1/ is anything", async () => {
  using served = await Served.start({ secret: { "a/b": "1" } });
  assert.equal((await served.sendTo("/v1/secret%2Fdata%2Fa%2Fb", "GET")).status, 200);
  assert.equal((await served.sendTo("/%76%31/secret/data/a/b", "GET")).status, 200);
  for (const target of ["/", "/v1", "/v2/secret/data/a/b", "/secret/data/a/b", "", "*"]) {
    assert.equal((await served.sendTo(target, "GET")).status, 404, target);
  }
});

Deno.test("parseRequestPath() either refuses, or returns segments with nothing in them to be read a second time", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      ".",
      "..",
      "%2e",
      "%2E%2e",
      "%2f",
      "%5c",
      "\\",
      "%00",
      "%25",
      "%",
      "?",
      "#",
      "a",
      "é",
      "%c3%a9",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      let parsed;
      try {
        parsed = parseRequestPath(`http://127.0.0.1:8200/v1/${pieces.join("")}`);
      } catch (error) {
        assert.ok(error instanceof Refusal);
        return;
      }
      assert.doesNotMatch(parsed.path, /%|\\|\/\/|^\/|\/$|(^|\/)\.{1,2}(\/|$)|\p{Cc}/u);
      assert.notEqual(parsed.path, "");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("methods that are none of Vault's are refused, HEAD too but for the server's condition", async () => {
  for (const method of ["FOO", "PROPFIND", "SCAN", "COPY"]) {
    assert.equal(await statusOf({}, undefined, method), 405, method);
  }
  assert.equal(await statusOf({}, undefined, "HEAD"), 405);
  using served = await Served.start();
  for (const path of ["sys/health", "sys/seal-status"]) {
    const { status, text } = await served.send("HEAD", path, { token: null });
    assert.deepEqual([status, text], [200, ""]);
  }
});

Deno.test("a namespace is refused, the empty one is none", async () => {
  assert.equal(await statusOf({ headers: { "X-Vault-Namespace": "team" } }), 404);
  assert.equal(await statusOf({ headers: { "X-Vault-Namespace": "team" }, token: null }, "/v1/sys/health"), 400);
  assert.equal(await statusOf({ headers: { "X-Vault-Namespace": "" } }), 200);
});

Deno.test("the peer's address does not decide: the header does", async () => {
  assert.equal(await statusOf({ headers: { Host: "evil.example" }, peer: LOOPBACK }), 403);
  assert.equal(await statusOf({ peer: { kind: "tcp", address: "192.168.0.7" } }), 200);
});
