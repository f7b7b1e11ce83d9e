import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { NO_PASSPHRASE, serve, untilGone } from "../fixture/coffer_server.ts";
import { close, connectTo, send } from "../fixture/raw_http.ts";

endToEnd("coffer serve unlocks the stack for every other command", async (coffer) => {
  await coffer.given({ "db/password": "pw-value", OTHER: "other" });
  await coffer.fault("LOCKED", ["get", "OTHER"], { env: NO_PASSPHRASE });
  await using _server = await serve(coffer, []);
  const env = NO_PASSPHRASE;
  assert.equal(await coffer.ok(["get", "db/password"], { env }), "pw-value");
  assert.equal(await coffer.ok(["run", "--", "sh", "-c", "echo ${#DB_PASSWORD} $OTHER"], { env }), "8 *******\n");
  await coffer.ok(["set", "NEW"], { env, stdin: "new" });
  assert.equal(await coffer.ok(["get", "NEW"], { env }), "new");
  await coffer.ok(["rm", "--yes", "OTHER"], { env });
  await coffer.ok(["rekey"], { env });
  assert.equal(await coffer.ok(["get", "db/password"], { env }), "pw-value");
  await coffer.ok(["verify"], { env });
});

endToEnd("coffer serve opens its socket, token and state to their owner only, whatever the umask", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const process = coffer.spawn(["serve"], { through: 'umask 000; exec "$@"' });
  const folder = `${coffer.home}/.coffer/server`;
  await eventually(() => exists(`${folder}/token`), "the server");
  const modes = [folder, ...["socket", "token", "state.json"].map((name) => `${folder}/${name}`)].map(modeOf);
  process.kill("SIGTERM");
  assert.equal((await process.output()).code, 0);
  assert.deepEqual(modes, [0o700, 0o600, 0o600, 0o600]);
  assert.ok(!exists(`${folder}/socket`) && !exists(`${folder}/token`), "gone with the server");
});

endToEnd("coffer serve takes the place of a server that was killed, and of none that is alive", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const first = await serve(coffer, []);
  const second = await coffer.run(["serve"]);
  assert.equal(second.code, 9, second.stderr);
  assert.equal(await coffer.ok(["get", "NAME"], { env: NO_PASSPHRASE }), "value");
  first.process.kill("SIGKILL");
  await first[Symbol.asyncDispose]();
  assert.ok(exists(`${coffer.home}/.coffer/server/socket`), "a killed server leaves its socket");
  await coffer.fault("LOCKED", ["get", "NAME"], { env: NO_PASSPHRASE });
  await coffer.fault("UNAVAILABLE", ["status"]);
  await using third = await serve(coffer, []);
  assert.notEqual(third.token, first.token);
  assert.equal(await coffer.ok(["get", "NAME"], { env: NO_PASSPHRASE }), "value");
});

endToEnd("coffer lock and SIGHUP make the server forget its keys, and unlock gives them back", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer);
  const read = () => statusOf(server.fetch("/v1/dev/data/NAME"));
  assert.equal(await read(), 200);
  await coffer.ok(["lock"]);
  assert.equal(await read(), 503);
  await coffer.fault("LOCKED", ["get", "NAME"], { env: NO_PASSPHRASE });
  assert.equal((await coffer.json(["status"]) as { locked: boolean }).locked, true);
  const wrong = await coffer.fault("LOCKED", ["unlock"], { env: { COFFER_PASSPHRASE: "wrong" } });
  assert.match(wrong.hint ?? "", /COFFER_PASSPHRASE/, "what the server knows of the way out");
  await coffer.ok(["unlock"]);
  assert.equal(await read(), 200);
  server.process.kill("SIGHUP");
  await eventually(async () => await read() === 503, "the keys to go");
  await coffer.ok(["unlock"]);
  assert.equal(await coffer.ok(["get", "NAME"], { env: NO_PASSPHRASE }), "value");
});

endToEnd("coffer serve locks itself when nobody has used it for its time", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer, ["--listen", "unix", "--listen", "0", "--ttl", "2s"]);
  assert.equal(await statusOf(server.fetch("/v1/dev/data/NAME")), 200);
  await eventually(async () => {
    const { sealed } = await (await fetch(`${server.url}/v1/sys/health?sealedcode=200`)).json();
    return sealed;
  }, "the keys to go");
  assert.equal(await statusOf(server.fetch("/v1/dev/data/NAME")), 503);
}, BUNDLE_ONLY);

