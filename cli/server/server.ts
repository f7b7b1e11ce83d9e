/** A running server: the pieces put together, what it keeps on disk, and when it locks and ends. */
import { AuditLog } from "../../core/audit/audit_log.ts";
import { Fault } from "../../core/fault.ts";
import { replaceFile } from "../../core/store/atomic_file.ts";
import { guardFolder, hostFault } from "../../core/store/file_guard.ts";
import { type App, createApp } from "../../server/app.ts";
import { createAwsAgent } from "../../server/aws_agent.ts";
import type { Dependencies, HostSources } from "../../server/dependencies.ts";
import type { Peer } from "../../server/http/peer.ts";
import { FailureLimiter } from "../../server/rate_limit.ts";
import { WrappedAnswers } from "../../server/wrapping.ts";
import { VERSION } from "../version.ts";
import type { ServerCertificate } from "./certificate.ts";
import type { ServerStatus } from "./client.ts";
import { type Address, listen, type Listener } from "./listener.ts";
import { type ServerLocation, serverLocation } from "./location.ts";
import { answerOwner, OWNER_PATH } from "./owner_api.ts";
import { readState, type ServerState, writeState } from "./state_file.ts";
import type { UnlockedStacks } from "./unlocked_stacks.ts";

/** A day, since timers hold 24.8: one that is set for longer ends at once. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

const TOKEN_HEADERS = ["x-vault-token", "authorization", "x-aws-parameters-secrets-token"];

export interface ServerOptions {
  /** `$COFFER_HOME`. */
  readonly home: string;
  readonly stacks: UnlockedStacks;
  /** Seconds without a request after which the keys are forgotten; undefined: never. */
  readonly idleLockSeconds: number | undefined;
  /** Names besides those of this machine that clients may call the server by. */
  readonly hosts: readonly string[];
  readonly sources: HostSources;
}

/** Where it listens. */
export interface Places {
  readonly addresses: readonly Address[];
  /** Where AWS's agent API is spoken. */
  readonly awsAgent: readonly Address[];
  /** What TCP is listened at with; undefined: without TLS. Called once the user's socket is this server's. */
  readonly certificate: (() => Promise<ServerCertificate>) | undefined;
}

export class Server {
  readonly #options: ServerOptions;
  readonly #location: ServerLocation;
  readonly #state: ServerState;
  readonly #app: App;
  readonly #awsAgent: App;
  readonly #wrappings: WrappedAnswers;
  readonly #audit: AuditLog;
  readonly #listeners: Listener[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #certificate: ServerCertificate | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #lastUse = Date.now();

