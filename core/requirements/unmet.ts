/** One fault for everything that a command needs and does not have. */
import { Fault } from "../fault.ts";
import { parseNameOrReference } from "../reference.ts";
import type { Check } from "./check.ts";

/**
 * NOT_FOUND naming every missing and every invalid name, CONFIG when nothing is missing; undefined when all is well.
 * @param where what to call the project file in the hint
 */
export function unmetRequirements(checks: readonly Check[], where: string): Fault | undefined {
  const missing = checks.filter(({ status }) => status === "missing");
  const invalid = checks.filter(({ status }) => status === "invalid");
  const parts = [
    ...missing.length > 0 ? [`missing: ${missing.map(describeMissing).join(", ")}`] : [],
    ...invalid.length > 0 ? [`not valid: ${invalid.map(({ name, rule }) => `${name} (${rule})`).join(", ")}`] : [],
  ];
  const first = missing[0] ?? invalid[0];
  if (!first) return undefined;
  return new Fault(missing.length > 0 ? "NOT_FOUND" : "CONFIG", parts.join("; "), {
    hint: hintFor(first, where),
  });
}

function describeMissing({ name, source, from }: Check): string {
  return `${name} (${source}${from === undefined ? "" : ` ${from}`})`;
}

function hintFor({ name, source, from, status }: Check, where: string): string {
  if (source === "secret") return setCommand(from!);
  if (source === "file") return `write it, or take it out of ${where}`;
  if (status === "invalid") return `give ${name} another value, or its rule in ${where} another form`;
  return `export ${name}=…, or give it a default in ${where}`;
}

/** What to type to give a secret a value. */
function setCommand(description: string): string {
  const { stack, name, field } = parseNameOrReference(description);
  return `coffer set ${name}${field === undefined ? "" : ` --field ${field}`}${stack ? ` --stack ${stack}` : ""}`;
}
