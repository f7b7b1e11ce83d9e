import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { type CofferServer, NO_PASSPHRASE, serve } from "../fixture/coffer_server.ts";
import { close, connectTo, exchangeRaw, send, statusesIn } from "../fixture/raw_http.ts";

const VALUE = "value-that-nobody-gets";
const MIB = 1024 * 1024;
const READ = "/v1/dev/data/NAME";

interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  /** Each with its CR and LF. */
  readonly headers?: string;
  readonly body?: string;
}

endToEnd("coffer serve refuses what no honest client sends", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer);
  const refused: readonly (readonly [what: string, status: number, request: Request])[] = [
    ["another name", 403, { host: "evil.example" }],
    ["a name with this machine's in it", 403, { host: "127.0.0.1.evil.example" }],
    ["a host that is none", 400, { host: "127.0.0.1/v1" }],
    ["two hosts", 400, { headers: "Host: evil.example\r\n" }],
    ["a web page", 403, { headers: "Origin: https://evil.example\r\n" }],
    ["a web page without a name", 403, { headers: "Origin: null\r\n" }],
    ["a page of another site", 403, { headers: "Sec-Fetch-Site: cross-site\r\n" }],
    ["a page of this machine", 403, { headers: "Sec-Fetch-Site: same-site\r\n" }],
    ["a browser's question", 403, { method: "OPTIONS" }],
    ["X-Forwarded-For", 400, { headers: "X-Forwarded-For: 127.0.0.1\r\n" }],
    ["Via", 400, { headers: "Via: 1.1 proxy\r\n" }],
    ["TRACE", 405, { method: "TRACE" }],
    ["a path of 2 KiB", 400, { path: `/v1/${"a".repeat(2048)}` }],
    ["a path of 8 KiB", 414, { path: `/v1/${"a".repeat(8192)}` }],
    ["a path of 64 KiB", 400, { path: `/v1/${"a".repeat(65536)}` }],
    ["..", 400, { path: "/v1/dev/data/../data/NAME" }],
    ["%2e%2e", 400, { path: "/v1/dev/data/%2e%2e/data/NAME" }],
    ["%2f..", 400, { path: "/v1/dev/data%2f..%2fdata/NAME" }],
    ["an escape in an escape", 400, { path: "/v1/dev/data/%252e%252e/NAME" }],
    ["an empty segment", 400, { path: "/v1/dev//data/NAME" }],
    ["what is not UTF-8", 400, { path: "/v1/dev/data/%ff" }],
    ["an escaped NUL", 400, { path: "/v1/dev/data/NAME%00" }],
    ["a NUL", 400, { path: "/v1/dev/data/NAME\0" }],
    ["an escaped end of line", 400, { path: "/v1/dev/data/NAME%0d%0aX-Vault-Token:%20x" }],
    ["an escape sequence", 400, { path: "/v1/dev/data/NAME\x1b[2J" }],
    ["a NUL in a header", 400, { headers: "X-Any: a\0b\r\n" }],
    ["a header over two lines", 400, { headers: "X-Any: a\r\n b\r\n" }],
    ["headers of 20 KiB", 431, { headers: `X-Any: ${"a".repeat(20 * 1024)}\r\n` }],
    ["a header of 1 MiB", 400, { headers: `X-Any: ${"a".repeat(MIB)}\r\n` }],
    ["10,000 headers", 400, { headers: "X-Any: a\r\n".repeat(10_000) }],
    ["two lengths", 400, { method: "POST", headers: "Content-Length: 2\r\nContent-Length: 3\r\n", body: "{}" }],
    ["an unknown encoding", 400, { method: "POST", headers: "Transfer-Encoding: xchunked\r\n", body: "0\r\n\r\n" }],
  ];
  for (const [what, status, request] of refused) {
    const answer = await exchangeRaw(server.url!, textOf(server, request));
    assert.deepEqual(statusesIn(answer), [status], what);
    assertTellsNothing(answer, server, coffer, what);
  }
  for (const garbage of ["\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", "GET\r\n\r\n", "\0".repeat(1000)]) {
    const answer = await exchangeRaw(server.url!, garbage);
    assert.deepEqual(statusesIn(answer), [400]);
    assertTellsNothing(answer, server, coffer, "garbage");
  }
  await assertWorks(server);
}, BUNDLE_ONLY);

