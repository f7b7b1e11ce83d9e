/** Values with fields: a JSON object, as in a Vault KV secret. */
import { Fault } from "./fault.ts";
import { Secret } from "./secret.ts";
import { parseJsonExactly } from "./stack/kv/json.ts";
import type { NewValue } from "./stack/stack.ts";

/** A value, and whether it has fields. */
type Opened = NewValue;

/** `[A-Za-z0-9_][A-Za-z0-9._-]*`, at most 255 bytes: what a reference can name. */
export function parseFieldName(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/.test(text)) return text;
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a field's name`, {
    hint: "use letters, digits, `_`, `-` and `.`: password",
  });
}

/**
 * One field of a value: a string's text, or the JSON text of anything else. `of` names the secret in errors.
 * @throws {Fault} NOT_FOUND when the value has no such field
 */
export function fieldOf({ value, type }: Opened, field: string, of: string): Secret {
  const fields = type === "json" ? objectOf(value) : undefined;
  if (!fields) throw new Fault("NOT_FOUND", `${of} has no fields`, { hint: `coffer get ${of}` });
  if (!Object.hasOwn(fields, field)) {
    const names = Object.keys(fields).sort().join(", ") || "none";
    throw new Fault("NOT_FOUND", `${of} has no field ${field}`, { hint: `its fields: ${names}` });
  }
  const content = fields[field];
  return Secret.fromText(typeof content === "string" ? content : JSON.stringify(content));
}

/**
 * The texts in a value with fields, however deep: what a program prints of it that has parsed it. None for plain values.
 * Numbers, true and false are no secrets of their own.
 */
export function textsIn({ value, type }: Opened): Secret[] {
  const texts: Secret[] = [];
  const collect = (content: unknown) => {
    if (typeof content === "string") texts.push(Secret.fromText(content));
    else if (typeof content === "object" && content !== null) Object.values(content).forEach(collect);
  };
  if (type === "json") collect(JSON.parse(value.revealText()));
  return texts;
}

/** The value with one field set to text; a secret that does not exist yet starts with that field alone. */
export function withField(current: Opened | undefined, field: string, content: Secret, of: string): NewValue {
  if (current && current.type !== "json") {
    throw new Fault("CONFLICT", `${of} holds a plain value, not fields`, {
      hint: `to replace it: coffer rm ${of}, then set the field again`,
    });
  }
  let text: string;
  try {
    text = content.revealText();
  } catch {
    throw new Fault("USAGE", `the value of ${of}#${field} is not UTF-8 text, which fields must be`, {
      hint: "store bytes as a secret of their own",
    });
  }
  const fields = { ...(current ? objectOf(current.value) : {}), [field]: text };
  const sorted = Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { value: Secret.fromText(JSON.stringify(sorted)), type: "json" };
}

/** With numbers as they were written: a long one beside the field that changes has to stay what it is. */
function objectOf(value: Secret): Record<string, unknown> {
  return parseJsonExactly(value.revealText()) as Record<string, unknown>;
}
