/**
 * What a request's headers must not be, before anything else is looked at.
 *
 * A server on the loopback interface can be reached by every web page that the user opens (0.0.0.0-day, DNS rebinding
 * as in CVE-2024-28224) and by every container that can be made to fetch an address. A page cannot send a token that it
 * does not know, but it must not get as far as guessing, or as learning that the server is there.
 */
import type { Peer } from "./peer.ts";
import { Refusal } from "./refusal.ts";

/** Names and values together; two tokens and a dozen headers are a tenth of it. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** Names under which a server on this machine is reached, also from a container on it. */
export const LOCAL_HOSTS: readonly string[] = [
  "127.0.0.1",
  "localhost",
  "[::1]",
  "host.docker.internal",
  "host.containers.internal",
];

/** What a proxy adds. The peer's address would be the proxy's then, and so would all of its failures. */
const FORWARDED = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/** A name or an address, with a port or without. Nothing that could be taken for a path, a query or a user. */
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/;

/**
 * @param hosts names besides those of this machine that the server goes by, without a port
 * @throws {Refusal} 400, 403 or 431
 */
export function guardHeaders({ method, url, headers }: Request, peer: Peer, hosts: readonly string[]): void {
  let size = 0;
  for (const [name, value] of headers) size += name.length + value.length;
  if (size > MAX_HEADER_BYTES) throw new Refusal(431, `the headers are larger than ${MAX_HEADER_BYTES} bytes`);
  for (const host of hostsOf(url, headers.get("host"), peer)) guardHost(host, peer, hosts);
  for (const name of FORWARDED) {
    if (headers.has(name)) throw new Refusal(400, "forwarded requests are not answered");
  }
  const site = headers.get("sec-fetch-site");
  if (headers.has("origin") || (site !== null && site !== "none" && site !== "same-origin")) {
    throw new Refusal(403, "requests of web pages are not answered");
  }
  // What a browser asks with before it sends a custom header to another origin.
  if (method === "OPTIONS") throw new Refusal(403, "requests of web pages are not answered");
}

/**
 * The header: Deno makes the URL's host from it, so that the URL tells nothing more. But for HTTP/2, which has
 * `:authority` in its place (RFC 9113 §8.3.1): that is in the URL, and there may be another host in a header beside it.
 */
function hostsOf(url: string, header: string | null, { secure }: Peer): (string | null)[] {
  if (!secure) return [header];
  const authority = /^https:\/\/([^/?#]*)/.exec(url)?.[1] ?? null;
  return header === null ? [authority] : [header, authority];
}

function guardHost(host: string | null, { kind }: Peer, hosts: readonly string[]): void {
  if (host === null && kind === "unix") return;
  const match = HOST.exec(host ?? "");
  if (!match) throw new Refusal(400, "the Host header is missing or is no host");
  if (kind === "unix") return; // no web page can open a socket file, and clients put any name there
  const name = match[1]!.toLowerCase();
  if (!LOCAL_HOSTS.includes(name) && !hosts.includes(name)) {
    throw new Refusal(403, "the Host header is not a name of this server");
  }
}
