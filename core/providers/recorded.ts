/** A provider whose accesses are recorded before they take effect, as a stack's are (core/stack/access.ts). */
import { Fault } from "../fault.ts";
import { type AccessKind, type RecordAccess, recorded } from "../stack/access.ts";
import type { SecretName } from "../name.ts";
import { can } from "./ability.ts";
import { nameOfKey } from "./key_name.ts";
import type { Provider, Source } from "./provider.ts";

/**
 * The same provider, with the same abilities. Names of secrets are recorded, and keys as the names that stand for them;
 * of the host's sources it is recorded only that they were read, since their hints may be anything.
 */
export function recordedProvider<P extends Provider>(provider: P, record: RecordAccess): P {
  const about = <T>(kind: AccessKind, names: readonly SecretName[], steps: () => Promise<T>): Promise<T> =>
    recorded(record, kind, async (access) => {
      for (const name of names) access.secrets.set(name, undefined);
      await access.grant();
      return await steps();
    });
  const view: Provider & Partial<Record<string, unknown>> = {
    resolve: (sources) =>
      recorded(record, "read", async (access) => {
        const results = await provider.resolve(sources);
        for (const [i, result] of results.entries()) {
          if (result instanceof Fault) access.missing++;
          else for (const name of namesOf(sources[i]!)) access.secrets.set(name, result.version);
        }
        try {
          await access.grant();
        } catch (error) {
          for (const result of results) if (!(result instanceof Fault)) result.value.dispose();
          throw error;
        }
        return results;
      }),
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
  const abilities = {
    ...(can(provider, "persist") && {
      persist: ((source, next) =>
        about("write", namesOf(source), () =>
          provider.persist(source, next))) satisfies typeof provider.persist,
    }),
    ...(can(provider, "change") && {
      change: ((name, decide) =>
        about("write", [name], () =>
          provider.change(name, decide))) satisfies typeof provider.change,
    }),
    ...(can(provider, "persistAll") && {
      persistAll: ((values) =>
        about("write", [...values.keys()], () =>
          provider.persistAll(values))) satisfies typeof provider.persistAll,
    }),
    ...(can(provider, "list") && { list: () => provider.list() }),
    ...(can(provider, "remove") && {
      remove: ((names) => about("remove", names, () => provider.remove(names))) satisfies typeof provider.remove,
    }),
    ...(can(provider, "history") && {
      history: ((name) => provider.history(name)) satisfies typeof provider.history,
      at: ((name, version) => about("read", [name], () => provider.at(name, version))) satisfies typeof provider.at,
      rollback: ((name, version) =>
        about("write", [name], () =>
          provider.rollback(name, version))) satisfies typeof provider.rollback,
    }),
    // Whoever sends requests on knows what they are about, and records that.
    ...(can(provider, "forward") && {
      forward: ((request) => provider.forward(request)) satisfies typeof provider.forward,
    }),
  };
  return Object.assign(view, abilities) as unknown as P;
}

function namesOf({ kind, hint }: Source): SecretName[] {
  return kind === "secret" ? [nameOfKey(hint)] : [];
}