endToEnd(
  "coffer serve keeps its keys for longer than a timer can run, and wants a time to lock itself after",
  async (coffer) => {
    await coffer.given({ NAME: "value" });
    for (const ttl of ["0", "0s"]) await coffer.fault("USAGE", ["serve", "--ttl", ttl]);
    const process = coffer.spawn(["serve", "--ttl", "30d"]);
    await eventually(() => exists(`${coffer.home}/.coffer/server/token`), "the server");
    const { locksIn } = await coffer.json(["status"]) as { locksIn: number };
    await coffer.ok(["stop"]);
    const { code, stderr } = await process.output();
    assert.equal(code, 0);
    assert.ok(locksIn > 29 * 86_400);
    assert.doesNotMatch(new TextDecoder().decode(stderr), /Timeout/);
  },
  BUNDLE_ONLY,
);

endToEnd("coffer serve is used by clients of its every listener, and by nobody who asks how it is", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer, ["--aws-agent", "0", "--ttl", "2s"]);
  const started = performance.now();
  const token = { "X-Aws-Parameters-Secrets-Token": server.token };
  while (performance.now() - started < 4000) {
    const answer = await fetch(`${server.url}/v1/NAME`, { headers: token });
    await answer.body?.cancel();
    assert.equal(answer.status, 200);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await eventually(async () => (await coffer.json(["status"]) as { locked: boolean }).locked, "the keys to go");
}, BUNDLE_ONLY);

endToEnd("coffer stop returns when the server has ended, and another can start", async (coffer) => {
  await coffer.given({ NAME: "value" });
  let url = "0";
  for (let round = 0; round < 3; round++) {
    const server = await serve(coffer, ["--listen", url.replace("http://", "")]);
    url = server.url!;
    await coffer.ok(["stop"]);
    assert.ok(!exists(`${coffer.home}/.coffer/server/token`));
    await server[Symbol.asyncDispose]();
  }
}, BUNDLE_ONLY);

endToEnd("coffer stop does not wait for a client that never finishes its request", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const server = await serve(coffer);
  const head = "POST /v1/dev/data/NAME HTTP/1.1\r\nHost: localhost\r\n";
  const slow = await connectTo(server.url!);
  try {
    await send(slow, `${head}X-Vault-Token: ${server.token}\r\nContent-Length: 1000\r\n\r\n{`);
    const started = performance.now();
    await coffer.ok(["stop"]);
    assert.ok(performance.now() - started < 15_000, "half of what the body may take");
    assert.equal((await server.process.status).code, 0);
  } finally {
    close(slow);
    await server[Symbol.asyncDispose]();
  }
}, BUNDLE_ONLY);

endToEnd("coffer stop ends the server, which finishes what is under way", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const server = await serve(coffer);
  const reads = Array.from({ length: 50 }, () => server.fetch("/v1/dev/data/NAME").then((answer) => answer.json()));
  await coffer.ok(["stop"]);
  const outcomes = await Promise.allSettled(reads);
  assert.ok(outcomes.every((outcome) => outcome.status === "rejected" || outcome.value.data?.data?.value === "value"));
  assert.equal((await server.process.status).code, 0);
  await untilGone(`${coffer.home}/.coffer/server/socket`);
  await server[Symbol.asyncDispose]();
}, BUNDLE_ONLY);

endToEnd("coffer serve still reads the rest of a request that had begun before it was told to end", async (coffer) => {
  await coffer.given({ NAME: "value" });
  const server = await serve(coffer);
  const head = "PUT /v1/dev/data/LATE HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  const body = '{"data":{"value":"late"}}';
  const begun = await connectTo(server.url!);
  try {
    await send(begun, `${head}X-Vault-Token: ${server.token}\r\nContent-Length: ${body.length}\r\n\r\n{`);
    await statusOf(server.fetch("/v1/dev/data/NAME")); // what came before has reached it
    server.process.kill("SIGTERM");
    const takes = () => statusOf(server.fetch("/v1/dev/data/NAME")).catch(() => 503);
    await eventually(async () => await takes() === 503, "it to take no more");
    await send(begun, body.slice(1));
    assert.match(await new Response(begun.readable).text(), /^HTTP\/1.1 200 /);
    assert.equal((await server.process.status).code, 0);
  } finally {
    close(begun);
    await server[Symbol.asyncDispose]();
  }
  assert.equal(await coffer.ok(["get", "LATE"]), '{"value":"late"}');
}, BUNDLE_ONLY);

