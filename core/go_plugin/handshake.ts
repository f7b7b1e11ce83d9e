/**
 * The first line that a plugin of HashiCorp's go-plugin prints: where it listens, in which versions it speaks, and, where
 * the host wants both sides to prove who they are (AutoMTLS), its certificate.
 */
import { Fault } from "../fault.ts";
import { decodeBase64, encodeBase64 } from "../seal/base64.ts";

/** No secret: it keeps people from running a plugin by hand. These are Porter's. */
export const COOKIE = { name: "PORTER", value: "bbc2dd71-def4-4311-906e-e98dc27208ce" } as const;

/** What a host tells a plugin in its environment. */
export const VARIABLES = {
  protocolVersions: "PLUGIN_PROTOCOL_VERSIONS",
  minPort: "PLUGIN_MIN_PORT",
  maxPort: "PLUGIN_MAX_PORT",
  /** PEM: with it, the plugin takes nobody else, and shows a certificate of its own. */
  clientCertificate: "PLUGIN_CLIENT_CERT",
  socketFolder: "PLUGIN_UNIX_SOCKET_DIR",
  multiplexing: "PLUGIN_MULTIPLEX_GRPC",
} as const;

const CORE_VERSION = "1";
/** Porter's secrets protocol over gRPC. Version 1 was another one, over net/rpc, without Create. */
export const SECRETS_VERSION = "2";

/** Shorter, it is what older implementations put there, and no certificate: go-plugin's own rule. */
const LEAST_CERTIFICATE_CHARACTERS = 50;
/** The plugin is on this machine. */
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):\d{1,5}$/;

export interface Handshake {
  readonly address: { readonly network: "unix" | "tcp"; readonly address: string };
  /** DER; undefined without AutoMTLS. */
  readonly certificate: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * The line for a plugin that listens at a socket, without its end.
 * @param asksForMultiplexing whether the host has asked whether everything can go through one connection. Older hosts take
 * what follows the certificate for a part of it, so that no answer is given where nobody has asked.
 */
export function formatHandshake(socket: string, certificate: Uint8Array | undefined, asksForMultiplexing: boolean) {
  const encoded = certificate === undefined ? "" : encodeBase64(certificate).replace(/=+$/, "");
  const fields = [CORE_VERSION, SECRETS_VERSION, "unix", socket, "grpc", encoded];
  return [...fields, ...asksForMultiplexing ? ["true"] : []].join("|");
}

/**
 * @param what what to call the plugin in errors
 * @throws {Fault} CONFIG when this is no plugin for secrets, or one in another version of the protocol
 */
export function parseHandshake(line: string, what: string): Handshake {
  const [core, version, network, address, protocol, certificate = ""] = line.split("|");
  if (address === undefined) {
    throw new Fault("CONFIG", `${what} printed something else than where it listens`, {
      hint: "the first line on stdout has to be go-plugin's: is it a plugin, and does it log to stderr?",
    });
  }
  if (core !== CORE_VERSION) throw wrongVersion(what, "go-plugin", core!, CORE_VERSION);
  if (version !== SECRETS_VERSION) throw wrongVersion(what, "the secrets protocol", version!, SECRETS_VERSION);
  if (protocol !== "grpc") {
    throw new Fault("CONFIG", `${what} does not speak gRPC`, { hint: "install a version for Porter 1.0 or later" });
  }
  if (!(network === "unix" && address.startsWith("/")) && !(network === "tcp" && LOOPBACK.test(address))) {
    throw new Fault("CONFIG", `${what} listens at no place of this machine's`, {
      hint: "a plugin has to listen at a unix socket, or on the loopback",
    });
  }
  return { address: { network, address }, certificate: certificateIn(certificate, what) };
}

function certificateIn(field: string, what: string): Uint8Array<ArrayBuffer> | undefined {
  if (field.length <= LEAST_CERTIFICATE_CHARACTERS) return undefined;
  const der = decodeBase64(field.padEnd(Math.ceil(field.length / 4) * 4, "="));
  if (der) return der;
  throw new Fault("CONFIG", `${what} shows a certificate that is none`);
}

function wrongVersion(what: string, protocol: string, found: string, wanted: string): Fault {
  const version = /^\d{1,9}$/.test(found) ? `version ${found}` : "no version";
  return new Fault("CONFIG", `${what} speaks ${version} of ${protocol}, not ${wanted}`, {
    hint: "install a version of it that is for this one",
  });
}
