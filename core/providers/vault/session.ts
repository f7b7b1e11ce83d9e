/** Requests with a token that is good: got when the first one is sent, renewed in time, replaced when it has ended. */
import { Fault } from "../../fault.ts";
import type { Secret } from "../../secret.ts";
import { objectIn, says, type VaultAnswer } from "./answer.ts";
import { disposeOfAuth, type VaultAuth } from "./config.ts";
import { badToken, noNamespace, notVault } from "./faults.ts";
import { Lease } from "./lease.ts";
import { type Granted, logIn, type LoginMethod, type ReadFile } from "./login.ts";
import type { VaultRequest, VaultServer } from "./server.ts";
import { Slots } from "./slots.ts";

/** What `auth/token/lookup-self` says. */
interface LookedUp {
  /** Left; 0: it does not end. */
  readonly seconds: number;
  readonly ofSeconds: number;
  readonly renewable: boolean;
}

/**
 * Requests on their way. Over HTTP 1 each has a connection, over HTTP 2 they share one. Fewer than the failures after
 * which `coffer serve` answers more slowly: when a token has ended, all of them fail before that is known.
 */
const AT_ONCE = 8;
/** For how long an answer to "is the token good?" holds: for the rest of a batch, mostly. */
const CHECK_MS = 2_000;
const FAREWELL_MS = 2_000;

export class VaultSession implements AsyncDisposable {
  readonly #server: VaultServer;
  readonly #auth: VaultAuth;
  readonly #readFile: ReadFile;
  readonly #now: () => number;
  readonly #slots = new Slots(AT_ONCE);
  #lease: Promise<Lease> | undefined;
  #renewal: Promise<Lease> | undefined;
  #check: { readonly lease: Lease; readonly at: number; readonly isGood: Promise<boolean> } | undefined;

  /**
   * @param server taken over: disposed of with the session
   * @param auth taken over: its secrets are wiped with the session
   * @param now milliseconds since 1970
   */
  constructor(server: VaultServer, auth: VaultAuth, readFile: ReadFile, now: () => number = Date.now) {
    this.#server = server;
    this.#auth = auth;
    this.#readFile = readFile;
    this.#now = now;
  }

  get where(): string {
    return this.#server.where;
  }

  /**
   * Sends a request with the token. An answer 403 is about the request: the token itself is good.
   * @throws {Fault} DENIED when the token, or the login, is refused; else as {@linkcode VaultServer.send}
   */
  send(request: VaultRequest): Promise<VaultAnswer> {
    return this.#slots.in(async () => {
      let lease = await this.#goodLease();
      while (lease.isReplaced) lease = await this.#goodLease(); // since it was handed over
      const answer = await this.#sendWith(lease, request);
      if (answer.status !== 403 || await this.#isGood(lease)) return answer;
      if (this.#auth.method !== "token") return await this.#sendWith(await this.#afterRefusal(lease), request);
      lease.isDead = lease.canLookUp === true;
      throw badToken(this.where);
    });
  }

  /** Sends a request without the token. */
  sendOpenly(request: VaultRequest): Promise<VaultAnswer> {
    return this.#server.send(request);
  }

