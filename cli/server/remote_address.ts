/** `COFFER_ADDR`: where the server is that a client asks instead of opening stacks, and the way there. */
import { Fault } from "../../core/fault.ts";
import { readFileBytes } from "../input.ts";
import { isLoopbackName } from "./listener.ts";

/** How containers call the machine that they run on. */
const HOST_OF_CONTAINERS = ["host.docker.internal", "host.containers.internal"];
const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

export type RemoteAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number }
  | {
    readonly kind: "tls";
    readonly hostname: string;
    readonly port: number;
    /** PEM of what is trusted besides the authorities that are known to the system. */
    readonly trusted: string | undefined;
  };

const MAX_PEM_BYTES = 1024 * 1024;

/**
 * `unix:///PATH`, `https://HOST[:PORT]`, or `http://HOST[:PORT]` of this machine.
 * @param trusted `COFFER_CACERT`: the file of the certificate that is trusted, a server's own or an authority's
 * @throws {Fault} USAGE when it is something else; DENIED when the token would cross a network unencrypted; NOT_FOUND or
 * CONFIG when there is no certificate in the file
 */
export function parseRemoteAddress(text: string, trusted?: string): RemoteAddress {
  const path = /^unix:(?:\/\/)?(\/.+)$/.exec(text)?.[1];
  if (path) return { kind: "unix", path };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const port = PORTS[url?.protocol ?? ""];
  if (!url || port === undefined || url.href !== `${url.origin}/`) {
    throw new Fault("USAGE", "COFFER_ADDR is no address of a server", {
      hint: "COFFER_ADDR=unix:///run/coffer/socket, http://127.0.0.1:8200 or https://coffer.example:8200",
    });
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "http:" && !isLoopbackName(hostname) && !HOST_OF_CONTAINERS.includes(hostname)) {
    throw new Fault("DENIED", "COFFER_ADDR would send the token and all values over the network unencrypted", {
      hint: "use https:// there; http:// is for this machine",
    });
  }
  const place = { hostname, port: Number(url.port || port) };
  if (url.protocol === "http:") return { kind: "tcp", ...place };
  return { kind: "tls", ...place, trusted: trusted ? readCertificates(trusted) : undefined };
}

function readCertificates(file: string): string {
  const text = new TextDecoder().decode(readFileBytes(file, MAX_PEM_BYTES));
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new Fault("CONFIG", `there is no certificate in ${file}`, {
    hint: "COFFER_CACERT names a PEM file: a server's own certificate is the one that coffer status shows there",
  });
}

/** @throws {Fault} UNAVAILABLE when nobody answers there; DENIED for a socket of another user */
export async function connect(address: RemoteAddress): Promise<Deno.Conn> {
  try {
    if (address.kind === "unix") return await Deno.connect({ transport: "unix", path: address.path });
    const { hostname, port } = address;
    if (address.kind === "tcp") return await Deno.connect({ hostname, port });
    const caCerts = address.trusted === undefined ? [] : [address.trusted];
    const connection = await Deno.connectTls({ hostname, port, caCerts });
    await connection.handshake(); // here, where it is known what fails
    return connection;
  } catch (error) {
    throw unreachable(address, error);
  }
}

function unreachable(address: RemoteAddress, cause: unknown): Fault {
  if (address.kind === "unix" && cause instanceof Deno.errors.PermissionDenied) {
    return new Fault("DENIED", `the system refuses access to ${address.path}`, {
      hint: "a server's socket is for the user who started it: run as that user, also in a container",
      cause,
    });
  }
  const place = address.kind === "unix" ? address.path : `${address.hostname}:${address.port}`;
  return new Fault("UNAVAILABLE", `no server can be reached at ${place}`, {
    hint: address.kind === "tls"
      ? "is it running there, with a certificate that is trusted here? COFFER_CACERT names a file of one to trust"
      : "start one there with coffer serve --listen, or correct COFFER_ADDR",
    cause,
  });
}
