/** Who sends a request: whose token it carries. */
import { Fault } from "../core/fault.ts";
import { Secret } from "../core/secret.ts";
import { nameOfPeer } from "./http/peer.ts";
import { permissionDenied, Refusal } from "./http/refusal.ts";
import type { Access } from "./routes/route.ts";
import { type Client, type Requested, Session } from "./session.ts";

/** Longer than any token; nothing longer is hashed. */
const MAX_TOKEN_LENGTH = 256;

/**
 * The token of a request: `X-Vault-Token`, or `Authorization: Bearer`. Both are headers that a web page cannot send to
 * another origin without asking first.
 */
export function tokenOf(headers: Headers): Secret | undefined {
  const given = headers.get("x-vault-token") || /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return given ? Secret.fromText(given.slice(0, MAX_TOKEN_LENGTH + 1)) : undefined;
}

/**
 * @throws {Refusal} 403 when there is no such token, 400 where it should have been a wrapping token; 429 when its sender
 * has failed too often lately. A token that there is passes in any case.
 */
export async function authenticate(request: Requested, access: Access | undefined): Promise<Session> {
  if (access === "anyone") return new Session(request, "nobody");
  if (access === "wrapping" && isWrapping(request)) return new Session(request, "wrapping token");
  const client = await clientOf(request);
  if (client) return new Session(request, client);
  const wait = request.server.failures.fail(nameOfPeer(request.peer));
  if (wait !== undefined) {
    throw new Refusal(429, "too many failed authentications", { headers: { "Retry-After": String(wait) } });
  }
  await new Session(request, "nobody").record({ kind: "authenticate", operation: "request", outcome: "DENIED" });
  // Whoever finds a wrapping token used up has to learn that it is that, and not some right that is missing.
  throw access === "wrapping" && request.token ? invalidWrappingToken() : permissionDenied();
}

async function clientOf({ server, token }: Requested): Promise<Client | undefined> {
  if (!token || token.size > MAX_TOKEN_LENGTH) return undefined;
  const info = server.tokens.use(token);
  if (!info) {
    server.wrappings.revoke(token); // whoever uses it for something else is not the one that it is meant for
    return undefined;
  }
  if (info.numUses !== 0) await server.save(); // a use is used up also if the server ends now
  return { token, info, acl: server.policies.aclOf(info.policies) };
}

function invalidWrappingToken(): Refusal {
  return new Refusal(400, "wrapping token is not valid or does not exist");
}

function isWrapping({ server, token }: Requested): boolean {
  if (!token || token.size > MAX_TOKEN_LENGTH) return false;
  try {
    server.wrappings.lookup(token);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === "USAGE") return false;
    throw error;
  }
}