  /** What is known of the token's life: seconds that are left, 0 for ever. Undefined when it may not look itself up. */
  async life(): Promise<{ readonly seconds: number; readonly renewable: boolean } | undefined> {
    const lease = await this.#goodLease();
    if (lease.canLookUp === false) return undefined;
    const left = lease.left(this.#now());
    return { seconds: left === Infinity ? 0 : Math.floor(left / 1000), renewable: lease.renewable };
  }

  /** Ends a token that a login has got: nobody else knows it, and it would stay in the Vault for its whole life. */
  async [Symbol.asyncDispose](): Promise<void> {
    const lease = await this.#lease?.catch(() => undefined);
    await this.#renewal?.catch(() => undefined);
    if (lease && this.#auth.method !== "token") {
      const signal = AbortSignal.timeout(FAREWELL_MS);
      await this.#sendWith(lease, { method: "POST", path: "auth/token/revoke-self", signal }).catch(() => {});
    }
    lease?.replaced();
    disposeOfAuth(this.#auth);
    this.#server[Symbol.dispose]();
  }

  async #sendWith(lease: Lease, request: VaultRequest): Promise<VaultAnswer> {
    const answer = await lease.use((token) => this.#server.send(request, token));
    if (answer.status !== 403) lease.hasWorked = true;
    return answer;
  }

  /** The token to use now. @throws {Fault} DENIED when it is known that it is not good any more */
  async #goodLease(): Promise<Lease> {
    this.#lease ??= this.#retriable(this.#begin());
    const lease = await this.#lease;
    if (lease.isDead) throw badToken(this.where);
    const canGetMore = lease.renewable || this.#auth.method !== "token";
    if (!lease.isDue(this.#now()) || !canGetMore) return lease;
    this.#renewal ??= this.#renewed(lease).finally(() => this.#renewal = undefined);
    return await this.#renewal;
  }

  /** What fails is tried again by the next one to ask. */
  #retriable(lease: Promise<Lease>): Promise<Lease> {
    lease.catch(() => {
      if (this.#lease === lease) this.#lease = undefined;
    });
    return lease;
  }

  async #begin(): Promise<Lease> {
    const auth = this.#auth;
    if (auth.method !== "token") return await this.#loggedIn(auth);
    const [at, found] = [this.#now(), await this.#lookUp(auth.token)];
    const lease = new Lease(auth.token.copy(), found?.renewable ?? false);
    lease.canLookUp = found !== undefined;
    if (found) lease.extend(at, found.seconds, found.ofSeconds);
    return lease;
  }

  async #loggedIn(auth: LoginMethod): Promise<Lease> {
    const at = this.#now();
    const { token, seconds, renewable } = await logIn(this.#server, auth, this.#readFile);
    const lease = new Lease(token, renewable);
    lease.extend(at, seconds);
    return lease;
  }

  /** With more time, where it can be had; a new token, where the method gives one and the old one can have no more. */
  async #renewed(lease: Lease): Promise<Lease> {
    const at = this.#now();
    const granted = lease.renewable ? await this.#renew(lease) : "refused";
    // Reads may go on where a server cannot write, so nobody is stopped by that as long as there is time left.
    if (granted === "later" && lease.left(at) > 0) {
      lease.postpone(at + lease.left(at) / 2);
      return lease;
    }
    if (typeof granted === "object" && (granted.seconds * 1000 > lease.left(at) || this.#auth.method === "token")) {
      lease.renewable = granted.renewable && granted.seconds * 1000 > lease.left(at);
      lease.extend(at, granted.seconds);
      return lease;
    }
    lease.renewable = false;
    return await this.#replaced(lease);
  }

  async #renew(lease: Lease): Promise<Omit<Granted, "token"> | "refused" | "later"> {
    try {
      const { status, body } = await lease.use((token) =>
        this.#server.send({ method: "POST", path: "auth/token/renew-self", repeatable: true }, token)
      );
      const { lease_duration: seconds, renewable } = objectIn(body, "auth");
      if (status !== 200 || typeof seconds !== "number") return "refused";
      return { seconds, renewable: renewable === true };
    } catch (error) {
      if (error instanceof Fault && error.code === "UNAVAILABLE") return "later";
      throw error;
    }
  }

  /** Another one in its place, where there is a method to log in by. */
  async #replaced(old: Lease): Promise<Lease> {
    if (this.#auth.method === "token") return old;
    this.#lease = this.#retriable(this.#loggedIn(this.#auth));
    try {
      const lease = await this.#lease;
      lease.canLookUp = await lease.use((token) => this.#lookUp(token)) !== undefined;
      return lease;
    } finally {
      old.replaced();
    }
  }

  /** @returns undefined when the token is not good, or may not look itself up */
  async #lookUp(token: Secret): Promise<LookedUp | undefined> {
    const answer = await this.#server.send({ method: "GET", path: "auth/token/lookup-self" }, token);
    if (answer.status === 403) return undefined;
    const { ttl, creation_ttl: ofSeconds, renewable } = objectIn(answer.body, "data");
    if (answer.status === 404 && says(answer, /namespace/i)) throw noNamespace(this.where);
    if (answer.status !== 200 || typeof ttl !== "number") throw notVault(this.where);
    return { seconds: ttl, ofSeconds: typeof ofSeconds === "number" ? ofSeconds : ttl, renewable: renewable === true };
  }

  /**
   * Whether a token that was refused something is good otherwise: a Vault says 403 to both. Asked once for a batch. Of
   * one that may not look itself up it is known only if it has ever been let in; one of a login just came from there.
   */
  async #isGood(lease: Lease): Promise<boolean> {
    if (lease.isReplaced) return false;
    if (lease.canLookUp === false) return lease.hasWorked || this.#auth.method !== "token";
    const at = this.#now();
    if (this.#check?.lease !== lease || at - this.#check.at > CHECK_MS) {
      const isGood = lease.use((token) => this.#lookUp(token)).then((found) => found !== undefined);
      this.#check = { lease, at, isGood };
    }
    return await this.#check.isGood;
  }

  /** One login for all that are refused at the same time. */
  async #afterRefusal(lease: Lease): Promise<Lease> {
    const current = await this.#lease;
    if (current && current !== lease) return current;
    this.#renewal ??= this.#replaced(lease).finally(() => this.#renewal = undefined);
    return await this.#renewal;
  }
}
