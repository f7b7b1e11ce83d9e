/** Connections to a Vault: kept alive, over HTTP 2 where there is TLS, and closed at the end. */
import { Fault } from "../../fault.ts";
import type { Transport } from "./server.ts";

/**
 * @param caCert PEM: trusted besides what the system trusts
 * @throws {Fault} CONFIG when that is no certificate
 */
export function openTransport(origin: string, caCert: string | undefined): Transport {
  const client = clientFor(new URL(origin), caCert);
  return {
    fetch: (url, init) => fetch(url, { ...init, client }),
    [Symbol.dispose]: () => client.close(),
  };
}

function clientFor({ protocol, hostname, port }: URL, caCert: string | undefined): Deno.HttpClient {
  if (protocol === "http:") {
    // HTTP_PROXY holds for the loopback interface as well: a proxy would be told the token of a Vault on this machine.
    const direct = { transport: "tcp", hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) } as const;
    return Deno.createHttpClient({ proxy: direct });
  }
  if (caCert === undefined) return Deno.createHttpClient({});
  if (!/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.test(caCert)) throw noCertificate();
  try {
    return Deno.createHttpClient({ caCerts: [caCert] });
  } catch (error) {
    throw noCertificate(error);
  }
}

function noCertificate(cause?: unknown): Fault {
  return new Fault("CONFIG", "the Vault's ca_cert is no certificate in PEM", {
    hint: "it begins with -----BEGIN CERTIFICATE-----; ca_cert_file names a file that does",
    cause,
  });
}
