/** Who is at the other end of a connection, as the transport tells. */
export interface Peer {
  readonly kind: "unix" | "tcp";
  /** Of a TCP peer: `127.0.0.1`, `::1`. */
  readonly address?: string;
  /** Whether it came over TLS, where clients speak HTTP/2 if they can. */
  readonly secure?: boolean;
}

/** What failures of a peer are counted under. Behind a unix socket all are the same user. */
export function nameOfPeer({ kind, address }: Peer): string {
  return kind === "unix" ? "unix" : address ?? "tcp";
}

export function isLoopback({ kind, address = "" }: Peer): boolean {
  return kind === "tcp" && (address.startsWith("127.") || address === "::1" || address.startsWith("::ffff:127."));
}
