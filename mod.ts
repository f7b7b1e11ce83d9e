/**
 * Coffer as a library: seal, open and read stacks of secrets.
 *
 * Everything here but {@linkcode FileStore} and {@linkcode Project} needs only Web platform APIs, and so runs in Deno,
 * Node, browsers and edge runtimes; those two use Deno's file system.
 *
 * ```ts
 * import { createStack, LockedStack, MemoryStore, parseSecretName, Secret } from "@coffer/coffer";
 * import { strict as assert } from "node:assert";
 *
 * const store = new MemoryStore();
 * const password = parseSecretName("db/password");
 *
 * // Seal. The work factor is the cost of guessing; 17 is the default, 10 keeps this example quick.
 * {
 *   using stack = await createStack(store, Secret.fromText("correct horse battery staple"), { logN: 10 });
 *   using value = Secret.fromText("hunter2");
 *   await stack.set(password, { value, type: "bytes" });
 * }
 *
 * // Names need no passphrase; values do.
 * const locked = await LockedStack.load(store);
 * assert.deepEqual(await locked.list(), ["db/password"]);
 * using stack = await locked.unlock(Secret.fromText("correct horse battery staple"));
 * const { value, version } = await stack.get(password);
 * assert.equal(`${value}`, "[secret]");
 * assert.equal(value.revealText(), "hunter2");
 * assert.equal(version, 1);
 * ```
 *
 * @module
 */
export { EXIT, Fault, type FaultCode, type FaultDetail } from "./core/fault.ts";
export { fieldOf, parseFieldName, withField } from "./core/fields.ts";
export { LEAST_MASKED_BYTES, MASK, type MaskedStream, Masker } from "./core/mask/masker.ts";
export {
  type EnvName,
  envNameOf,
  isSecretName,
  parseEnvName,
  parseSecretName,
  parseStackName,
  type SecretName,
  type StackName,
} from "./core/name.ts";
export type { Origin } from "./core/origin.ts";
export { can, requireAbility } from "./core/providers/ability.ts";
export { findSecrets } from "./core/providers/all_or_none.ts";
export { type ProviderConfig, type ProviderKind, readConfig, type Surroundings } from "./core/providers/kind.ts";
export { MemoryProvider } from "./core/providers/memory.ts";
export type {
  BulkProvider,
  ChangeableProvider,
  ListableProvider,
  ProvidedValue,
  Provider,
  RemovableProvider,
  Source,
  SourceKind,
  VersionedProvider,
  WritableProvider,
} from "./core/providers/provider.ts";
export { SealedProvider } from "./core/providers/sealed.ts";
export { isReference, parseReference, parseTemplate, type Reference, type Template } from "./core/reference.ts";
export { resolve, Resolved, type SecretSource } from "./core/resolve.ts";
export type { ProviderOf } from "./core/resolve_sources.ts";
export type { ValueType } from "./core/seal/secret_file.ts";
export type { StackHeader } from "./core/seal/stack_file.ts";
export { Secret } from "./core/secret.ts";
export { type CreateOptions, createStack } from "./core/stack/create.ts";
export { CasFault, type CasReason } from "./core/stack/kv/cas_fault.ts";
export { kvDataOf } from "./core/stack/kv/data.ts";
export {
  KvEngine,
  type KvGone,
  type KvPresent,
  type KvSubkeys,
  type KvWriteOptions,
  type KvWritten,
} from "./core/stack/kv/engine.ts";
export type {
  KvMetadata,
  KvMetadataChange,
  KvMetadataPatch,
  KvSettings,
  KvVersion,
  KvVersionState,
} from "./core/stack/kv/metadata.ts";
export { LockedStack } from "./core/stack/locked_stack.ts";
export type { Access, AccessInProgress, AccessKind, RecordAccess } from "./core/stack/access.ts";
export { changePassphrase } from "./core/stack/passphrase.ts";
export { Project } from "./core/stack/project.ts";
export { rekey } from "./core/stack/rekey.ts";
export type { VersionInfo } from "./core/stack/secret_record.ts";
export { type NewValue, type OpenedValue, Stack } from "./core/stack/stack.ts";
export { type Verdict, verify } from "./core/stack/verify.ts";
export { FileStore } from "./core/store/file_store.ts";
export { MemoryStore } from "./core/store/memory_store.ts";
export {
  type DocumentId,
  kvDocument,
  secretDocument,
  STACK_DOCUMENT,
  type Store,
  type StoredDocument,
  type StoreWriter,
} from "./core/store/store.ts";
