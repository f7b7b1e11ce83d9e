/** References to values: all of them, or none and one fault that names every missing one. */
import { Fault } from "./fault.ts";
import { fieldOf } from "./fields.ts";
import type { SecretName, StackName } from "./name.ts";
import { describeReference, type Reference } from "./reference.ts";
import type { Secret } from "./secret.ts";
import type { OpenedValue } from "./stack/stack.ts";

/** Where secrets are looked up. What is missing is not in the result; throwing means the source itself failed. */
export interface SecretSource {
  find(names: readonly SecretName[]): Promise<Map<SecretName, OpenedValue>>;
}

/** Values by reference; disposing wipes them all. */
export class Resolved {
  readonly #values: ReadonlyMap<string, Secret>;

  constructor(values: ReadonlyMap<string, Secret>) {
    this.#values = values;
  }

  /** The value of a reference that was resolved. */
  of(reference: Reference): Secret {
    return this.#values.get(describeReference(reference))!;
  }

  /** Every value once. */
  get values(): readonly Secret[] {
    return [...this.#values.values()];
  }

  [Symbol.dispose](): void {
    for (const value of this.#values.values()) value.dispose();
  }
}

/**
 * Looks references up with one batched call per stack, in parallel.
 * @throws {Fault} NOT_FOUND listing every missing name; whatever a source throws
 */
export async function resolve(
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
  const missing = new Set<string>();
  try {
    for (const reference of references) {
      const opened = found.get(reference.stack)!.get(reference.name);
      const key = describeReference(reference);
      if (!opened) missing.add(describeReference({ ...reference, field: undefined }));
      else if (!values.has(key)) values.set(key, valueOf(opened, reference));
    }
    if (missing.size > 0) {
      const names = [...missing].join(", ");
      throw new Fault(
        "NOT_FOUND",
        missing.size === 1 ? `there is no secret ${names}` : `there are no secrets ${names}`,
        {
          hint: "coffer list shows what there is; coffer set NAME adds one",
        },
      );
    }
    return new Resolved(values);
  } catch (error) {
    for (const value of values.values()) value.dispose();
    throw error;
  } finally {
    for (const opened of found.values()) for (const { value } of opened.values()) value.dispose();
  }
}

function valueOf(opened: OpenedValue, { name, field }: Reference): Secret {
  return field === undefined ? opened.value.copy() : fieldOf(opened, field, name);
}
