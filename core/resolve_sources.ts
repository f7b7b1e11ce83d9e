/** Porter's sources to values. Every one is tried, whatever becomes of the others. */
import { Fault } from "./fault.ts";
import { keyOfOrigin } from "./origin.ts";
import type { ProvidedValue, Provider, Source, SourceKind } from "./providers/provider.ts";
import { resolveKeys } from "./providers/resolve_keys.ts";

/** The provider that resolves a kind of source; the same object for kinds that have the same. */
export type ProviderOf = (kind: SourceKind) => Promise<Provider>;

/**
 * Asks each provider once, all at the same time.
 * @returns for each source, by its key, its value, or why it has none: also when the provider as a whole failed
 */
export async function resolveSources(
  sources: readonly Source[],
  providerOf: ProviderOf,
): Promise<Map<string, ProvidedValue | Fault>> {
  const results = new Map<string, ProvidedValue | Fault>();
  const distinct = [...new Map(sources.map((source) => [keyOfOrigin(source), source])).values()];
  const byProvider = new Map<Provider, Source[]>();
  for (const [kind, ofKind] of Map.groupBy(distinct, ({ kind }) => kind)) {
    try {
      const provider = await providerOf(kind);
      byProvider.set(provider, [...byProvider.get(provider) ?? [], ...ofKind]);
    } catch (error) {
      failAll(ofKind, error, results);
    }
  }
  await Promise.all([...byProvider].map(async ([provider, wanted]) => {
    try {
      const answers = await resolveKeys(provider, wanted);
      for (const [i, source] of wanted.entries()) results.set(keyOfOrigin(source), answers[i]!);
    } catch (error) {
      failAll(wanted, error, results);
    }
  }));
  return results;
}

/** @throws what is no fault: a bug, or a person who has had enough */
function failAll(sources: readonly Source[], error: unknown, results: Map<string, ProvidedValue | Fault>): void {
  if (!(error instanceof Fault)) throw error;
  for (const source of sources) results.set(keyOfOrigin(source), error);
}
