/** Whether what a project file declares is there and keeps its rules. The rows of a report, none with a value. */
import { describeReference, type Reference, type Template } from "../reference.ts";
import type { Secret } from "../secret.ts";
import type { SecretFile, TemplateFile, Variable } from "./requirements.ts";
import { type BrokenRule, brokenRule, hasRules, type Rules } from "./rules.ts";

/** One declared name. A template has one for each of its references. */
export interface Check {
  readonly kind: "variable" | "file" | "template";
  /** The variable, or the path in the private folder. */
  readonly name: string;
  /** Where its value is from; for what is missing, where it was looked for. */
  readonly source: "secret" | "environment" | "default" | "literal" | "file";
  /** The secret, or the file that the template is in. */
  readonly from?: string;
  /** `unset`: missing, and not required. */
  readonly status: "ok" | "missing" | "invalid" | "unset";
  /** The rule that an invalid value breaks. */
  readonly rule?: BrokenRule;
}

/** What the checks look at. */
export interface Surroundings {
  /** Whether a secret, or a field of one, exists. */
  has(reference: Reference): boolean;
  /** Its value; undefined when it does not exist, or was not opened since nothing has to be known of it. */
  valueOf(reference: Reference): Secret | undefined;
  /** The caller's own variable; undefined when it is not set. */
  environment(name: string): string | undefined;
}

/** A variable's row, and what the command gets: a secret, text, or nothing. */
export interface CheckedVariable {
  readonly check: Check;
  readonly gets: Reference | string | undefined;
}

export function checkVariable(variable: Variable, around: Surroundings): CheckedVariable {
  const { name, from, default: fallback, required, rules } = variable;
  const row = { kind: "variable", name } as const;
  if (typeof from === "string") return { check: { ...row, source: "literal", status: "ok" }, gets: from };
  const origin = from ? ofSecret(from) : { source: "environment" } as const;
  const gets = from ? (around.has(from) ? from : undefined) : environment(name, around);
  if (gets === undefined && fallback !== undefined) {
    return { check: { ...row, ...origin, source: "default", status: "ok" }, gets: fallback };
  }
  if (gets === undefined) return { check: { ...row, ...origin, status: absent(required) }, gets };
  const rule = hasRules(rules) ? ruleBrokenBy(gets, rules, around) : undefined;
  return { check: { ...row, ...origin, ...(rule ? { status: "invalid", rule } : { status: "ok" }) }, gets };
}

export function checkFile({ path, from, required }: SecretFile, around: Surroundings): Check {
  return { kind: "file", name: path, ...ofSecret(from), status: around.has(from) ? "ok" : absent(required) };
}

/** @param template undefined when there is no such file */
export function checkTemplate(
  { path, input }: TemplateFile,
  template: Template | undefined,
  around: Surroundings,
): Check[] {
  const row = { kind: "template", name: path } as const;
  const file = { ...row, source: "file", from: input, status: template ? "ok" : "missing" } as const;
  const references = (template ?? []).filter((part) => typeof part !== "string");
  const distinct = new Map(references.map((reference) => [describeReference(reference), reference])).values();
  const rows = [...distinct].map((reference): Check => (
    { ...row, ...ofSecret(reference), status: around.has(reference) ? "ok" : "missing" }
  ));
  return [file, ...rows];
}

function ofSecret(reference: Reference) {
  return { source: "secret", from: describeReference(reference) } as const;
}

function absent(required: boolean) {
  return required ? "missing" : "unset";
}

/** Empty is not set: it is what a build system makes of a secret that it does not have. */
function environment(name: string, around: Surroundings): string | undefined {
  return around.environment(name) || undefined;
}

function ruleBrokenBy(gets: Reference | string, rules: Rules, around: Surroundings): BrokenRule | undefined {
  if (typeof gets === "string") return brokenRule(gets, rules);
  const value = around.valueOf(gets);
  let text: string;
  try {
    if (value === undefined) return undefined;
    text = value.revealText(); // as the command will get it
  } catch {
    return "text";
  }
  return brokenRule(text, rules);
}
