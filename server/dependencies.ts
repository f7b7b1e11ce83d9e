/** What the server is made of. Whoever starts it (`coffer serve`) puts the pieces together; tests put others. */
import type { AuditTrail } from "../core/audit/entry.ts";
import type { StackName } from "../core/name.ts";
import type { Provider } from "../core/providers/provider.ts";
import type { Secret } from "../core/secret.ts";
import type { Stack } from "../core/stack/stack.ts";
import type { PolicyStore } from "./policies/policy_store.ts";
import type { FailureLimiter } from "./rate_limit.ts";
import type { TokenStore } from "./tokens/token_store.ts";
import type { WrappedAnswers } from "./wrapping.ts";

/** The stacks that are served, each under its name as Vault serves its engines. */
export interface Mounts {
  /** Those that are unlocked, sorted. None while the server is locked. */
  list(): readonly StackName[];
  /** The same object each time: what was opened is kept with it. */
  get(stack: StackName): Stack | undefined;
  /** The one that `coffer:///name` means. */
  readonly current: StackName;
  /**
   * The provider that a stack's secrets are with; undefined: they are in the stack itself. Asked for each request: one may
   * be registered at any time.
   */
  remote(stack: StackName): Promise<Provider | undefined>;
}

/** Porter's sources that reach into the host. Each that is not there is refused. */
export interface HostSources {
  readonly env?: ReadSource;
  readonly path?: ReadSource;
  readonly command?: ReadSource;
}

/** @throws {Fault} with any code when there is no value */
export type ReadSource = (value: string) => Promise<Secret>;

export interface Dependencies {
  /** Coffer's, as `coffer version` says it. */
  readonly version: string;
  /** Tells this server from others: a UUID, the same as long as its state is kept. */
  readonly id: string;
  readonly mounts: Mounts;
  /** Locked: the keys are gone, and nothing but the server's condition is answered. */
  isLocked(): boolean;
  /** Forgets all keys. */
  lock(): Promise<void>;
  /** Ends the server once this request has been answered. */
  stop(): void;
  readonly tokens: TokenStore;
  readonly policies: PolicyStore;
  readonly wrappings: WrappedAnswers;
  readonly failures: FailureLimiter;
  readonly audit: AuditTrail;
  readonly sources: HostSources;
  /** Names that the server goes by besides those of this machine, in lower case, for the Host header. */
  readonly hosts: readonly string[];
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Keeps what has changed of tokens, policies and wrappings; no answer tells of a change before.
   * @throws {Fault} when it cannot
   */
  save(): Promise<void>;
}
