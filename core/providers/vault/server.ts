/** A Vault as it is seen over HTTP: requests with their time, their size and their repetition. */
import { Fault } from "../../fault.ts";
import type { Secret } from "../../secret.ts";
import { says, type VaultAnswer } from "./answer.ts";
import { readBody } from "./body.ts";
import type { VaultConnection } from "./config.ts";
import { notVault, sealedVault } from "./faults.ts";
import { leaderIn } from "./redirect.ts";
import { type Failure, RETRY, type RetryRules, secondsOf, waitMs } from "./retry.ts";

/** Connections: closed when it is disposed of. */
export interface Transport extends Disposable {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export interface VaultRequest {
  readonly method: "GET" | "LIST" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/v1/`; of characters that mean nothing in a URL. */
  readonly path: string;
  readonly query?: string;
  /** The text of a JSON object; borrowed. */
  readonly body?: Secret;
  /** Whether twice is the same as once, as it is with everything that only reads. */
  readonly repeatable?: boolean;
  /** Of the Vault as a whole: sent outside of all namespaces. */
  readonly isGlobal?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The one kind of PATCH that a Vault knows. */
const MERGE_PATCH = "application/merge-patch+json";
/** A switch of leaders may take a client from one to the next. */
const MOST_HOPS = 2;
/** Statuses that say "later": too many requests, not there yet on this replica, and whatever is the server's fault. */
const isLater = (status: number) => status === 412 || status === 429 || status >= 500;

export class VaultServer implements Disposable {
  /** For errors. */
  readonly where: string;
  readonly #origin: string;
  /** Where requests go: the leader's once a standby has sent us there. */
  #active: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #namespace: string | undefined;
  readonly #timeoutMs: number;
  readonly #transport: Transport;
  readonly #retry: RetryRules;

  /** @param transport taken over: disposed of with the server */
  constructor(
    { origin, namespace, timeoutMs }: Pick<VaultConnection, "origin" | "namespace" | "timeoutMs">,
    transport: Transport,
    retry: RetryRules = RETRY,
  ) {
    this.#origin = this.#active = origin;
    this.where = `the Vault at ${origin}`;
    this.#namespace = namespace;
    this.#headers = { "X-Vault-Request": "true" };
    this.#timeoutMs = timeoutMs;
    this.#transport = transport;
    this.#retry = retry;
  }

  /**
   * Sends a request, again where that may help and can do no harm.
   * @returns the answer, unless the server is to blame for it
   * @throws {Fault} UNAVAILABLE, or LOCKED when it is sealed
   */
  async send(request: VaultRequest, token?: Secret): Promise<VaultAnswer> {
    let isRepeated = false;
    for (let attempt = 1;; attempt++) {
      const outcome = await this.#attempt(request, token);
      if ("status" in outcome) return { ...outcome, isRepeated };
      const wait = waitMs(attempt, outcome, isRepeatable(request), this.#retry);
      if (wait === undefined) throw this.#asFault(request, outcome);
      isRepeated ||= outcome.executed === "maybe";
      this.#active = this.#origin;
      await sleep(wait, request.signal);
    }
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  async #attempt(request: VaultRequest, token: Secret | undefined): Promise<Omit<VaultAnswer, "isRepeated"> | Failure> {
    request.signal?.throwIfAborted();
    const late = AbortSignal.timeout(this.#timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, late]) : late;
    try {
      const response = await this.#exchange(request, token, signal);
      if (!response) return { fault: this.#strayRedirect(), executed: "no", isFinal: true };
      const body = await readBody(response, this.where);
      return this.#outcome(response, body);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof Fault) return { fault: error, executed: "maybe", isFinal: true };
      return this.#unreachable(error, late.aborted);
    }
  }

  /** One request, and where a standby sends it on to. @returns undefined for a redirect that is not followed */
  async #exchange(
    request: VaultRequest,
    token: Secret | undefined,
    signal: AbortSignal,
  ): Promise<Response | undefined> {
    for (let hop = 0; hop <= MOST_HOPS; hop++) {
      const url = `${this.#active}/v1/${request.path}${request.query ? `?${request.query}` : ""}`;
      const body = request.body?.reveal();
      try {
        const response = await this.#transport.fetch(url, {
          method: request.method,
          headers: this.#headersOf(request, token),
          redirect: "manual",
          signal,
          ...(body && { body }),
        });
        if (response.type !== "opaqueredirect" && (response.status < 300 || response.status > 399)) return response;
        await response.body?.cancel();
        const leader = await leaderIn(response, url, (origin) => this.#leaderOf(origin, signal));
        if (leader === undefined) return undefined;
        this.#active = leader;
      } finally {
        body?.fill(0);
      }
    }
    return undefined;
  }

  #headersOf({ method, body, isGlobal }: VaultRequest, token: Secret | undefined): Record<string, string> {
    return {
      ...this.#headers,
      ...(this.#namespace !== undefined && !isGlobal && { "X-Vault-Namespace": this.#namespace }),
      ...(token && { "X-Vault-Token": token.revealText() }),
      ...(body && { "Content-Type": method === "PATCH" ? MERGE_PATCH : "application/json" }),
    };
  }

  /** Where a server says that its leader is. Asked without the token. */
  async #leaderOf(origin: string, signal: AbortSignal): Promise<string | undefined> {
    const response = await this.#transport.fetch(`${origin}/v1/sys/leader`, {
      headers: this.#headers,
      redirect: "manual",
      signal,
    });
    const body = await readBody(response, this.where);
    const address = response.ok ? body?.leader_address : undefined;
    return typeof address === "string" ? address : undefined;
  }

  #outcome({ status, headers }: Response, body: VaultAnswer["body"] | undefined) {
    const answer = { status, body: body ?? {} };
    if (says(answer, /\bsealed\b/i) && status === 503) {
      return { fault: sealedVault(this.where), executed: "no", isFinal: true } satisfies Failure;
    }
    // A version 2 engine that was just made says so to every request for some milliseconds.
    const isUpgrading = status === 400 && says(answer, /upgrading from non-versioned/i);
    if (isUpgrading || isLater(status)) {
      const what = status === 429 ? "answers that there are too many requests" : `cannot answer now (${status})`;
      const fault = new Fault("UNAVAILABLE", `${this.where} ${what}`, { hint: "try again later" });
      const executed = isUpgrading || status === 412 || status === 429 ? "no" : "maybe";
      return { fault, executed, retryAfter: secondsOf(headers.get("retry-after")) } satisfies Failure;
    }
    // A proxy's own words may well be what is too large for it.
    if (body === undefined && status !== 413) {
      return { fault: notVault(this.where), executed: "maybe", isFinal: true } satisfies Failure;
    }
    return answer;
  }

  #unreachable(error: unknown, isLate: boolean): Failure {
    // Deno says in the cause how far it came; elsewhere nothing is known.
    const details = String((error as { cause?: { message?: unknown } }).cause?.message ?? "");
    if (/invalid peer certificate/.test(details)) {
      const fault = new Fault("UNAVAILABLE", `the certificate of ${this.where} is none that is trusted here`, {
        hint: "name the certificate that signed it with ca_cert_file, and the server as its certificate does in url",
        cause: error,
      });
      return { fault, executed: "no", isFinal: true };
    }
    const what = isLate ? `does not answer within ${this.#timeoutMs / 1000} s` : "cannot be reached";
    const fault = new Fault("UNAVAILABLE", `${this.where} ${what}`, {
      hint: "check url, and that it runs: bao status, or vault status",
      cause: error,
    });
    return { fault, executed: /client error \(Connect\)/.test(details) ? "no" : "maybe", isLate };
  }

  /** What is not known to be undone may be done. */
  #asFault(request: VaultRequest, { fault, executed }: Failure): Fault {
    if (isRepeatable(request) || executed === "no") return fault;
    return new Fault(fault.code, `${fault.message}; whether it has done what it was asked to is not known`, {
      ...(fault.hint && { hint: fault.hint }),
      cause: fault.cause,
    });
  }

  #strayRedirect(): Fault {
    return new Fault("UNAVAILABLE", `${this.where} redirects to somewhere else, where the token is not sent to`, {
      hint: "if a Vault is there, name that address in url",
    });
  }
}

function isRepeatable({ method, repeatable = false }: VaultRequest): boolean {
  return repeatable || method === "GET" || method === "LIST";
}

/** @throws when it is aborted meanwhile */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