endToEnd("coffer token makes tokens that outlive the server, lists and ends them", async (coffer) => {
  await coffer.given({ NAME: "value" });
  let token: string;
  {
    await using server = await serve(coffer);
    const put = { method: "PUT", body: JSON.stringify({ policy: 'path "dev/data/*" { capabilities = ["read"] }' }) };
    assert.equal(await statusOf(server.fetch("/v1/sys/policies/acl/app", put)), 204);
    token = (await coffer.ok(["token", "create", "--policy", "app", "--ttl", "1h", "--name", "client"])).trim();
    assert.equal(await statusOf(server.fetch("/v1/dev/data/NAME", { token })), 200);
    assert.equal(await statusOf(server.fetch("/v1/dev/metadata/NAME", { token })), 403);
  }
  await using server = await serve(coffer);
  assert.equal(await statusOf(server.fetch("/v1/dev/data/NAME", { token })), 200);
  const tokens = await coffer.json(["token", "list"]) as { accessor: string; name: string; policies: string[] }[];
  const client = tokens.find(({ name }) => name.includes("client"))!;
  assert.deepEqual(client.policies.sort(), ["app", "default"]);
  assert.equal(tokens.filter(({ policies }) => policies.includes("root")).length, 1, "the last owner's is gone");
  await coffer.ok(["token", "revoke", client.accessor]);
  assert.equal(await statusOf(server.fetch("/v1/dev/data/NAME", { token })), 403);
  await coffer.fault("NOT_FOUND", ["token", "revoke", client.accessor]);
  const { stderr } = await coffer.run(["token", "create", "--policy", "ap", "--ttl", "9999h"]);
  assert.match(stderr, /"ap" does not exist/);
  assert.match(stderr, /max_ttl/);
});

endToEnd("coffer token list leaves out what ends while it lists", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer);
  const put = async (path: string, body: unknown) => {
    const answer = await server.fetch(`/v1/auth/token/${path}`, { method: "PUT", body: JSON.stringify(body) });
    return answer.status === 204 ? undefined : await answer.json();
  };
  const accessors: string[] = [];
  for (let i = 0; i < 300; i++) accessors.push((await put("create", { policies: ["default"] })).auth.accessor);
  let isListed = false;
  const listed = coffer.json(["token", "list"]).finally(() => isListed = true);
  for (const accessor of accessors.toReversed()) {
    if (!isListed) await put("revoke-accessor", { accessor });
  }
  assert.ok((await listed as unknown[]).length > 0, "the owner's at least");
}, BUNDLE_ONLY);

endToEnd("coffer serve gives the owner's operations to the owner at the socket only", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer);
  const id = JSON.parse(Deno.readTextFileSync(`${coffer.stackFolder()}/stack.json`)).id;
  const body = JSON.stringify({ id });
  for (const [method, operation] of [["POST", "key"], ["POST", "lock"], ["POST", "stop"], ["GET", "status"]] as const) {
    const init = { method, ...(method === "POST" ? { body } : {}) };
    const answer = await server.fetch(`/v1/coffer/owner/${operation}`, init);
    assert.equal(answer.status, 403, operation);
    await answer.body?.cancel();
  }
  const token = (await coffer.ok(["token", "create"])).trim();
  const socket = `${coffer.home}/.coffer/server/socket`;
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const ask = async (held: string) => {
    const answer = await fetch("http://localhost/v1/coffer/owner/key", {
      client,
      method: "POST",
      body,
      headers: { "X-Vault-Token": held },
    });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await ask(token), 403);
  assert.equal(await ask("nonsense"), 403);
  // Tokens that the owner made have the owner's policies unless they are given others.
  const run = await server.fetch("/v1/coffer/tokens", { method: "PUT", body: '{"references":["NAME"]}' });
  assert.equal(await ask((await run.json()).auth.client_token), 403);
  const root = await server.fetch("/v1/auth/token/create", { method: "PUT", body: '{"num_uses":1}' });
  assert.equal(await ask((await root.json()).auth.client_token), 403);
  assert.equal(await ask(server.token), 200);
}, BUNDLE_ONLY);

endToEnd(
  "coffer serve does not listen beyond this machine unless it is told to",
  async (coffer) => {
    await coffer.given({ NAME: "value" });
    for (const address of ["0.0.0.0:0", "[::]:0", "192.0.2.1:8200", "example.org:8200"]) {
      await coffer.fault("USAGE", ["serve", "--listen", address]);
      await coffer.fault("USAGE", ["serve", "--aws-agent", address]);
    }
    for (const address of ["", "x", "127.0.0.1:99999", "1.2.3.4"]) {
      await coffer.fault("USAGE", ["serve", "--listen", address]);
    }
    await coffer.fault("LOCKED", ["serve"], { env: { COFFER_PASSPHRASE: "wrong" } });
  },
);

async function statusOf(asked: Promise<Response>): Promise<number> {
  const answer = await asked;
  await answer.body?.cancel();
  return answer.status;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function modeOf(path: string): number {
  return Deno.lstatSync(path).mode! & 0o777;
}
