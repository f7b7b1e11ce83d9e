/** Certificates: which are trusted, and what is said of one that is not. */
import assert from "node:assert/strict";
import type { ProviderConfig } from "../../../../core/providers/kind.ts";
import { readVaultConfig } from "../../../../core/providers/vault/config.ts";
import { openVault } from "../../../../core/providers/vault/vault.ts";
import { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { type Certificates, makeCertificates, NO_OPENSSL } from "../../../fixture/certificates.ts";
import { temporaryFolder } from "../../../fixture/temporary_folder.ts";
import { startBaoDevServer } from "../../../fixture/openbao.ts";
import { codeOf, persist, secret, textOf } from "../../../contract/provider.ts";
import { withBao } from "./bao_place.ts";
import { LOOPBACK, Served } from "../../../server/served.ts";

function withTls(name: string, test: (tls: Listener) => Promise<void>): void {
  Deno.test({
    name: `${name}${NO_OPENSSL ? ` (ignored: ${NO_OPENSSL})` : ""}`,
    ignore: NO_OPENSSL !== undefined,
    async fn() {
      await using listener = await Listener.start();
      await test(listener);
    },
  });
}

/** A server behind TLS, on a port. */
class Listener implements AsyncDisposable {
  readonly folder = temporaryFolder();
  readonly certificates: Certificates;
  readonly served: Served;
  /** Ports of clients: one for each connection. */
  readonly connections = new Set<number>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  static async start(): Promise<Listener> {
    const values = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`name-${i}`, `value ${i}`]));
    return new Listener(await Served.start({ secret: values }));
  }

  private constructor(served: Served) {
    this.served = served;
    this.certificates = makeCertificates(this.folder.path);
    const [cert, key] = [this.certificates.certificate, this.certificates.key].map((path) =>
      Deno.readTextFileSync(path)
    );
    const options = { hostname: "127.0.0.1", port: 0, cert: cert!, key: key!, onListen() {} };
    this.#server = Deno.serve(options, (request, { remoteAddr }) => {
      this.connections.add((remoteAddr as Deno.NetAddr).port);
      return served.app(withHost(request), LOOPBACK);
    });
  }

  get url(): string {
    return `https://127.0.0.1:${this.#server.addr.port}`;
  }

  async provider(config: ProviderConfig = {}): Promise<VaultProvider> {
    const parsed = readVaultConfig({ url: this.url, token: this.served.root, ...config });
    return new VaultProvider(await openVault(parsed, { cwd: this.folder.path }), parsed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    this.served[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

/** HTTP 2 has it in another place. What is tested here only reads. */
function withHost({ url, headers }: Request): Request {
  return new Request(url, { headers: new Headers([...headers, ["Host", new URL(url).host]]) });
}

withTls("a certificate of an authority that is named is trusted, from a file or as text", async (tls) => {
  const { authority } = tls.certificates;
  const ways = [{ ca_cert_file: authority }, { ca_cert_file: "ca.pem" }, { ca_cert: Deno.readTextFileSync(authority) }];
  for (const way of ways) {
    await using provider = await tls.provider(way);
    assert.equal(await textOf(provider, "name-7"), "value 7");
  }
});

withTls("a certificate that nobody vouches for is refused, and no token sent", async (tls) => {
  using other = temporaryFolder();
  for (const config of [{}, { ca_cert_file: makeCertificates(other.path).authority }]) {
    await using provider = await tls.provider(config);
    const { hint } = await assertFault("UNAVAILABLE", () => provider.resolve([secret("name-7")]));
    assert.match(hint!, /ca_cert_file/);
  }
  assert.equal(tls.connections.size, 0);
});

withTls("a certificate for another name is refused", async (tls) => {
  using other = temporaryFolder();
  const { authority, certificate, key } = makeCertificates(other.path, "DNS:vault.example");
  const [cert, itsKey] = [certificate, key].map((path) => Deno.readTextFileSync(path));
  const options = { hostname: "127.0.0.1", port: 0, cert: cert!, key: itsKey!, onListen() {} };
  let requests = 0;
  await using server = Deno.serve(options, () => (requests++, new Response("{}")));
  await using provider = await tls.provider({
    url: `https://127.0.0.1:${server.addr.port}`,
    ca_cert_file: authority,
  });
  const { hint } = await assertFault("UNAVAILABLE", () => provider.resolve([secret("a")]));
  assert.match(hint!, /ca_cert_file/);
  assert.equal(requests, 0);
});

withTls("many names are resolved over one connection", async (tls) => {
  await using provider = await tls.provider({ ca_cert_file: "ca.pem" });
  const results = await provider.resolve(Array.from({ length: 200 }, (_, i) => secret(`name-${i}`)));
  assert.deepEqual(results.map(codeOf), Array(200).fill("ok"));
  assert.equal(tls.connections.size, 1);
});

withBao("OpenBao behind its own certificate", async () => {
  await using bao = await startBaoDevServer("tls");
  const config = { url: bao.address, token: bao.token };
  const open = async (more: ProviderConfig) => {
    const parsed = readVaultConfig({ ...config, ...more });
    return new VaultProvider(await openVault(parsed, { cwd: "/" }), parsed);
  };
  await using provider = await open({ ca_cert_file: bao.authority });
  await persist(provider, "name", "value");
  assert.equal(await textOf(provider, "name"), "value");
  await using without = await open({});
  await assertFault("UNAVAILABLE", () => without.resolve([secret("name")]));
});
