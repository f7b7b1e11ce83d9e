import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs, type RunOptions } from "../fixture/coffer_cli.ts";
import { type CofferServer, serve } from "../fixture/coffer_server.ts";
import { close, connectTo, send } from "../fixture/raw_http.ts";
import { openBao } from "../fixture/openbao.ts";

const VALUE = "value-over-tls";
const REMOTE = ["--allow-remote", "--listen", "0.0.0.0:0"];
const BAO = await openBao();

const folderOf = (coffer: Coffer) => `${coffer.home}/.coffer/server`;
const certificateOf = (coffer: Coffer) => `${folderOf(coffer)}/tls-cert.pem`;
/** As one of the names that the certificate is for. */
const urlOf = (server: CofferServer, host = "localhost") => server.url!.replace("0.0.0.0", host);

endToEnd("coffer serve --allow-remote makes a certificate, which its clients can be told to trust", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer, REMOTE);
  assert.match(server.url!, /^https:/);
  const folder = folderOf(coffer);
  const modes = [folder, certificateOf(coffer), `${folder}/tls-key.pem`].map(modeOf);
  assert.deepEqual(modes, [0o700, 0o600, 0o600]);

  for (const host of ["localhost", "127.0.0.1"]) {
    const client = clientOf(coffer, urlOf(server, host), server.token, certificateOf(coffer));
    assert.equal(await coffer.ok(["get", "NAME"], client), VALUE, host);
    const run = ["run", "-s", "NAME", "--", "sh", "-c", "echo ${#NAME} $NAME; env | grep -c COFFER_"];
    assert.equal((await coffer.run(run, client)).text, `${VALUE.length} *******\n0\n`);
  }

  const status = await coffer.json(["status"]) as { certificate: { file: string; sha256: string } };
  assert.equal(status.certificate.file, certificateOf(coffer));
  assert.match(status.certificate.sha256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.ok((await coffer.ok(["status"])).includes(status.certificate.sha256));
});

endToEnd("COFFER_ADDR: a server with a certificate that is not trusted gets no token", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  let other: string;
  {
    await using _other = await serve(coffer, REMOTE);
    other = coffer.file(`${coffer.temp}/other.pem`, Deno.readFileSync(certificateOf(coffer)));
  }
  for (const name of ["tls-cert", "tls-key"]) Deno.removeSync(`${folderOf(coffer)}/${name}.pem`);
  await using server = await serve(coffer, REMOTE);
  const get = ["get", "NAME"];
  await coffer.fault("UNAVAILABLE", get, clientOf(coffer, urlOf(server), server.token, other));
  await coffer.fault("UNAVAILABLE", get, clientOf(coffer, urlOf(server), server.token, undefined));
  const nowhere = `${coffer.temp}/nowhere.pem`;
  await coffer.fault("NOT_FOUND", get, clientOf(coffer, urlOf(server), server.token, nowhere));
  const empty = coffer.file(`${coffer.temp}/empty.pem`, "");
  await coffer.fault("CONFIG", get, clientOf(coffer, urlOf(server), server.token, empty));
  const trusted = clientOf(coffer, urlOf(server), server.token, certificateOf(coffer));
  assert.equal(await coffer.ok(get, trusted), VALUE);
}, BUNDLE_ONLY);

endToEnd(
  "coffer serve keeps its certificate until its names change, and goes by no key that others can read",
  async (coffer) => {
    await coffer.given({ NAME: VALUE });
    const shown = async (...args: string[]) => {
      await using _server = await serve(coffer, [...REMOTE, ...args]);
      return ["tls-cert.pem", "tls-key.pem"].map((name) => Deno.readTextFileSync(`${folderOf(coffer)}/${name}`));
    };
    const first = await shown();
    assert.deepEqual(await shown(), first);
    const renamed = await shown("--host", "coffer.example", "--host", "[fd00::1]");
    assert.ok(renamed[0] !== first[0] && renamed[1] !== first[1]);
    assert.deepEqual(await shown("--host", "FD00::1", "--host", "coffer.example"), renamed);
    // What a writer left that was killed between the two files.
    Deno.writeTextFileSync(`${folderOf(coffer)}/tls-key.pem`, first[1]!);
    assert.notDeepEqual((await shown("--host", "coffer.example", "--host", "fd00::1"))[0], renamed[0]);
    Deno.chmodSync(`${folderOf(coffer)}/tls-key.pem`, 0o640);
    await coffer.fault("DENIED", ["serve", ...REMOTE]);
  },
  BUNDLE_ONLY,
);

endToEnd("coffer serve takes a certificate and its key, and refuses what is none", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  {
    await using _server = await serve(coffer, REMOTE);
  }
  const [cert, key] = ["tls-cert.pem", "tls-key.pem"].map((name) =>
    coffer.file(`${coffer.temp}/${name}`, Deno.readFileSync(`${folderOf(coffer)}/${name}`))
  ) as [string, string];
  Deno.removeSync(certificateOf(coffer));
  {
    await using server = await serve(coffer, [...REMOTE, "--tls-cert", cert, "--tls-key", key]);
    const client = clientOf(coffer, urlOf(server), server.token, cert);
    assert.equal(await coffer.ok(["get", "NAME"], client), VALUE);
    const { certificate } = await coffer.json(["status"]) as { certificate: { file: string } };
    assert.equal(certificate.file, cert);
  }
  assert.throws(() => Deno.lstatSync(certificateOf(coffer)), Deno.errors.NotFound);
  const garbage = coffer.file(`${coffer.temp}/garbage.pem`, "garbage");
  {
    await using _server = await serve(coffer, REMOTE);
  }
  const anotherKey = `${folderOf(coffer)}/tls-key.pem`;
  for (const pair of [[garbage, key], [cert, garbage], [key, cert], [cert, anotherKey]] as const) {
    await coffer.fault("CONFIG", ["serve", ...REMOTE, "--tls-cert", pair[0], "--tls-key", pair[1]]);
  }
  await coffer.fault("NOT_FOUND", ["serve", ...REMOTE, "--tls-cert", `${cert}.no`, "--tls-key", key]);
  await coffer.fault("USAGE", ["serve", ...REMOTE, "--tls-cert", cert]);
  for (const host of ["coffer.example:8200", "http://coffer.example", "a b", "ü.example", ""]) {
    await coffer.fault("USAGE", ["serve", ...REMOTE, "--host", host]);
  }
}, BUNDLE_ONLY);

