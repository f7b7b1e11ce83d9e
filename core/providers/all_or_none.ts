/** Many answers as one: what went wrong with several is told at once. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { ProvidedValue, Provider } from "./provider.ts";

/**
 * Those of several secrets that exist.
 * @throws {Fault} naming all that could not be read for another reason than that they do not exist: then none is returned
 */
export async function findSecrets(
  provider: Provider,
  names: readonly SecretName[],
): Promise<Map<SecretName, ProvidedValue>> {
  const wanted = [...new Set(names)];
  if (wanted.length === 0) return new Map();
  const results = await provider.resolve(wanted.map((name) => ({ kind: "secret", hint: name })));
  const found = new Map<SecretName, ProvidedValue>();
  const failed: Fault[] = [];
  for (const [i, result] of results.entries()) {
    if (!(result instanceof Fault)) found.set(wanted[i]!, result);
    else if (result.code !== "NOT_FOUND") failed.push(result);
  }
  if (failed.length === 0) return found;
  for (const { value } of found.values()) value.dispose();
  throw together(failed);
}

/** Several faults as one, with the code and the hint of the first. */
export function together([first, ...others]: readonly Fault[]): Fault {
  if (others.length === 0) return first!;
  const texts = new Set([first!, ...others].map(({ message }) => message));
  return new Fault(first!.code, [...texts].join("; "), { ...(first!.hint && { hint: first!.hint }), cause: first });
}
