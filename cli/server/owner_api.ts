/**
 * What only the owner may do, by the socket and with the owner's token: what the command line asks of a running server.
 * A key is handed out whole, so that every command works on the stack's files as it does without a server; it is the
 * owner's own, and never leaves by TCP.
 */
import { Fault } from "../../core/fault.ts";
import { parseStackName } from "../../core/name.ts";
import { encodeBase64 } from "../../core/seal/base64.ts";
import { Secret } from "../../core/secret.ts";
import type { Peer } from "../../server/http/peer.ts";
import type { TokenStore } from "../../server/tokens/token_store.ts";
import type { ServerStatus } from "./client.ts";
import type { UnlockedStacks } from "./unlocked_stacks.ts";

/** What the token store says of the owner's token's origin. */
export const OWNER_PATH = "auth/token/root";

const PREFIX = "/v1/coffer/owner/";
const MAX_BODY_BYTES = 64 * 1024;

export interface Owned {
  readonly tokens: TokenStore;
  readonly stacks: UnlockedStacks;
  status(): ServerStatus;
  lock(): Promise<void>;
  stop(): void;
}

/** Answers what is the owner's to ask; undefined: it is something else. */
export async function answerOwner(request: Request, peer: Peer, owned: Owned): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith(PREFIX)) return undefined;
  if (peer.kind !== "unix" || !isOwner(request, owned.tokens)) return refusal(403, "permission denied");
  try {
    return await answer(`${request.method} ${pathname.slice(PREFIX.length)}`, request, owned);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, hint } = error;
    return Response.json({ error: { code, message, hint } }, { status: 400 });
  }
}

/** Not by its policies: tokens that the owner made have them too, those of one run among them. */
function isOwner(request: Request, tokens: TokenStore): boolean {
  const header = request.headers.get("x-vault-token");
  if (!header) return false;
  using token = Secret.fromText(header);
  return tokens.lookup(token)?.path === OWNER_PATH;
}

async function answer(operation: string, request: Request, owned: Owned): Promise<Response> {
  switch (operation) {
    case "GET status":
      return Response.json(owned.status());
    case "POST key": {
      const { id } = await bodyOf(request, ["id"]);
      const key = owned.stacks.keyOf(id);
      if (!key) return refusal(404, "no such stack is unlocked");
      return Response.json({ kek: encodeBase64(key.kek), parameters: key.parameters });
    }
    case "POST unlock": {
      const { name, project, passphrase } = await bodyOf(request, ["name", "project", "passphrase"]);
      using secret = Secret.fromText(passphrase);
      await owned.stacks.unlock(parseStackName(name), project, secret);
      return new Response(null, { status: 204 });
    }
    case "POST lock":
      await owned.lock();
      return new Response(null, { status: 204 });
    case "POST stop":
      owned.stop();
      return new Response(null, { status: 204 });
    default:
      return refusal(404, "there is no such operation");
  }
}

async function bodyOf<K extends string>(request: Request, members: readonly K[]): Promise<Record<K, string>> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > MAX_BODY_BYTES) throw new Fault("USAGE", "the request is too large");
  const body = parse(bytes);
  bytes.fill(0);
  const isWhole = typeof body === "object" && body !== null &&
    members.every((member) => typeof (body as Record<string, unknown>)[member] === "string");
  if (!isWhole) throw new Fault("USAGE", `the request wants ${members.join(", ")}`);
  return body as Record<K, string>;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function refusal(status: number, message: string): Response {
  return Response.json({ errors: [message] }, { status });
}