endToEnd("curl trusts the certificate that coffer serve makes when it is given it", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer, REMOTE);
  const trust = ["--cacert", certificateOf(coffer)];
  for (const host of ["localhost", "127.0.0.1"]) {
    const answer = await curl(urlOf(server, host), server.token, trust);
    assert.equal(JSON.parse(answer.text).data.data.value, VALUE, host);
  }
  const refused = await curl(urlOf(server), server.token, []);
  assert.deepEqual([refused.code, refused.text], [60, ""]);
}, { ...BUNDLE_ONLY, lacking: needs("curl") });

endToEnd(
  "coffer serve is called by the names that it listens at and was given, over HTTP/2 as well",
  async (coffer) => {
    await coffer.given({ NAME: VALUE });
    const args = [
      "--allow-remote",
      "--listen",
      "127.0.0.2:0",
      "--host",
      "coffer.example",
      "--aws-agent",
      "127.0.0.2:0",
    ];
    await using server = await serve(coffer, args);
    const { listeners } = await coffer.json(["status"]) as { listeners: string[] };
    const options = ["--cacert", certificateOf(coffer), "--write-out", "%{http_code}", "--output", "/dev/null"];
    for (const version of ["--http1.1", "--http2"]) {
      const statuses = [];
      for (const host of ["127.0.0.2", "coffer.example", "coffer.example:8200", "evil.example"]) {
        const { text } = await curl(server.url!, server.token, [...options, version, "--header", `Host: ${host}`]);
        statuses.push(text);
      }
      assert.deepEqual(statuses, ["200", "200", "200", "403"], version);
    }
    assert.match(listeners[2]!, /^https:/);
    const ofAgent = await curl(listeners[2]!, server.token, ["--cacert", certificateOf(coffer)], "ping");
    assert.equal(ofAgent.text, "healthy");
  },
  { ...BUNDLE_ONLY, lacking: needs("curl") },
);

endToEnd("coffer serve answers over TLS beside clients that never finish their handshake", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer, REMOTE);
  const url = urlOf(server, "127.0.0.1");
  const slow = await Promise.all(Array.from({ length: 200 }, () => connectTo(url.replace("https", "http"))));
  try {
    // The first bytes of a record that promises more.
    await Promise.all(slow.map((connection, i) => i % 2 === 0 ? send(connection, "\x16\x03\x01\x02\x00") : undefined));
    using client = Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(certificateOf(coffer))] });
    for (let i = 0; i < 20; i++) {
      const headers = { "X-Vault-Token": server.token };
      const answer = await fetch(`${url}/v1/dev/data/NAME`, { client, headers, signal: AbortSignal.timeout(5000) });
      assert.equal((await answer.json()).data.data.value, VALUE);
    }
  } finally {
    slow.forEach(close);
  }
}, BUNDLE_ONLY);

endToEnd("Vault's own client trusts it by VAULT_CACERT", async (coffer) => {
  await coffer.given({ NAME: VALUE });
  await using server = await serve(coffer, REMOTE);
  const kvGet = async (trusted: Record<string, string>) => {
    const { code, stdout } = await new Deno.Command(BAO.path!, {
      args: ["kv", "get", "-field=value", "dev/NAME"],
      clearEnv: true,
      env: { HOME: coffer.temp, VAULT_ADDR: urlOf(server), VAULT_TOKEN: server.token, ...trusted },
    }).output();
    return [code, new TextDecoder().decode(stdout)];
  };
  assert.deepEqual(await kvGet({ VAULT_CACERT: certificateOf(coffer) }), [0, VALUE]);
  assert.deepEqual(await kvGet({}), [2, ""]);
}, { ...BUNDLE_ONLY, lacking: BAO.lacking });

function clientOf(coffer: Coffer, address: string, token: string, trusted: string | undefined): RunOptions {
  const tokenFile = coffer.file(`${coffer.root}/client/token`, token);
  const variables = { COFFER_ADDR: address, COFFER_TOKEN_FILE: tokenFile, COFFER_CACERT: trusted };
  return {
    cwd: `${coffer.root}/client`,
    env: { HOME: `${coffer.root}/client`, COFFER_PASSPHRASE: undefined, ...variables },
  };
}

async function curl(
  url: string,
  token: string,
  args: readonly string[],
  path = "v1/dev/data/NAME",
): Promise<{ code: number; text: string }> {
  const { code, stdout } = await new Deno.Command("curl", {
    args: ["--silent", ...args, "--header", `X-Vault-Token: ${token}`, `${url}/${path}`],
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

function modeOf(path: string): number {
  return Deno.lstatSync(path).mode! & 0o777;
}
