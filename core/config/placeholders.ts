/**
 * `${env.NAME}` and `${secret.NAME}` in the texts of a configuration.
 *
 * Porter renders the whole file as a Liquid template and parses what comes out, so that a value with a quote in it can
 * change what the file says. Here the file is parsed first: what a placeholder gives is text, whatever is in it. Of
 * Liquid nothing else is known, and it is refused rather than left standing.
 */
import { isTable } from "./table.ts";

export interface Placeholder {
  readonly scope: "env" | "secret";
  readonly name: string;
}

const OPEN = "${";
const FORMS: readonly (readonly [Placeholder["scope"], RegExp])[] = [
  ["env", /^env\.([A-Za-z_][A-Za-z0-9_]*)$/],
  ["secret", /^secret\.([A-Za-z0-9_][A-Za-z0-9._/-]*)$/],
];

/** As it is written. */
export function showPlaceholder({ scope, name }: Placeholder): string {
  return `\${${scope}.${name}}`;
}

/**
 * Every placeholder in a value, however deep.
 * @param at what to call the value in `problems`, which get what is no placeholder
 */
export function placeholdersIn(value: unknown, at: string, problems: string[]): Placeholder[] {
  const found: Placeholder[] = [];
  walk(value, at, (text, at) => {
    for (const part of cut(text)) {
      if (typeof part === "string") continue;
      if ("wrong" in part) problems.push(`${at} has ${part.wrong}`);
      else found.push(part);
    }
    return text;
  });
  return found;
}

/** The value with every placeholder replaced; there is none that {@linkcode placeholdersIn} has a problem with. */
export function withPlaceholders<T>(value: T, valueOf: (placeholder: Placeholder) => string): T {
  const replace = (part: string | Placeholder | Wrong) =>
    typeof part === "string" ? part : "wrong" in part ? "" : valueOf(part);
  return walk(value, "", (text) => cut(text).map(replace).join("")) as T;
}

interface Wrong {
  readonly wrong: string;
}

/** Literal parts and placeholders in turn. */
function cut(text: string): (string | Placeholder | Wrong)[] {
  const parts: (string | Placeholder | Wrong)[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const close = text.indexOf("}", open);
    parts.push(text.slice(at, open), parse(close < 0 ? undefined : text.slice(open + OPEN.length, close)));
    at = close < 0 ? text.length : close + 1;
  }
  return [...parts, text.slice(at)];
}

/** @param given undefined where nothing closes it */
function parse(given: string | undefined): Placeholder | Wrong {
  if (given === undefined) return { wrong: "a ${ that nothing closes" };
  if (given.startsWith("%")) return { wrong: "a Liquid tag, ${% … %}: only ${env.NAME} and ${secret.NAME} are known" };
  if (given.includes("|")) {
    return { wrong: "a Liquid filter, ${ … | … }: only ${env.NAME} and ${secret.NAME} are known" };
  }
  const inner = given.trim();
  for (const [scope, form] of FORMS) {
    const name = form.exec(inner)?.[1];
    if (name !== undefined) return { scope, name };
  }
  const named = /^[A-Za-z_][\w.-]{0,63}$/.test(inner) ? `\${${inner}}` : "something else in ${ … }";
  return { wrong: `${named}: only \${env.NAME} and \${secret.NAME} are known` };
}

/** A copy of a value, with what `visit` makes of each text. */
function walk(value: unknown, at: string, visit: (text: string, at: string) => string): unknown {
  if (typeof value === "string") return visit(value, at);
  if (Array.isArray(value)) return value.map((item, i) => walk(item, `${at}[${i}]`, visit));
  if (!isTable(value)) return value;
  const table = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) table[key] = walk(member, `${at}.${key}`, visit);
  return table;
}
