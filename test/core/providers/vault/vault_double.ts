/** A Vault in this process: Coffer's own server over stacks in memory, with what a test puts in front of it. */
import { Secret } from "../../../../core/secret.ts";
import type { VaultAuth, VaultConnection, VaultPlace } from "../../../../core/providers/vault/config.ts";
import { VaultServer } from "../../../../core/providers/vault/server.ts";
import type { Transport } from "../../../../core/providers/vault/server.ts";
import { VaultSession } from "../../../../core/providers/vault/session.ts";
import { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import type { RetryRules } from "../../../../core/providers/vault/retry.ts";
import { LOOPBACK, Served } from "../../../server/served.ts";

/** As it went out; `path` is what follows the origin. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Answers in the place of what is behind; undefined lets a request through. It may also throw, as a network does. */
export type InFront = (request: SentRequest) => Response | undefined | Promise<Response | undefined>;

export interface SessionOptions {
  readonly auth?: VaultAuth;
  readonly connection?: Partial<VaultConnection>;
  readonly retry?: RetryRules;
  readonly readFile?: (path: string) => Promise<Secret>;
  readonly now?: () => number;
}

export const ORIGIN = "http://127.0.0.1:8200";
export const PLACE: VaultPlace = { mount: "secret", prefix: "", kvVersion: undefined };
/** As many attempts as there usually are, without the time in between. */
export const AT_ONCE: RetryRules = { attempts: 5, firstMs: 1 };

export class VaultDouble implements Transport {
  readonly requests: SentRequest[] = [];
  readonly served: Served;
  inFront: InFront = () => undefined;
  closed = 0;

  constructor(served: Served) {
    this.served = served;
  }

  static async start(...given: Parameters<typeof Served.start>): Promise<VaultDouble> {
    return new VaultDouble(await Served.start(...given));
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const { method = "GET", signal } = init;
    const headers = new Headers(init.headers);
    const body = init.body ? new TextDecoder().decode(init.body as Uint8Array) : "";
    const { origin, pathname, search } = new URL(url);
    const request = { method, path: pathname + search, headers, body };
    this.requests.push(request);
    signal?.throwIfAborted();
    const answer = await this.inFront(request);
    if (answer) return answer;
    const forwarded = new Headers([...headers, ["Host", new URL(origin).host]]);
    return await this.served.app(new Request(url, { method, headers: forwarded, ...(body && { body }) }), LOOPBACK);
  }

  /** Requests to a path that begins so. */
  sentTo(method: string, path: string): readonly SentRequest[] {
    return this.requests.filter((request) => request.method === method && request.path.startsWith(`/v1/${path}`));
  }

  session({ auth, connection, retry = AT_ONCE, readFile, now }: SessionOptions = {}): VaultSession {
    const given = { origin: ORIGIN, namespace: undefined, timeoutMs: 10_000, ...connection };
    const noFile = () => Promise.reject(new Error("not asked for"));
    const token = auth ?? { method: "token", token: Secret.fromText(this.served.root) };
    return new VaultSession(new VaultServer(given, this, retry), token, readFile ?? noFile, now);
  }

  provider(place: Partial<VaultPlace> = {}, options: SessionOptions = {}): VaultProvider {
    return new VaultProvider(this.session(options), { ...PLACE, ...place });
  }

  [Symbol.dispose](): void {
    this.closed++;
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

export function tokenAuth(token: string): VaultAuth {
  return { method: "token", token: Secret.fromText(token) };
}
