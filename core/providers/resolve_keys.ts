/** Porter's keys, among which may be fields of secrets. */
import { Fault } from "../fault.ts";
import { fieldOf } from "../fields.ts";
import { isSecretName } from "../name.ts";
import type { ProvidedValue, Provider, Source } from "./provider.ts";

/** What a name and a field are together. A field has a name as a segment of a secret's has. */
const WITH_FIELD = /^([^#]+)#([A-Za-z0-9_][A-Za-z0-9._-]{0,254})$/;

/**
 * As `Provider.resolve`. But a key of a secret that does not exist, and has the form `name#field`, is that field of that
 * secret; one that does exist is itself, since Porter makes keys of what bundles call their parameters.
 */
export async function resolveKeys(
  provider: Provider,
  sources: readonly Source[],
): Promise<(ProvidedValue | Fault)[]> {
  const results = await provider.resolve(sources);
  const fields = results.flatMap((result, at) => {
    const { kind, hint } = sources[at]!;
    const [, name, field] = kind === "secret" ? WITH_FIELD.exec(hint) ?? [] : [];
    const isMissing = result instanceof Fault && result.code === "NOT_FOUND";
    return isMissing && name !== undefined && isSecretName(name) ? [{ at, name, field: field! }] : [];
  });
  if (fields.length === 0) return results;
  let owners: (ProvidedValue | Fault)[];
  try {
    owners = await provider.resolve(fields.map(({ name }) => ({ kind: "secret", hint: name })));
  } catch (error) {
    for (const result of results) if (!(result instanceof Fault)) result.value.dispose();
    throw error;
  }
  for (const [i, { at, name, field }] of fields.entries()) results[at] = fieldIn(owners[i]!, field, name);
  return results;
}

function fieldIn(owner: ProvidedValue | Fault, field: string, name: string): ProvidedValue | Fault {
  if (owner instanceof Fault) return owner;
  using _owner = owner.value;
  try {
    return { ...owner, value: fieldOf(owner, field, name), type: "bytes" };
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
