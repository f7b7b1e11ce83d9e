import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs } from "../fixture/coffer_cli.ts";
import { type CofferServer, serve } from "../fixture/coffer_server.ts";

/** Everything a client has: no stack, no home, no passphrase. */
interface Client {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

function clientOf(coffer: Coffer, address: string, token: string): Client {
  const cwd = `${coffer.root}/client`;
  Deno.mkdirSync(cwd, { recursive: true });
  const tokenFile = coffer.file(`${cwd}/token`, `${token}\n`);
  return {
    cwd,
    env: {
      HOME: cwd,
      COFFER_HOME: undefined,
      COFFER_PASSPHRASE: undefined,
      COFFER_ADDR: address,
      COFFER_TOKEN_FILE: tokenFile,
    },
  };
}

const socketOf = (coffer: Coffer) => `unix://${coffer.home}/.coffer/server/socket`;

/** A token with one policy. */
async function tokenFor(server: CofferServer, policy: string): Promise<string> {
  const put = { method: "PUT", body: JSON.stringify({ policy }) };
  await (await server.fetch("/v1/sys/policies/acl/client", put)).body?.cancel();
  const created = await server.fetch("/v1/auth/token/create", {
    method: "POST",
    body: JSON.stringify({ policies: ["client"] }),
  });
  return (await created.json()).auth.client_token;
}

endToEnd("COFFER_ADDR: run, inject and get need no stack here, over the socket and over HTTP", async (coffer) => {
  const bytes = new Uint8Array([0, 255, 10]);
  const long = "x".repeat(300_000);
  await coffer.given({ "db/password": "pw-value", BYTES: bytes, LONG: long });
  await coffer.given({ KEY: "prod-key" }, "prod");
  await coffer.ok(["set", "FIELDS", "--field", "user"], { stdin: "ada-lovelace" });
  await using server = await serve(coffer, ["dev", "prod", "--listen", "unix", "--listen", "0"]);
  for (const address of [socketOf(coffer), server.url!]) {
    const client = clientOf(coffer, address, server.token);
    assert.equal(await coffer.ok(["get", "db/password"], client), "pw-value", address);
    assert.equal(await coffer.ok(["get", "LONG"], client), long);
    assert.deepEqual((await coffer.run(["get", "BYTES"], client)).stdout, bytes);
    assert.equal(await coffer.ok(["get", "FIELDS", "--field", "user"], client), "ada-lovelace");
    assert.equal(await coffer.ok(["get", "KEY", "--stack", "prod"], client), "prod-key");
    assert.deepEqual(await coffer.json(["get", "db/password"], client), { name: "db/password", value: "pw-value" });
    const template = "a={{ coffer:///db/password }} b=coffer://prod/KEY c=coffer:///FIELDS#user";
    const rendered = await coffer.ok(["inject"], { ...client, stdin: template });
    assert.equal(rendered, "a=pw-value b=prod-key c=ada-lovelace");
    const shell = "echo ${#DB_PASSWORD} $K; env | grep -c COFFER_";
    const chosen = ["-s", "db/password", "-s", "coffer://prod/KEY=K"];
    const outcome = await coffer.run(["run", ...chosen, "--", "sh", "-c", shell], client);
    assert.equal(outcome.text, "8 *******\n0\n", outcome.stderr);
    const fields = await coffer.ok(["run", "-s", "FIELDS", "--", "echo", "ada-lovelace"], client);
    assert.equal(fields, "*******\n", "the texts of a value with fields are masked");
  }
});

endToEnd("COFFER_ADDR: without a choice, run lists the stack's secrets, but for deleted ones", async (coffer) => {
  await coffer.given({ "team/db/password": "pw-value", GONE: "gone-value", TOP: "top-value" });
  await using server = await serve(coffer);
  const client = clientOf(coffer, socketOf(coffer), server.token);
  await (await server.fetch("/v1/dev/data/GONE", { method: "DELETE" })).body?.cancel();
  const run = ["run", "--no-mask", "--stack", "dev", "--", "sh", "-c", "echo $TEAM_DB_PASSWORD $TOP $GONE"];
  assert.equal(await coffer.ok(run, client), "pw-value top-value\n");
  await coffer.fault("USAGE", ["run", "--", "true"], client);
  await coffer.fault("NOT_FOUND", ["run", "--stack", "other", "--", "true"], client);
  const token = await tokenFor(server, 'path "dev/data/*" { capabilities = ["read"] }');
  await coffer.fault("DENIED", run, clientOf(coffer, socketOf(coffer), token));
});

endToEnd("COFFER_ADDR: coffer.toml's optional names may be missing on the server", async (coffer) => {
  await coffer.given({ THERE: "there-value" });
  await using server = await serve(coffer);
  const client = clientOf(coffer, socketOf(coffer), server.token);
  const declared = '[env]\nTHERE = { secret = "THERE" }\nABSENT = { secret = "ABSENT", required = false }\n';
  coffer.file(`${client.cwd}/coffer.toml`, declared);
  const run = ["run", "--no-mask", "--", "sh", "-c", "echo $THERE ${ABSENT-unset}"];
  assert.equal(await coffer.ok(run, client), "there-value unset\n");
});

endToEnd("COFFER_ADDR: what goes wrong has its code, and nothing starts", async (coffer) => {
  await coffer.given({ NAME: "value-of-name" });
  const server = await serve(coffer);
  const client = clientOf(coffer, socketOf(coffer), server.token);
  const get = ["get", "NAME"];
  const missing = await coffer.fault("NOT_FOUND", ["run", "-s", "X", "-s", "Y#f", "-s", "NAME", "--", "true"], client);
  assert.match(missing.message, /X.*Y/s);
  await coffer.fault("NOT_FOUND", ["get", "NAME", "--field", "f"], client);
  await coffer.fault("UNSUPPORTED", ["get", "NAME", "--version", "1"], client);
  await coffer.fault("UNSUPPORTED", ["run", "--watch", "-s", "NAME", "--", "true"], client);
  await coffer.fault("DENIED", get, clientOf(coffer, socketOf(coffer), "s.unknown"));
  const other = await tokenFor(server, 'path "dev/data/OTHER" { capabilities = ["read"] }');
  const denied = await coffer.fault("DENIED", get, clientOf(coffer, socketOf(coffer), other));
  assert.match(denied.message, /NAME/);
  clientOf(coffer, socketOf(coffer), server.token);
  await coffer.ok(["lock"]);
  await coffer.fault("LOCKED", get, client);
  await server[Symbol.asyncDispose]();
  await coffer.fault("UNAVAILABLE", get, client);
  await coffer.fault("UNAVAILABLE", get, { ...client, env: { ...client.env, COFFER_ADDR: "http://127.0.0.1:1" } });
  for (
    const address of ["127.0.0.1:8200", "http://u:p@127.0.0.1:1", "http://127.0.0.1/v1", "ftp://127.0.0.1", "unix:x"]
  ) {
    await coffer.fault("USAGE", get, { ...client, env: { ...client.env, COFFER_ADDR: address } });
  }
  await coffer.fault("DENIED", get, { ...client, env: { ...client.env, COFFER_ADDR: "http://example.com" } });
});

endToEnd("COFFER_ADDR: the token comes from a file that others cannot read, or from COFFER_TOKEN", async (coffer) => {
  await coffer.given({ NAME: "value-of-name" });
  await using server = await serve(coffer);
  const client = clientOf(coffer, socketOf(coffer), server.token);
  const file = client.env["COFFER_TOKEN_FILE"]!;
  const inVariable = { ...client, env: { ...client.env, COFFER_TOKEN_FILE: undefined, COFFER_TOKEN: server.token } };
  assert.equal(await coffer.ok(["get", "NAME"], inVariable), "value-of-name");
  const seen = await coffer.ok(["run", "-s", "NAME", "--", "env"], inVariable);
  assert.ok(!seen.includes(server.token) && !seen.includes("COFFER_"), "the command has no token");
  // A passphrase that is there as well does not make the network go.
  const both = { ...client, env: { ...client.env, COFFER_PASSPHRASE: "another" } };
  assert.equal(await coffer.ok(["get", "NAME"], both), "value-of-name");
  Deno.chmodSync(file, 0o644);
  await coffer.fault("DENIED", ["get", "NAME"], client);
  Deno.chmodSync(file, 0o400);
  assert.equal(await coffer.ok(["get", "NAME"], client), "value-of-name");
  await coffer.fault("NOT_FOUND", ["get", "NAME"], {
    ...client,
    env: { ...client.env, COFFER_TOKEN_FILE: `${file}.no` },
  });
  const none = { ...inVariable, env: { ...inVariable.env, COFFER_TOKEN: undefined } };
  await coffer.fault("DENIED", ["get", "NAME"], none);
  await coffer.fault("DENIED", ["get", "NAME"], { ...none, env: { ...none.env, COFFER_TOKEN: "a\r\nHost: b" } });
});

endToEnd("COFFER_ADDR: over TLS, with an authority that DENO_CERT names", async (coffer) => {
  await coffer.given({ NAME: "value-of-name" });
  const [key, cert] = [`${coffer.temp}/key.pem`, `${coffer.temp}/cert.pem`];
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  const extensions = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
  const made = await new Deno.Command("openssl", {
    args: [...words.split(" "), ...extensions, "-keyout", key, "-out", cert],
    stderr: "null",
  }).output();
  assert.ok(made.success);
  await using server = await serve(coffer, ["--listen", "0", "--tls-cert", cert, "--tls-key", key]);
  const client = clientOf(coffer, server.url!.replace("127.0.0.1", "localhost"), server.token);
  const trusting = { ...client, env: { ...client.env, DENO_CERT: cert } };
  assert.equal(await coffer.ok(["get", "NAME"], trusting), "value-of-name");
  await coffer.fault("UNAVAILABLE", ["get", "NAME"], client);
}, { ...BUNDLE_ONLY, lacking: needs("openssl") });
