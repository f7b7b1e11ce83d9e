/** What the server keeps over a restart: its id, the hashes of its tokens, and its policies. No token, no key. */
import { Fault } from "../../core/fault.ts";
import { replaceFile, syncFolder } from "../../core/store/atomic_file.ts";
import { readGuarded } from "../../core/store/file_guard.ts";
import { PolicyStore } from "../../server/policies/policy_store.ts";
import { TokenStore, type TokenStoreOptions } from "../../server/tokens/token_store.ts";
import type { ServerLocation } from "./location.ts";

const MAX_BYTES = 64 * 1024 * 1024;

export interface ServerState {
  readonly id: string;
  readonly tokens: TokenStore;
  readonly policies: PolicyStore;
}

/** @throws {Fault} CONFIG when the file does not parse; DENIED when others can read it */
export function readState({ stateFile }: ServerLocation, options: TokenStoreOptions): ServerState {
  const bytes = readGuarded(stateFile, "private", MAX_BYTES);
  if (!bytes) return { id: crypto.randomUUID(), tokens: new TokenStore(options), policies: new PolicyStore() };
  try {
    const { id, tokens, policies } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof id !== "string") throw new TypeError("no id");
    return { id, tokens: TokenStore.fromState(tokens, options), policies: PolicyStore.fromState(policies) };
  } catch (cause) {
    throw new Fault("CONFIG", `${stateFile} cannot be parsed`, {
      hint: `rm ${stateFile}: clients then need new tokens, and policies have to be written again`,
      cause,
    });
  }
}

/** Whole or not at all. @throws {Fault} UNAVAILABLE when it cannot be written */
export function writeState({ folder, stateFile }: ServerLocation, { id, tokens, policies }: ServerState): void {
  const state = { id, tokens: tokens.toState(), policies: policies.toState() };
  replaceFile(stateFile, `${folder}/.new`, new TextEncoder().encode(`${JSON.stringify(state)}\n`));
  syncFolder(folder);
}
