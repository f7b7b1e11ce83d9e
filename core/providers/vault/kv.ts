/** What Coffer does with a KV engine, of either version. */
import type { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import type { VersionInfo } from "../../stack/secret_record.ts";
import type { NewValue } from "../../stack/stack.ts";
import type { ProvidedValue } from "../provider.ts";

export interface VaultKv {
  readonly version: 1 | 2;
  /** @returns a fault that is about this name only: NOT_FOUND, DENIED */
  find(name: SecretName, signal: AbortSignal): Promise<ProvidedValue | Fault>;
  /** @returns the new version's number, where there are versions */
  write(name: SecretName, next: NewValue): Promise<number | undefined>;
  change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<number | undefined>;
  list(): Promise<SecretName[]>;
  /** Whether there is anything of it, also without a value. */
  exists(name: SecretName, signal: AbortSignal): Promise<boolean>;
  remove(name: SecretName, signal: AbortSignal): Promise<void>;
  history(name: SecretName): Promise<VersionInfo[]>;
  at(name: SecretName, version: number): Promise<ProvidedValue>;
  rollback(name: SecretName, version: number): Promise<number>;
}
