/**
 * A provider whose values are kept for a while, sealed, for when it cannot be reached (`UNAVAILABLE`): nothing else is
 * a reason to hand out an older value. Asked to stay offline, it is not asked at all.
 */
import { Fault } from "../../fault.ts";
import { isSecretName, type SecretName } from "../../name.ts";
import { can } from "../ability.ts";
import { nameOfKey } from "../key_name.ts";
import type { ProvidedValue, Provider, Source } from "../provider.ts";
import { type CacheFile, notCached } from "./cache_file.ts";
import type { CacheEntries } from "./entries.ts";

export interface CacheOptions {
  /** How long a value may be handed out after it was fetched. */
  readonly seconds: number;
  readonly offline: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Tells the user that what was handed out is from the cache. */
  warn(text: string): void;
}

/** The same provider, with the same abilities. */
export function cachedProvider<P extends Provider>(provider: P, cache: CacheFile, options: CacheOptions): P {
  const isFresh = (fetched: number) => {
    const age = options.now() - fetched;
    return age >= 0 && age <= options.seconds * 1000; // one from the future is of no known age
  };
  const writing = <T>(names: readonly SecretName[], steps: () => Promise<T>): Promise<T> => {
    if (options.offline) {
      const hint = "leave --offline out";
      return Promise.reject(new Fault("UNAVAILABLE", "nothing can be changed offline", { hint }));
    }
    // Before: should we be killed in between, an old value must not outlive the new one.
    return cache.change((entries) => forget(entries, names)).then(steps);
  };
  const reading = async <T>(ask: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
    if (options.offline) return await otherwise();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "UNAVAILABLE") throw error;
      const fromCache = await otherwise().catch(() => {
        throw error;
      });
      options.warn(`${error.message}: what was fetched before is used instead`);
      return fromCache;
    }
  };
  const view: Provider = {
    resolve: (sources) =>
      reading(async () => {
        const results = await provider.resolve(sources);
        await cache.change((entries) => keep(entries, sources, results, options.now()));
        return results;
      }, async () => {
        using entries = await cache.read();
        return takeFrom(entries, sources, isFresh);
      }),
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
  const abilities = {
    ...(can(provider, "persist") && {
      persist: ((source, next) =>
        writing(namesOf(source), () =>
          provider.persist(source, next))) satisfies typeof provider.persist,
    }),
    ...(can(provider, "change") && {
      change: ((name, decide) => writing([name], () => provider.change(name, decide))) satisfies typeof provider.change,
    }),
    ...(can(provider, "persistAll") && {
      persistAll: ((values) =>
        writing([...values.keys()], () =>
          provider.persistAll(values))) satisfies typeof provider.persistAll,
    }),
    ...(can(provider, "list") && {
      list: () =>
        reading(async () => {
          const names = await provider.list();
          await cache.change((entries) => entries.listed = { names, fetched: options.now() });
          return names;
        }, async () => {
          using entries = await cache.read();
          if (!entries.listed || !isFresh(entries.listed.fetched)) throw notCached("the list of secrets");
          return [...entries.listed.names];
        }),
    }),
    ...(can(provider, "remove") && {
      remove: ((names) => writing(names, () => provider.remove(names))) satisfies typeof provider.remove,
    }),
    ...(can(provider, "history") && {
      history: ((name) => online(options, () => provider.history(name))) satisfies typeof provider.history,
      at: ((name, version) => online(options, () => provider.at(name, version))) satisfies typeof provider.at,
      rollback: ((name, version) =>
        writing([name], () => provider.rollback(name, version))) satisfies typeof provider.rollback,
    }),
    ...(can(provider, "forward") && {
      forward: ((request) => {
        const isRead = request.method === "GET" || request.method === "LIST";
        const names = isSecretName(request.name) ? [request.name] : [];
        return isRead
          ? online(options, () => provider.forward(request))
          : writing(names, () => provider.forward(request));
      }) satisfies typeof provider.forward,
    }),
  };
  return Object.assign(view, abilities) as unknown as P;
}

/** Older versions are not kept. */
async function online<T>({ offline }: CacheOptions, steps: () => Promise<T>): Promise<T> {
  if (offline) throw notCached("what is known of older versions");
  return await steps();
}

function keep(
  entries: CacheEntries,
  sources: readonly Source[],
  results: readonly (ProvidedValue | Fault)[],
  fetched: number,
): void {
  for (const [i, result] of results.entries()) {
    for (const name of namesOf(sources[i]!)) {
      if (!(result instanceof Fault)) entries.keep(name, { ...result, value: result.value.copy(), fetched });
      else if (result.code === "NOT_FOUND" || result.code === "DENIED") entries.forget(name);
    }
  }
}

/** All of them: a part alone would look like the whole. */
function takeFrom(
  entries: CacheEntries,
  sources: readonly Source[],
  isFresh: (fetched: number) => boolean,
): ProvidedValue[] {
  const missing: string[] = [];
  const taken = sources.map((source) => {
    const [name] = namesOf(source);
    const cached = name && entries.values.get(name);
    if (cached && isFresh(cached.fetched)) return cached;
    missing.push(name ?? source.kind);
    return undefined;
  });
  if (missing.length > 0) throw notCached(missing.join(", "));
  return taken.map((cached) => {
    const { fetched: _, ...value } = cached!;
    return { ...value, value: value.value.copy() };
  });
}

function forget(entries: CacheEntries, names: readonly SecretName[]): void {
  for (const name of names) entries.forget(name);
  entries.listed = undefined;
}

function namesOf({ kind, hint }: Source): SecretName[] {
  return kind === "secret" ? [nameOfKey(hint)] : [];
}
