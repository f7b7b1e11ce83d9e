/** Secrets in a HashiCorp Vault, an OpenBao, or another Coffer that serves. */
import { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import { missingSecrets } from "../../stack/missing.ts";
import type { VersionInfo } from "../../stack/secret_record.ts";
import type { NewValue } from "../../stack/stack.ts";
import { unsupportedSource } from "../ability.ts";
import { nameOfKey } from "../key_name.ts";
import type {
  ChangeableProvider,
  KvAnswer,
  KvProvider,
  KvRequest,
  ListableProvider,
  ProvidedValue,
  RemovableProvider,
  Source,
  VersionedProvider,
} from "../provider.ts";
import { atOnce } from "./at_once.ts";
import type { VaultPlace } from "./config.ts";
import type { VaultKv } from "./kv.ts";
import { forwardTo } from "./forward.ts";
import { openKv } from "./open_kv.ts";
import type { VaultSession } from "./session.ts";

export class VaultProvider
  implements ChangeableProvider, ListableProvider, RemovableProvider, VersionedProvider, KvProvider {
  readonly #session: VaultSession;
  readonly #place: VaultPlace;
  #kv: Promise<VaultKv> | undefined;

  /** @param session taken over: disposed of with the provider */
  constructor(session: VaultSession, place: VaultPlace) {
    this.#session = session;
    this.#place = place;
  }

  async resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    const names = sources.map((source) =>
      source.kind === "secret" ? nameOfKey(source.hint) : unsupportedSource(source)
    );
    const wanted = [...new Set(names.filter((name) => typeof name === "string"))];
    const found = new Map<SecretName, ProvidedValue | Fault>();
    if (wanted.length > 0) {
      const kv = await this.#engine();
      const results = await atOnce(wanted, (name, signal) => kv.find(name, signal), disposeOf);
      wanted.forEach((name, i) => found.set(name, results[i]!));
    }
    const taken = new Set<SecretName>();
    return names.map((name) => {
      if (name instanceof Fault) return name;
      const result = found.get(name)!;
      if (result instanceof Fault) return result;
      // Each of several that ask for the same has a value of its own to dispose of.
      return taken.has(name) ? { ...result, value: result.value.copy() } : (taken.add(name), result);
    });
  }

  async persist(source: Source, next: NewValue): Promise<number | undefined> {
    if (source.kind !== "secret") throw unsupportedSource(source);
    return await (await this.#engine()).write(nameOfKey(source.hint), next);
  }

  async change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<number | undefined> {
    return await (await this.#engine()).change(name, decide);
  }

  async list(): Promise<SecretName[]> {
    return await (await this.#engine()).list();
  }

  /** A Vault removes one by one: whether all are there is looked at before, and nothing keeps it so meanwhile. */
  async remove(names: readonly SecretName[]): Promise<void> {
    const wanted = [...new Set(names)];
    if (wanted.length === 0) return;
    const kv = await this.#engine();
    const exists = await atOnce(wanted, (name, signal) => kv.exists(name, signal));
    const missing = wanted.filter((_, i) => !exists[i]);
    if (missing.length > 0) throw missingSecrets(missing);
    try {
      await atOnce(wanted, (name, signal) => kv.remove(name, signal));
    } catch (error) {
      if (!(error instanceof Fault) || wanted.length === 1) throw error;
      const message = `${error.message}; of the ${wanted.length} secrets to remove some may be gone`;
      throw new Fault(error.code, message, { hint: "coffer list shows what is left", cause: error });
    }
  }

  async history(name: SecretName): Promise<VersionInfo[]> {
    return await (await this.#engine()).history(name);
  }

  async at(name: SecretName, version?: number): Promise<ProvidedValue> {
    const kv = await this.#engine();
    if (version !== undefined) return await kv.at(name, version);
    const found = await kv.find(name, new AbortController().signal);
    if (found instanceof Fault) throw found;
    return found;
  }

  async rollback(name: SecretName, version: number): Promise<number> {
    return await (await this.#engine()).rollback(name, version);
  }

  async forward(request: KvRequest): Promise<KvAnswer> {
    if ((await this.#engine()).version === 2) return await forwardTo(this.#session, this.#place, request);
    throw new Fault("UNSUPPORTED", "the stack's Vault has version 1 of the KV engine, which has another API", {
      hint: "bao kv enable-versioning, or coffer/resolve",
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session[Symbol.asyncDispose]();
  }

  /** Asks for the engine's version once; again when that did not work. */
  #engine(): Promise<VaultKv> {
    const engine = this.#kv ??= openKv(this.#session, this.#place);
    engine.catch(() => {
      if (this.#kv === engine) this.#kv = undefined;
    });
    return engine;
  }
}

function disposeOf(result: ProvidedValue | Fault): void {
  if (!(result instanceof Fault)) result.value.dispose();
}
