/** What a declared variable's value has to be. */

/** Tells whether a value is of a type. Values stay the text that they are: nothing is converted. */
const TYPES = {
  string: () => true,
  // As JSON writes them. `08`, `+1`, `1_000` and `0x10` are read differently from one language to the next.
  int: (text) => /^-?(?:0|[1-9][0-9]*)$/.test(text),
  number: (text) => /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text),
  bool: (text) => text === "true" || text === "false",
  url: isUrl,
} satisfies Record<string, (text: string) => boolean>;

export type TypeName = keyof typeof TYPES;
export const TYPE_NAMES = Object.keys(TYPES) as readonly TypeName[];

export interface Rules {
  readonly type: TypeName;
  /** Non-empty. */
  readonly enum: readonly string[] | undefined;
  readonly pattern: RegExp | undefined;
}

/** The rule that a value breaks, as it is named in reports. `text`: it is not text that a variable can hold. */
export type BrokenRule = "text" | `type ${TypeName}` | "enum" | "pattern";

/** Whether a value could break a rule: if not, nobody has to look at it. */
export function hasRules({ type, enum: allowed, pattern }: Rules): boolean {
  return type !== "string" || allowed !== undefined || pattern !== undefined;
}

/** The first rule that `text` breaks. */
export function brokenRule(text: string, { type, enum: allowed, pattern }: Rules): BrokenRule | undefined {
  if (text.includes("\0")) return "text";
  if (!TYPES[type](text)) return `type ${type}`;
  if (allowed && !allowed.includes(text)) return "enum";
  return pattern && !pattern.test(text) ? "pattern" : undefined;
}

/**
 * The regular expression that the whole of a value has to match.
 * @throws {SyntaxError} when `source` is not one
 */
export function wholeMatch(source: string): RegExp {
  // By itself first: `a)|(b` would be one in the parentheses that are put around it, and escape from them.
  new RegExp(source, "u");
  return new RegExp(`^(?:${source})$`, "u");
}

/**
 * `scheme://` and what a connection needs after it. `URL.canParse` is not asked about other schemes than the web's: it
 * refuses the lists of hosts in `mongodb://a:1,b:2/db`, and takes `localhost:5432` for a URL.
 */
function isUrl(text: string): boolean {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/[^\s\p{Cc}]+$/u.exec(text)?.[1]?.toLowerCase();
  return scheme !== undefined && (!WEB_SCHEMES.has(scheme) || URL.canParse(text));
}

const WEB_SCHEMES: ReadonlySet<string> = new Set(["http", "https", "ws", "wss"]);
