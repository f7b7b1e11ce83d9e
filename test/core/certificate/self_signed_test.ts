import assert from "node:assert/strict";
import { connect as connectTls, createServer } from "node:tls";
import { fingerprintOf } from "../../../core/certificate/pem.ts";
import {
  type CertificateRequest,
  isSelfSignedFor,
  makeSelfSigned,
  type SelfSigned,
} from "../../../core/certificate/self_signed.ts";
import { needs } from "../../fixture/coffer_cli.ts";

const DAY_MS = 86_400_000;
const NAMES = ["127.0.0.1", "::1", "coffer.example", "localhost"];
const now = new Date();
const after = (days: number) => new Date(now.getTime() + days * DAY_MS);

const SERVER: CertificateRequest = {
  commonName: "Coffer",
  names: NAMES,
  curve: "P-256",
  isAuthority: false,
  notBefore: after(-1),
  notAfter: after(10),
};
/** As go-plugin makes them. */
const PLUGIN: CertificateRequest = { ...SERVER, commonName: "localhost", curve: "P-521", isAuthority: true };

Deno.test("a self-signed certificate is taken for its names by who trusts it, and by nobody else", async () => {
  const [made, other] = await Promise.all([makeSelfSigned(SERVER), makeSelfSigned(SERVER)]);
  await using server = listen("127.0.0.1", made);
  for (const host of ["localhost", "127.0.0.1"]) {
    assert.equal(await get(`https://${host}:${server.addr.port}/`, made), "ok", host);
    await assert.rejects(get(`https://${host}:${server.addr.port}/`, other), host);
  }
  const elsewhere = await makeSelfSigned({ ...SERVER, names: ["coffer.example", "192.0.2.1"] });
  await using second = listen("127.0.0.1", elsewhere);
  await assert.rejects(get(`https://127.0.0.1:${second.addr.port}/`, elsewhere));
  const late = await makeSelfSigned({ ...SERVER, notAfter: new Date(now.getTime() - 1000) });
  await using third = listen("127.0.0.1", late);
  await assert.rejects(get(`https://127.0.0.1:${third.addr.port}/`, late));
});

Deno.test("both sides of a connection can show self-signed certificates that say that they are authorities", async () => {
  for (const curve of ["P-256", "P-521"] as const) {
    const [plugin, host] = await Promise.all([makeSelfSigned({ ...PLUGIN, curve }), makeSelfSigned(PLUGIN)]);
    const mutual = { cert: plugin.certificate, key: plugin.privateKey, ca: host.certificate, requestCert: true };
    const server = createServer({ ...mutual, rejectUnauthorized: true }, (socket) => socket.end("ok"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const said = await new Promise<string>((resolve, reject) => {
      const own = { cert: host.certificate, key: host.privateKey, ca: plugin.certificate };
      const client = connectTls({ port, host: "127.0.0.1", servername: "localhost", ...own });
      let text = "";
      client.on("data", (bytes: Uint8Array) => text += new TextDecoder().decode(bytes));
      client.on("end", () => resolve(text));
      client.on("error", reject);
    });
    assert.equal(said, "ok");
    await new Promise((resolve) => server.close(resolve));
  }
});

Deno.test("an authority's certificate is not taken for a server's by Deno, which is why a server's says that it is none", async () => {
  const made = await makeSelfSigned({ ...SERVER, isAuthority: true });
  await using server = listen("127.0.0.1", made);
  await assert.rejects(get(`https://localhost:${server.addr.port}/`, made));
});

Deno.test("a kept certificate is fit for the names and the time that it was made for, with its own key", async () => {
  const [made, other] = await Promise.all([makeSelfSigned(SERVER), makeSelfSigned(SERVER)]);
  const isFit = (given: SelfSigned, request = SERVER, from = now, until = after(9)) =>
    isSelfSignedFor(given, request, from, until);
  assert.ok(await isFit(made));
  assert.ok(!await isFit(made, SERVER, now, after(11)));
  assert.ok(!await isFit(made, SERVER, after(-2)));
  assert.ok(!await isFit(made, { ...SERVER, names: [...NAMES, "another"] }));
  assert.ok(!await isFit(made, { ...SERVER, names: NAMES.slice(1) }));
  assert.ok(!await isFit({ ...made, privateKey: other.privateKey }));
  assert.ok(!await isFit({ ...made, privateKey: (await makeSelfSigned(PLUGIN)).privateKey }));
  for (const text of ["", "nonsense", made.certificate.slice(0, 200)]) {
    assert.ok(!await isFit({ ...made, certificate: text }));
    assert.ok(!await isFit({ ...made, privateKey: text }));
  }
  assert.ok(!await isFit({ certificate: made.privateKey, privateKey: made.certificate }));
  const damaged = made.certificate.replace(/^M/m, "N");
  assert.ok(!await isFit({ ...made, certificate: damaged }));
});

Deno.test({
  name: "openssl reads a self-signed certificate as it was meant, and has the same fingerprint",
  ignore: needs("openssl") !== undefined,
  async fn() {
    const { certificate } = await makeSelfSigned(SERVER);
    const text = await openssl(certificate, "x509", "-noout", "-text", "-fingerprint", "-sha256");
    for (
      const part of [
        `sha256 Fingerprint=${fingerprintOf(certificate)}`,
        "CA:FALSE",
        "TLS Web Server Authentication",
        "Digital Signature\n",
        "DNS:coffer.example, DNS:localhost",
        "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
        "ecdsa-with-SHA256",
        "prime256v1",
      ]
    ) assert.ok(text.includes(part), `${part} in ${text}`);
    const authority = await openssl((await makeSelfSigned(PLUGIN)).certificate, "x509", "-noout", "-text");
    for (const part of ["CA:TRUE", "Certificate Sign", "ecdsa-with-SHA512"]) assert.ok(authority.includes(part), part);
  },
});

function listen(hostname: string, { certificate: cert, privateKey: key }: SelfSigned): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname, port: 0, cert, key, onListen() {} }, () => new Response("ok"));
}

async function get(url: string, trusted: SelfSigned): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [trusted.certificate] });
  return await (await fetch(url, { client })).text();
}

async function openssl(input: string, ...args: readonly string[]): Promise<string> {
  const child = new Deno.Command("openssl", { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  return new TextDecoder().decode((await output).stdout);
}