  /** @throws {Fault} when its state cannot be read, or the audit log not be written */
  constructor(options: ServerOptions) {
    this.#options = options;
    this.#location = serverLocation(options.home);
    makePrivateFolder(options.home);
    makePrivateFolder(this.#location.folder);
    const now = () => Date.now();
    this.#state = readState(this.#location, { now });
    this.#wrappings = new WrappedAnswers(now);
    this.#audit = AuditLog.staying(options.home);
    const dependencies: Dependencies = {
      version: VERSION,
      id: this.#state.id,
      mounts: options.stacks,
      isLocked: () => this.#isLocked,
      lock: () => this.lock(),
      stop: () => this.stop(),
      tokens: this.#state.tokens,
      policies: this.#state.policies,
      wrappings: this.#wrappings,
      failures: new FailureLimiter(now),
      audit: this.#audit,
      sources: options.sources,
      hosts: options.hosts,
      now,
      save: () => Promise.resolve(writeState(this.#location, this.#state)),
    };
    this.#app = createApp(dependencies);
    this.#awsAgent = createAwsAgent(dependencies);
  }

  /**
   * Listens at all addresses, the user's socket first, and then writes the owner's token.
   * @throws {Fault} CONFLICT when somebody listens there already; nothing is listened at then
   */
  async start({ addresses: [socket, ...addresses], awsAgent, certificate }: Places): Promise<void> {
    const handler = (request: Request, peer: Peer) => this.#handle(request, peer);
    try {
      this.#listeners.push(await listen(socket!, handler));
      this.#certificate = await certificate?.();
      for (const address of addresses) this.#listeners.push(await listen(address, handler, this.#certificate));
      const agent = async (request: Request, peer: Peer) => this.#used(request, await this.#awsAgent(request, peer));
      for (const address of awsAgent) this.#listeners.push(await listen(address, agent, this.#certificate));
    } catch (error) {
      await this.#shutdown();
      throw error;
    }
    const { tokens } = this.#state;
    // The last owner's, should the server have been killed, and with it those that it made: `coffer token create` makes
    // orphans, which stay.
    for (const accessor of tokens.accessors()) {
      if (tokens.lookupAccessor(accessor)?.path === OWNER_PATH) tokens.revoke(accessor);
    }
    const { token } = tokens.createRoot();
    using _token = token;
    writeState(this.#location, this.#state);
    // Last: whoever waits for the server waits for this file.
    token.use((bytes) => replaceFile(this.#location.tokenFile, `${this.#location.folder}/.new`, bytes));
    this.#touch();
  }

  /** Where it can be reached. */
  get urls(): string[] {
    return this.#listeners.map(({ url }) => url);
  }

  get certificate(): ServerStatus["certificate"] {
    return this.#certificate ? { file: this.#certificate.file, sha256: this.#certificate.sha256 } : null;
  }

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Forgets the keys. It goes on, and answers that it is sealed. */
  lock(): Promise<void> {
    this.#options.stacks.lock();
    this.#wrappings[Symbol.dispose]();
    return Promise.resolve();
  }

  /** Ends: takes no more requests, finishes those under way, and forgets the keys. */
  stop(): void {
    clearTimeout(this.#idleTimer);
    void this.#shutdown().then(() => this.lock()).then(() => {
      this.#audit[Symbol.dispose]();
      removeIfThere(this.#location.tokenFile);
      this.#ended.resolve();
    });
  }

  get #isLocked(): boolean {
    return this.#options.stacks.list().length === 0;
  }

  async #handle(request: Request, peer: Peer): Promise<Response> {
    const owned = {
      tokens: this.#state.tokens,
      stacks: this.#options.stacks,
      status: () => this.#status(),
      lock: () => this.lock(),
      stop: () => this.stop(),
    };
    const ofOwner = await answerOwner(request, peer, owned);
    // Whoever asks how it is does not use it.
    if (ofOwner) return request.method === "GET" ? ofOwner : this.#used(request, ofOwner);
    return this.#used(request, await this.#app(request, peer));
  }

  /** What is answered to a client keeps it open; whoever has no token, such as a health check, does not. */
  #used({ headers }: Request, response: Response): Response {
    const isClient = TOKEN_HEADERS.some((name) => headers.has(name));
    if (isClient && response.status < 400) this.#touch();
    return response;
  }

  #status(): ServerStatus {
    const { idleLockSeconds, stacks } = this.#options;
    const idle = Math.floor((Date.now() - this.#lastUse) / 1000);
    return {
      version: VERSION,
      pid: Deno.pid,
      locked: this.#isLocked,
      stacks: stacks.list(),
      listeners: this.urls,
      certificate: this.certificate,
      locksIn: idleLockSeconds === undefined || this.#isLocked ? null : Math.max(0, idleLockSeconds - idle),
    };
  }

  /** Somebody who may has used it. */
  #touch(): void {
    this.#lastUse = Date.now();
    const { idleLockSeconds } = this.#options;
    if (idleLockSeconds === undefined || this.#idleTimer !== undefined) return;
    const check = () => {
      const left = this.#lastUse + idleLockSeconds * 1000 - Date.now();
      this.#idleTimer = left > 0 ? setTimeout(check, Math.min(left, LONGEST_WAIT_MS)) : undefined;
      if (left <= 0) void this.lock();
    };
    check();
  }

  async #shutdown(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.shutdown()));
  }
}

function makePrivateFolder(path: string): void {
  try {
    if (!guardFolder(path, "private")) Deno.mkdirSync(path, { mode: 0o700, recursive: true });
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, path);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // removed by hand
  }
}
