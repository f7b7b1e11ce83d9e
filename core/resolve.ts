/** Where values come from to values, and which of them lead to none. */
import { Fault } from "./fault.ts";
import { fieldOf, textsIn } from "./fields.ts";
import type { SecretName, StackName } from "./name.ts";
import { isSource, keyOfOrigin, type Origin } from "./origin.ts";
import { together } from "./providers/all_or_none.ts";
import type { ProvidedValue } from "./providers/provider.ts";
import { describeReference, type Reference } from "./reference.ts";
import { type ProviderOf, resolveSources } from "./resolve_sources.ts";
import { Secret } from "./secret.ts";

/** Where secrets are looked up. What is missing is not in the result; throwing means the source itself failed. */
export interface SecretSource {
  find(names: readonly SecretName[]): Promise<Map<SecretName, ProvidedValue>>;
}

/** Values by where they come from; disposing wipes them all. */
export class Resolved {
  readonly #values: ReadonlyMap<string, Secret>;
  /** What does not exist, by name: secrets, and fields of secrets that do. Each with what it would say alone. */
  readonly missing: ReadonlyMap<string, Fault>;
  /** Sources without a value, by key: whatever the reason. */
  readonly failed: ReadonlyMap<string, Fault>;
  readonly #parts: readonly Secret[];

  /** @param parts texts that values with fields contain */
  constructor(
    values: ReadonlyMap<string, Secret>,
    missing: ReadonlyMap<string, Fault> = new Map(),
    parts: readonly Secret[] = [],
    failed: ReadonlyMap<string, Fault> = new Map(),
  ) {
    this.#values = values;
    this.missing = missing;
    this.failed = failed;
    this.#parts = parts;
  }

  /** What must not be seen in an output: every value, and each text in those that have fields. */
  get masked(): readonly Secret[] {
    return [...this.#values.values(), ...this.#parts];
  }

  /** The value of an origin; undefined when it is missing. */
  find(origin: Origin): Secret | undefined {
    return this.#values.get(keyOfOrigin(origin));
  }

  /** The value of an origin that is not missing. */
  of(origin: Origin): Secret {
    return this.find(origin)!;
  }

  /** Every value once. */
  get values(): readonly Secret[] {
    return [...this.#values.values()];
  }

  [Symbol.dispose](): void {
    for (const value of this.masked) value.dispose();
  }
}

/**
 * Looks origins up, all or nothing, with one batched call per stack and per provider, in parallel.
 * @param providerOf where Porter's sources are resolved; needed only when there are some
 * @throws {Fault} NOT_FOUND listing every missing name; whatever a stack throws; what became of sources
 */
export async function resolve(
  origins: readonly Origin[],
  sourceOf: (stack: StackName | undefined) => Promise<SecretSource>,
  providerOf?: ProviderOf,
): Promise<Resolved> {
  return requireAll(await lookUp(origins, sourceOf, providerOf));
}

/**
 * What nothing is missing from; otherwise its values are wiped.
 * @throws {Fault} NOT_FOUND listing every missing name; what became of sources
 */
export function requireAll(resolved: Resolved): Resolved {
  const missing = missingNames(resolved);
  const faults = [...missing ? [missing] : [], ...resolved.failed.values()];
  if (faults.length === 0) return resolved;
  resolved[Symbol.dispose]();
  throw together(faults);
}

/** One fault for all names that are missing; undefined when none is. */
export function missingNames({ missing }: Resolved): Fault | undefined {
  const [first, ...others] = missing.values();
  if (others.length === 0) return first;
  return new Fault("NOT_FOUND", `there are no secrets ${[...missing.keys()].join(", ")}`, { hint: HINT });
}

const HINT = "coffer list shows what there is; coffer set NAME adds one";

/**
 * As {@linkcode resolve}, for callers that can do without some: what is missing is in the result.
 * @throws whatever a source throws
 */
export async function lookUp(
  origins: readonly Origin[],
  sourceOf: (stack: StackName | undefined) => Promise<SecretSource>,
  providerOf: ProviderOf = () => Promise.reject(new Error("internal error: no sources were expected here")),
): Promise<Resolved> {
  const references = origins.filter((origin): origin is Reference => !isSource(origin));
  const byStack = Map.groupBy(references, ({ stack }) => stack);
  const [provided, ...findings] = await Promise.all([
    resolveSources(origins.filter(isSource), providerOf),
    ...[...byStack].map(async ([stack, wanted]) => {
      const source = await sourceOf(stack);
      return [stack, await source.find(wanted.map(({ name }) => name))] as const;
    }),
  ]);
  const found = new Map(findings);
  const values = new Map<string, Secret>();
  const missing = new Map<string, Fault>();
  const failed = new Map<string, Fault>();
  const parts: Secret[] = [];
  for (const [key, result] of provided) {
    if (result instanceof Fault) failed.set(key, result);
    else values.set(key, result.value);
  }
  try {
    for (const result of provided.values()) if (!(result instanceof Fault)) parts.push(...textsIn(result));
    for (const reference of references) {
      const opened = found.get(reference.stack)!.get(reference.name);
      const key = describeReference(reference);
      const secret = describeReference({ ...reference, field: undefined });
      if (!opened) missing.set(secret, new Fault("NOT_FOUND", `there is no secret ${secret}`, { hint: HINT }));
      else if (!values.has(key)) {
        const value = valueOf(opened, reference);
        if (value instanceof Secret) values.set(key, value);
        else missing.set(key, value);
        if (reference.field === undefined) parts.push(...textsIn(opened));
      }
    }
    return new Resolved(values, missing, parts, failed);
  } catch (error) {
    for (const value of [...values.values(), ...parts]) value.dispose();
    throw error;
  } finally {
    for (const opened of found.values()) for (const { value } of opened.values()) value.dispose();
  }
}

/** The value, or why there is none. */
function valueOf(opened: ProvidedValue, { name, field }: Reference): Secret | Fault {
  if (field === undefined) return opened.value.copy();
  try {
    return fieldOf(opened, field, name);
  } catch (error) {
    if (error instanceof Fault && error.code === "NOT_FOUND") return error;
    throw error;
  }
}
