/** References to values, and which of them lead to none. */
import { Fault } from "./fault.ts";
import { fieldOf, textsIn } from "./fields.ts";
import type { SecretName, StackName } from "./name.ts";
import type { ProvidedValue } from "./providers/provider.ts";
import { describeReference, type Reference } from "./reference.ts";
import { Secret } from "./secret.ts";

/** Where secrets are looked up. What is missing is not in the result; throwing means the source itself failed. */
export interface SecretSource {
  find(names: readonly SecretName[]): Promise<Map<SecretName, ProvidedValue>>;
}

/** Values by reference; disposing wipes them all. */
export class Resolved {
  readonly #values: ReadonlyMap<string, Secret>;
  /** What does not exist, by name: secrets, and fields of secrets that do. Each with what it would say alone. */
  readonly missing: ReadonlyMap<string, Fault>;
  readonly #parts: readonly Secret[];

  /** @param parts texts that values with fields contain */
  constructor(
    values: ReadonlyMap<string, Secret>,
    missing: ReadonlyMap<string, Fault> = new Map(),
    parts: readonly Secret[] = [],
  ) {
    this.#values = values;
    this.missing = missing;
    this.#parts = parts;
  }

  /** What must not be seen in an output: every value, and each text in those that have fields. */
  get masked(): readonly Secret[] {
    return [...this.#values.values(), ...this.#parts];
  }

  /** The value of a reference; undefined when it is missing. */
  find(reference: Reference): Secret | undefined {
    return this.#values.get(describeReference(reference));
  }

  /** The value of a reference that is not missing. */
  of(reference: Reference): Secret {
    return this.find(reference)!;
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
 * Looks references up, all or nothing, with one batched call per stack, in parallel.
 * @throws {Fault} NOT_FOUND listing every missing name; whatever a source throws
 */
export async function resolve(
  references: readonly Reference[],
  sourceOf: (stack: StackName | undefined) => Promise<SecretSource>,
): Promise<Resolved> {
  return requireAll(await lookUp(references, sourceOf));
}

/**
 * What nothing is missing from; otherwise its values are wiped.
 * @throws {Fault} NOT_FOUND listing every missing name
 */
export function requireAll(resolved: Resolved): Resolved {
  const [first, ...others] = resolved.missing.values();
  if (!first) return resolved;
  resolved[Symbol.dispose]();
  if (others.length === 0) throw first;
  throw new Fault("NOT_FOUND", `there are no secrets ${[...resolved.missing.keys()].join(", ")}`, { hint: HINT });
}

const HINT = "coffer list shows what there is; coffer set NAME adds one";

/**
 * As {@linkcode resolve}, for callers that can do without some: what is missing is in the result.
 * @throws whatever a source throws
 */
export async function lookUp(
  references: readonly Reference[],
  sourceOf: (stack: StackName | undefined) => Promise<SecretSource>,
): Promise<Resolved> {
  const byStack = Map.groupBy(references, ({ stack }) => stack);
  const found = new Map(
    await Promise.all([...byStack].map(async ([stack, wanted]) => {
      const source = await sourceOf(stack);
      return [stack, await source.find(wanted.map(({ name }) => name))] as const;
    })),
  );
  const values = new Map<string, Secret>();
  const missing = new Map<string, Fault>();
  const parts: Secret[] = [];
  try {
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
    return new Resolved(values, missing, parts);
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
