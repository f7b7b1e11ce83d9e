/** References to secrets: `coffer://[stack]/name[#field]`, in env files and templates. */
import { Fault } from "./fault.ts";
import { parseSecretName, parseStackName, type SecretName, type StackName } from "./name.ts";

export interface Reference {
  /** The current stack when undefined: `coffer:///name`. */
  readonly stack: StackName | undefined;
  readonly name: SecretName;
  readonly field: string | undefined;
}

const SCHEME = "coffer://";
// In running text a reference ends with a letter, digit or `_`, so that a full stop after it stays text; `{{ … }}` says
// where it ends.
const IN_TEXT =
  /\{\{\s*(coffer:\/\/[^\s{}]*)\s*\}\}|coffer:\/\/[a-z0-9_-]*\/[A-Za-z0-9_](?:[A-Za-z0-9._\/-]*[A-Za-z0-9_])?(?:#[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?)?/g;

export function isReference(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** @throws {Fault} USAGE when `text` is not a reference */
export function parseReference(text: string): Reference {
  const match = /^coffer:\/\/([^/#]*)\/([^#]*)(?:#(.+))?$/.exec(text);
  if (!match) {
    throw new Fault("USAGE", `${JSON.stringify(text)} is not a reference to a secret`, {
      hint: "write coffer:///name for the current stack, coffer://stack/name or coffer://stack/name#field",
    });
  }
  const [, stack, name, field] = match;
  return { stack: stack ? parseStackName(stack) : undefined, name: parseSecretName(name!), field };
}

/**
 * What may be written where only a secret can be meant: `name`, `name#field`, or a reference.
 * @throws {Fault} USAGE when `text` is none of them
 */
export function parseNameOrReference(text: string): Reference {
  if (isReference(text)) return parseReference(text);
  if (text.includes("#")) return parseReference(`${SCHEME}/${text}`);
  return { stack: undefined, name: parseSecretName(text), field: undefined };
}

/** A name with its stack and field, for messages. */
export function describeReference({ stack, name, field }: Reference): string {
  return `${stack ? `${SCHEME}${stack}/` : ""}${name}${field === undefined ? "" : `#${field}`}`;
}

/** Text cut at its references: literal parts and references in turn. */
export type Template = readonly (string | Reference)[];

/** @throws {Fault} USAGE for something in `{{ coffer://… }}` that is not a reference */
export function parseTemplate(text: string): Template {
  const parts: (string | Reference)[] = [];
  let at = 0;
  for (const match of text.matchAll(IN_TEXT)) {
    parts.push(text.slice(at, match.index), parseReference(match[1] ?? match[0]));
    at = match.index + match[0].length;
  }
  return [...parts, text.slice(at)];
}
