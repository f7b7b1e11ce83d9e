/** Flags of commands that use secret stores, and of those that use sets. */
import type { Stores } from "../core/config/stores.ts";
import { parseNamespace } from "../core/sets/set.ts";
import type { CommonFlags } from "./command.ts";

export interface StoreFlags extends CommonFlags {
  readonly context?: string;
}

export const storeFlags = {
  context: {
    kind: "parsed",
    parse: String,
    optional: true,
    brief: "The context of the configuration to use",
    placeholder: "name",
  },
} as const;

export interface SetFlags extends StoreFlags {
  readonly namespace?: string;
}

export const setFlags = {
  ...storeFlags,
  namespace: {
    kind: "parsed",
    parse: parseNamespace,
    optional: true,
    brief: "The namespace of the set",
    placeholder: "name",
  },
} as const;

export const setAliases = { n: "namespace" } as const;

/** `--namespace`, else what the configuration or COFFER_NAMESPACE says, else the global one. @throws {Fault} USAGE */
export function namespaceOf({ namespace }: SetFlags, stores: Stores): string {
  return namespace ?? parseNamespace(stores.namespace);
}
