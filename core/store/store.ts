/** Where a stack's documents are kept. A store knows nothing of keys: it holds bytes, whole and durable. */
import type { SecretName } from "../name.ts";
import { type KvName, MAX_KV_FILE_BYTES } from "../seal/kv_file.ts";
import { MAX_PROVIDER_FILE_BYTES } from "../seal/provider_file.ts";
import { MAX_SECRET_FILE_BYTES } from "../seal/secret_file.ts";
import { MAX_STACK_FILE_BYTES } from "../seal/stack_file.ts";

/**
 * A stack consists of one header, one document per secret, and one more for a secret of which more is to be said than
 * its values. Among the latter, one that is no secret's has the stack's own settings. A last one says with whom the
 * secrets are, where they are not here.
 */
export type DocumentId =
  | { readonly kind: "stack" }
  | { readonly kind: "provider" }
  | { readonly kind: "secret"; readonly name: SecretName }
  | { readonly kind: "kv"; readonly name: KvName };

export const STACK_DOCUMENT: DocumentId = { kind: "stack" };
export const PROVIDER_DOCUMENT: DocumentId = { kind: "provider" };

export function secretDocument(name: SecretName): DocumentId {
  return { kind: "secret", name };
}

export function kvDocument(name: KvName): DocumentId {
  return { kind: "kv", name };
}

const LARGEST = {
  stack: MAX_STACK_FILE_BYTES,
  provider: MAX_PROVIDER_FILE_BYTES,
  secret: MAX_SECRET_FILE_BYTES,
  kv: MAX_KV_FILE_BYTES,
} as const;

/** What the format allows (docs/format.md §3, §4, §8, §9); a reader refuses more before it looks at the content. */
export function largestSizeOf(document: DocumentId): number {
  return LARGEST[document.kind];
}

export interface StoredDocument {
  readonly bytes: Uint8Array;
  /** What to call the document in an error: its path, where it has one. */
  readonly where: string;
}

/**
 * Implementations pass the contract suite in `test/contract/store.ts`.
 *
 * All methods throw `Fault`: DENIED when the host refuses or the place is not safe to use, UNAVAILABLE when the host
 * cannot do it now (disk full, lock held too long), CONFIG for a document larger than its format allows.
 */
export interface Store {
  /** The document as last written, never part of one; undefined when there is none. */
  read(document: DocumentId): Promise<StoredDocument | undefined>;
  /** The names of all secrets that have a document of this kind, in code-unit order. */
  list(kind: "secret" | "kv"): Promise<SecretName[]>;
  /**
   * Runs `change` while no other writer, in this process or another, changes the store. All it wrote is durable when
   * the promise resolves. When `change` throws, what it wrote before stays: writes are atomic one by one.
   */
  exclusively<T>(change: (writer: StoreWriter) => Promise<T>): Promise<T>;
}

export interface StoreWriter {
  /**
   * Replaces the document at once and whole. All but a secret's own are durable before the promise resolves, and only
   * after everything before them is: a re-key relies on that order, and so does what changes two documents.
   */
  write(document: DocumentId, bytes: Uint8Array): Promise<void>;
  /** Removes the document, as durably as `write` writes it; does nothing when there is none. */
  remove(document: DocumentId): Promise<void>;
}