endToEnd("coffer serve reads no more of a body than it takes", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer);
  const body = `{"data":{"key":"${"x".repeat(2 * MIB)}"}}`;
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  const bodies: readonly Request[] = [
    { headers: `Content-Length: ${body.length}\r\n`, body },
    { headers: `Content-Length: ${2 ** 53}\r\n`, body: "{" },
    { headers: "Transfer-Encoding: chunked\r\n", body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` },
    { headers: "Transfer-Encoding: chunked\r\n", body: chunk.repeat(64) }, // and no end
  ];
  for (const request of bodies) {
    // The runtime goes on to wait for the rest.
    const isWhole = (answer: string) => answer.endsWith("}\n");
    const answer = await exchangeRaw(server.url!, textOf(server, { method: "POST", ...request }), isWhole);
    assert.deepEqual(statusesIn(answer), [413]);
  }
  // Of a request without a length there is no body, whatever follows.
  const [first] = statusesIn(await exchangeRaw(server.url!, textOf(server, { method: "POST", body })));
  assert.equal(first, 400);
  await assertWorks(server);
}, BUNDLE_ONLY);

endToEnd("coffer serve takes a request for one request", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer);
  const hidden = textOf(server, {});
  const smuggled = textOf(server, {
    method: "POST",
    headers: `Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding: chunked\r\n`,
    body: `0\r\n\r\n${hidden}`,
  });
  assert.deepEqual(statusesIn(await exchangeRaw(server.url!, smuggled)), [400]);
  // One after the other without waiting, which HTTP allows: each gets its own answer, in order.
  const keeping = textOf(server, { path: "/v1/dev/data/OTHER" }).replace("Connection: close\r\n", "");
  assert.deepEqual(statusesIn(await exchangeRaw(server.url!, keeping + textOf(server, {}))), [404, 200]);
}, BUNDLE_ONLY);

endToEnd("coffer serve knows no token that is missing, wrong, used up or expired", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer);
  const create = async (fields: unknown) => {
    const answer = await server.fetch("/v1/auth/token/create", { method: "POST", body: JSON.stringify(fields) });
    return (await answer.json()).auth.client_token as string;
  };
  const once = await create({ num_uses: 1 });
  const short = await create({ ttl: "1s" });
  assert.equal(await statusOf(server.fetch(READ, { token: once })), 200);
  await eventually(async () => await statusOf(server.fetch(READ, { token: short })) === 403, "the token to expire");
  for (const token of [null, once, short, "x".repeat(4096), server.token.slice(0, -1), `${server.token}x`]) {
    const answer = await server.fetch(READ, { token });
    assert.equal(answer.status, 403);
    assertTellsNothing(await answer.text(), server, coffer, "a token that there is not");
  }
  await assertWorks(server);
}, BUNDLE_ONLY);

endToEnd("coffer serve answers the owner of a token however many guesses there are", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer);
  const statuses = new Map<number, number>();
  let guessing = true;
  const guesses = Promise.all(Array.from({ length: 10 }, async () => {
    for (let i = 0; i < 100; i++) {
      const status = await statusOf(server.fetch(READ, { token: crypto.randomUUID() }));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  })).finally(() => guessing = false);
  let answered = 0;
  while (guessing) {
    await assertWorks(server);
    answered++;
  }
  await guesses;
  assert.deepEqual([...statuses.keys()].sort(), [403, 429]);
  assert.equal([...statuses.values()].reduce((a, b) => a + b), 1000);
  assert.ok(statuses.get(429)! > 500, "guesses are bounded");
  assert.ok(answered > 0);
}, BUNDLE_ONLY);

endToEnd("coffer serve answers a client beside two hundred that never finish their request", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer);
  const head = "POST /v1/dev/data/NAME HTTP/1.1\r\nHost: localhost\r\n";
  const body = `${head}X-Vault-Token: ${server.token}\r\nContent-Length: 1000\r\n\r\n`;
  const slow = await Promise.all(Array.from({ length: 200 }, () => connectTo(server.url!)));
  try {
    await Promise.all(slow.map((connection, i) => send(connection, i % 2 === 0 ? head : body)));
    for (let second = 0; second < 3; second++) {
      await Promise.all(slow.map((connection) => send(connection, " ")));
      for (let i = 0; i < 50; i++) await assertWorks(server);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  } finally {
    slow.forEach(close);
  }
  await eventually(() => socketsOf(server).length < 100, "the connections to be forgotten");
  await assertWorks(server);
}, { ...BUNDLE_ONLY, lacking: Deno.build.os === "linux" ? undefined : "needs /proc" });

endToEnd("coffer serve is as before once more connections than it can hold are gone", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  const limited: Coffer = Object.create(coffer, {
    spawn: {
      value: (args: readonly string[], options = {}) =>
        coffer.spawn(args, { ...options, through: 'ulimit -n 128; exec "$@"' }),
    },
  });
  await using server = await serve(limited);
  for (const where of [server.url!, `${coffer.home}/.coffer/server/socket`]) {
    const tried = await Promise.allSettled(Array.from({ length: 300 }, () => connectTo(where)));
    const many = tried.flatMap((attempt) => attempt.status === "fulfilled" ? [attempt.value] : []);
    await Promise.all(many.map((connection) => send(connection, "GET / HTTP/1.1\r\n")));
    await new Promise((resolve) => setTimeout(resolve, 500));
    many.forEach(close);
    const answers = (path: string) => exchangeRaw(path, textOf(server, {})).then(statusesIn, () => []);
    for (const place of [server.url!, `${coffer.home}/.coffer/server/socket`]) {
      await eventually(async () => (await answers(place))[0] === 200, "an answer");
    }
  }
  await coffer.ok(["verify"], { env: NO_PASSPHRASE });
}, BUNDLE_ONLY);

endToEnd("coffer serve listens on the loopback alone", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer, ["--listen", "unix", "--listen", "0", "--listen", "[::1]:0"]);
  const inodes = new Set(socketsOf(server));
  const listening = ["tcp", "tcp6"].flatMap((table) => {
    const [, ...rows] = Deno.readTextFileSync(`/proc/net/${table}`).trimEnd().split("\n");
    return rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[3] === "0A" && inodes.has(row[9]!));
  });
  const addresses = listening.map((row) => row[1]!.split(":")[0]);
  assert.deepEqual(addresses, ["0100007F", "00000000000000000000000001000000"]);
}, { ...BUNDLE_ONLY, lacking: Deno.build.os === "linux" ? undefined : "needs /proc" });

endToEnd("coffer serve does not take the place of what is no socket", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  const folder = `${coffer.home}/.coffer/server`;
  coffer.file(`${folder}/socket`, "content");
  for (const path of [`${coffer.home}/.coffer`, folder]) Deno.chmodSync(path, 0o700);
  await coffer.fault("CONFLICT", ["serve"]);
  assert.equal(Deno.readTextFileSync(`${folder}/socket`), "content");
  Deno.removeSync(`${folder}/socket`);
  for (const target of [`${coffer.root}/nowhere`, coffer.file(`${coffer.root}/elsewhere`, "content")]) {
    Deno.symlinkSync(target, `${folder}/socket`);
    await coffer.fault("CONFLICT", ["serve"]);
    Deno.removeSync(`${folder}/socket`);
  }
  assert.equal(Deno.readTextFileSync(`${coffer.root}/elsewhere`), "content");
}, BUNDLE_ONLY);

endToEnd("coffer speaks to no server whose token others can read", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using _server = await serve(coffer, []);
  const folder = `${coffer.home}/.coffer/server`;
  assert.equal(await coffer.ok(["get", "NAME"], { env: NO_PASSPHRASE }), VALUE);
  Deno.chmodSync(`${folder}/token`, 0o640);
  await coffer.fault("DENIED", ["status"]);
  Deno.chmodSync(`${folder}/token`, 0o600);
  Deno.chmodSync(folder, 0o770);
  await coffer.fault("DENIED", ["status"]);
  Deno.chmodSync(folder, 0o700);
  await coffer.ok(["status"]);
}, BUNDLE_ONLY);

endToEnd("of several coffer serve at once exactly one serves, also where one was killed", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  const folder = `${coffer.home}/.coffer/server`;
  const killed = await serve(coffer, []);
  for (let round = 0; round < 2; round++) {
    const rivals = Array.from({ length: 4 }, () => coffer.spawn(["serve"]));
    const ended = rivals.map(() => false);
    const outputs = rivals.map((rival, i) => rival.output().finally(() => ended[i] = true));
    if (round === 0) {
      killed.process.kill("SIGKILL");
      await killed[Symbol.asyncDispose]();
    }
    await eventually(() => ended.filter(Boolean).length >= 3, "three to give up");
    const winner = ended.indexOf(false);
    assert.ok(winner >= 0, "one serves");
    assert.equal(await coffer.ok(["get", "NAME"], { env: NO_PASSPHRASE }), VALUE);
    rivals[winner]!.kill("SIGKILL");
    const codes = (await Promise.all(outputs)).map(({ code }) => code);
    assert.deepEqual(codes.filter((_, i) => i !== winner), [9, 9, 9]);
    assert.ok(Deno.lstatSync(`${folder}/socket`).isSocket);
  }
}, BUNDLE_ONLY);

function textOf(
  { token }: CofferServer,
  { method = "GET", path = READ, host = "127.0.0.1", headers = "", body = "" }: Request,
) {
  const given = `Host: ${host}\r\nX-Vault-Token: ${token}\r\n${headers}Connection: close\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${given}\r\n${body}`;
}

function assertTellsNothing(answer: string, { token }: CofferServer, { root, home }: Coffer, what: string): void {
  for (const secret of [VALUE, token, root, home, "evil.example", "    at "]) assert.ok(!answer.includes(secret), what);
}

async function assertWorks(server: CofferServer): Promise<void> {
  const answer = await server.fetch(READ);
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).data.data.value, VALUE);
}

async function statusOf(asked: Promise<Response>): Promise<number> {
  const answer = await asked;
  await answer.body?.cancel();
  return answer.status;
}

/** The inodes of the sockets that the server has open. */
function socketsOf({ process }: CofferServer): string[] {
  const folder = `/proc/${process.pid}/fd`;
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`${folder}/${name}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}
