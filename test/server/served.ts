/** A server in this process, without a port: the app over stacks in memory. */
import type { AuditEntry } from "../../core/audit/entry.ts";
import { Fault } from "../../core/fault.ts";
import { parseStackName, type StackName } from "../../core/name.ts";
import { Secret } from "../../core/secret.ts";
import { createStack } from "../../core/stack/create.ts";
import type { Stack } from "../../core/stack/stack.ts";
import { MemoryStore } from "../../core/store/memory_store.ts";
import { type App, createApp } from "../../server/app.ts";
import type { Dependencies, HostSources } from "../../server/dependencies.ts";
import type { Peer } from "../../server/http/peer.ts";
import { PolicyStore } from "../../server/policies/policy_store.ts";
import { FailureLimiter } from "../../server/rate_limit.ts";
import { TokenStore } from "../../server/tokens/token_store.ts";
import { WrappedAnswers } from "../../server/wrapping.ts";
import { named, PASSPHRASE, QUICK, valueOf } from "../fixture/stack_on_disk.ts";

export const UNIX: Peer = { kind: "unix" };
export const LOOPBACK: Peer = { kind: "tcp", address: "127.0.0.1" };

/** What is sent. */
export interface Sent {
  /** The root's unless given; `null` for none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; text and streams as they are. */
  readonly body?: unknown;
  readonly peer?: Peer;
}

export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is empty. */
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  readonly json: any;
}

export class Served implements Disposable {
  readonly app: App;
  readonly root: string;
  readonly tokens: TokenStore;
  readonly policies = new PolicyStore();
  readonly wrappings: WrappedAnswers;
  /** What the audit log was told. */
  readonly entries: AuditEntry[] = [];
  /** What happens next to the audit log, to saving. */
  auditFails = false;
  saveFails = false;
  saves = 0;
  isLocked = false;
  stops = 0;
  /** Milliseconds since 1970. */
  now = Date.UTC(2026, 0, 31);
  readonly #stacks: ReadonlyMap<StackName, Stack>;

  private constructor(stacks: ReadonlyMap<StackName, Stack>, given: Partial<Dependencies>) {
    this.#stacks = stacks;
    const now = () => this.now;
    this.tokens = new TokenStore({ now });
    this.wrappings = new WrappedAnswers(now);
    const { token } = this.tokens.createRoot();
    this.root = token.revealText();
    this.app = createApp({
      version: "1.2.3",
      id: "00112233-4455-6677-8899-aabbccddeeff",
      mounts: {
        list: () => this.isLocked ? [] : [...stacks.keys()],
        get: (name) => this.isLocked ? undefined : stacks.get(name),
        current: parseStackName("secret"),
        remote: () => Promise.resolve(undefined),
      },
      isLocked: () => this.isLocked,
      lock: () => {
        this.isLocked = true;
        this.wrappings[Symbol.dispose]();
        return Promise.resolve();
      },
      stop: () => void this.stops++,
      tokens: this.tokens,
      policies: this.policies,
      wrappings: this.wrappings,
      failures: new FailureLimiter(now),
      audit: {
        append: (entry) => {
          if (this.auditFails) return Promise.reject(new Fault("UNAVAILABLE", "the audit log cannot be written"));
          this.entries.push(entry);
          return Promise.resolve();
        },
      },
      sources: {} satisfies HostSources,
      hosts: ["coffer.example"],
      now,
      save: () => {
        this.saves++;
        return this.saveFails ? Promise.reject(new Fault("UNAVAILABLE", "the disk is full")) : Promise.resolve();
      },
      ...given,
    });
  }

  /** With stacks, by name, that hold these texts; one empty stack `secret` unless given. */
  static async start(
    stacks: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>> = { secret: {} },
    given: Partial<Dependencies> = {},
  ): Promise<Served> {
    const made = new Map<StackName, Stack>();
    for (const [name, values] of Object.entries(stacks)) {
      const stack = await createStack(new MemoryStore(), Secret.fromText(PASSPHRASE), QUICK);
      for (const [secret, value] of Object.entries(values)) await stack.set(named(secret), valueOf(value));
      made.set(parseStackName(name), stack);
    }
    return new Served(made, given);
  }

  stack(name = "secret"): Stack {
    return this.#stacks.get(parseStackName(name))!;
  }

  /** @param path from `/v1/` on */
  send(method: string, path: string, sent: Sent = {}): Promise<Received> {
    return this.sendTo(`/v1/${path}`, method, sent);
  }

  get(path: string, sent: Sent = {}): Promise<Received> {
    return this.send("GET", path, sent);
  }

  put(path: string, body: unknown, sent: Sent = {}): Promise<Received> {
    return this.send("PUT", path, { ...sent, body });
  }

  /** @param target the whole path, exactly as a client writes it: not as `Request` would tidy it up */
  async sendTo(target: string, method: string, { token = this.root, headers, body, peer = LOOPBACK }: Sent = {}) {
    const given = new Headers({ Host: "127.0.0.1:8200", ...headers });
    if (token !== null) given.set("X-Vault-Token", token);
    if (given.get("Host") === "") given.delete("Host");
    const request = new Request("http://127.0.0.1:8200/", {
      method,
      headers: given,
      ...(body === undefined ? {} : { body: isSentAsItIs(body) ? body : JSON.stringify(body) }),
    });
    Object.defineProperty(request, "url", { value: `http://127.0.0.1:8200${target}` });
    const response = await this.app(request, peer);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text === "" ? undefined : JSON.parse(text),
    };
  }

  /** A token with a policy of this text. */
  async client(policy: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const name = `p${crypto.randomUUID()}`;
    this.policies.write(name, policy);
    const { json } = await this.put("auth/token/create", { policies: [name], ...more });
    return json.auth.client_token;
  }

  [Symbol.dispose](): void {
    for (const stack of this.#stacks.values()) stack.dispose();
    this.wrappings[Symbol.dispose]();
  }
}

function isSentAsItIs(body: unknown): body is string | Uint8Array<ArrayBuffer> | ReadableStream {
  return typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
}
