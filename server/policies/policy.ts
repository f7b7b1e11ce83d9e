/** From a policy's text, HCL or JSON, to its rules. Everything that is wrong is gathered and reported at once. */
import { Fault } from "../../core/fault.ts";
import { duplicateNames, show } from "../../core/interchange/checks.ts";
import { CAPABILITIES, type Capability, isCapability } from "./capability.ts";
import { type HclObject, type HclValue, isObject, parseHcl } from "./hcl.ts";

export interface Policy {
  readonly rules: readonly PathRule[];
}

export interface PathRule {
  /** Exact; a prefix when it ends with `*`; a segment that is `+` stands for any one. */
  readonly path: string;
  /** With none, the rule grants nothing and still hides those that are less specific. */
  readonly capabilities: ReadonlySet<Capability>;
}

/** How policies were written before there were capabilities; Vault still reads it. */
const OLD_POLICIES: Readonly<Record<string, readonly Capability[]>> = {
  deny: ["deny"],
  read: ["read", "list"],
  write: ["create", "read", "update", "delete", "list"],
  sudo: ["create", "read", "update", "delete", "list", "sudo"],
};

/** What Vault also knows. Each narrows what is granted, so that leaving it out would grant more than was meant. */
const PARAMETERS = ["allowed_parameters", "denied_parameters", "required_parameters"];
const NARROWING = [
  ...["min_wrapping_ttl", "max_wrapping_ttl", "mfa_methods", "control_group", "pagination_limit", "expiration"],
  "list_scan_response_keys_filter_path",
];

/**
 * Reads a policy as Vault does, but refuses more: what is given twice in a block, and what cannot have been meant.
 * @param text HCL; JSON when it begins with `{`
 * @throws {Fault} CONFIG naming the line that cannot be read, else every rule that is wrong or not supported
 */
export function parsePolicy(text: string): Policy {
  const problems = text === "" ? ["it is empty"] : [];
  const rules: PathRule[] = [];
  for (const { keys: [key, path, ...others], value } of parseHcl(text)) {
    if (key === "name" && path === undefined) continue; // Vault ignores it too
    if (key !== "path") problems.push(`unknown key ${show(key!)}`);
    else if (path === undefined || others.length > 0 || !isObject(value)) {
      problems.push('a block is not of the form path "…" { … }');
    } else rules.push({ path: pathIn(path, problems), capabilities: capabilitiesIn(value, show(path), problems) });
  }
  if (problems.length === 0) return { rules };
  throw new Fault("CONFIG", `the policy cannot be used: ${problems.join("; ")}`, {
    hint: `path "stack/data/*" { capabilities = ["read"] }; there are: ${CAPABILITIES.join(", ")}`,
  });
}

function pathIn(text: string, problems: string[]): string {
  if (/\{\{|\}\}/.test(text)) problems.push(`${show(text)} is a template, and there are no identities to fill it from`);
  if (text.includes("+*")) problems.push(`${show(text)} has +*, of which nobody can tell what it matches`);
  return text.replace(/^\//, ""); // one, as in Vault
}

function capabilitiesIn({ items }: HclObject, path: string, problems: string[]): Set<Capability> {
  const given: Capability[] = [];
  problems.push(...duplicateNames(items.map(({ keys }) => keys[0]!)).map((problem) => `${path}: ${problem}`));
  for (const { keys, value } of items) {
    const granted = keys.length === 1 ? grantedBy(keys[0]!, value) : "is followed by a second name";
    if (typeof granted === "string") problems.push(`${path}: ${show(keys[0]!)} ${granted}`);
    else given.push(...granted);
  }
  return new Set(given.includes("deny") ? ["deny"] : given);
}

/** What a line of a block grants, or what is wrong with it. */
function grantedBy(key: string, value: HclValue): readonly Capability[] | string {
  if (key === "comment") return [];
  if (key === "policy") {
    const known = typeof value === "string" && Object.hasOwn(OLD_POLICIES, value);
    return known ? OLD_POLICIES[value]! : `is none of ${Object.keys(OLD_POLICIES).join(", ")}`;
  }
  if (key === "capabilities") {
    if (!Array.isArray(value)) return 'is no list: write ["read"]';
    const names: readonly HclValue[] = value;
    const texts = names.filter((name) => typeof name === "string");
    if (texts.length < names.length) return "has something that is no text";
    const unknown = texts.filter((name) => !isCapability(name));
    return unknown.length === 0 ? texts.filter(isCapability) : `has ${unknown.map(show).join(", ")}, which is none`;
  }
  if (PARAMETERS.includes(key)) return "is not supported: it does not apply to KV version 2, which is what is served";
  return NARROWING.includes(key) ? "is not supported" : "is unknown";
}
