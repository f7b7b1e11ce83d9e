/**
 * Reads the part of HCL (version 1) that policies are written in: blocks, assignments, lists, strings, comments. JSON is
 * read by the same code, once `JSON.parse` has found nothing wrong with it: `JSON.parse` alone would keep only the last
 * of two equal keys, and the one that it drops may be the one that denies.
 */
import { Fault } from "../../core/fault.ts";

/** `path "secret/*" { … }` has the keys `path` and `secret/*`, and an object as its value. */
export interface HclItem {
  readonly keys: readonly string[];
  readonly value: HclValue;
}

export interface HclObject {
  readonly items: readonly HclItem[];
}

/** Numbers, true, false and null are all null: no policy that is understood here has any of them. */
export type HclValue = string | HclObject | readonly HclValue[] | null;

/**
 * The items at the top level. Of JSON, one for each member of the objects there, as if they had been written as blocks:
 * `{"path": {"a": {…}, "b": {…}}}` is `path "a" {…} path "b" {…}`.
 * @throws {Fault} CONFIG naming the line that cannot be read
 */
export function parseHcl(text: string): readonly HclItem[] {
  if (!text.trimStart().startsWith("{")) return new HclReader(text, "=").items("end");
  try {
    JSON.parse(text);
  } catch { // without the cause: V8's message quotes the text
    throw new Fault("CONFIG", "the policy begins as JSON does and is not JSON", { hint: SYNTAX_HINT });
  }
  const root = new HclReader(text, ":").value() as HclObject;
  return root.items.flatMap(({ keys, value }) => {
    const objects = [value].flat();
    if (objects.length === 0 || !objects.every(isObject)) return [{ keys, value }];
    return objects.flatMap(({ items }) => items.map((item) => ({ ...item, keys: [...keys, ...item.keys] })));
  });
}

export function isObject(value: HclValue): value is HclObject {
  return typeof value === "object" && value !== null && "items" in value;
}

const SYNTAX_HINT = 'a policy is path "…" { capabilities = ["read"] }, or {"path": {"…": {"capabilities": ["read"]}}}';

type Kind = "string" | "word" | "other" | "mark" | "end";
interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly at: number;
}

/** Vault's white space and ends of comments, exactly: what it takes for a comment must not be a rule here. */
const BLANK = /[ \t\r\n]+|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\//y;
const TOKENS: readonly (readonly [Kind, RegExp])[] = [
  ["string", /"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"/y],
  ["word", /[A-Za-z_][\w.-]*/y],
  ["other", /[+-]?\.?\d[\w.+-]*/y],
  ["mark", /[{}[\]=:,]/y],
  ["end", /$/y],
];

/** Deeper than any policy, and far from the end of the stack. */
const MAX_DEPTH = 16;

class HclReader {
  readonly #text: string;
  readonly #assignment: "=" | ":";
  #at = 0;
  #depth = 0;
  #next: Token;

  constructor(text: string, assignment: "=" | ":") {
    this.#text = text;
    this.#assignment = assignment;
    this.#next = this.#scan();
  }

  /** Up to the closing brace, or the end. Commas between items are allowed, as Vault has it. */
  items(until: "}" | "end"): HclItem[] {
    const items: HclItem[] = [];
    while (!this.#is(until)) {
      items.push(this.#item());
      if (this.#is(",")) this.#take();
    }
    return items;
  }

  value(): HclValue {
    if (++this.#depth > MAX_DEPTH) throw this.#wrong("there are too many brackets in each other");
    const value = this.#value();
    this.#depth--;
    return value;
  }

  #item(): HclItem {
    const keys: string[] = [];
    while (this.#next.kind === "string" || this.#next.kind === "word") keys.push(this.#key());
    if (keys.length === 0) throw this.#wrong("a name is missing");
    // A value after more than one name is always a block.
    if (keys.length === 1 && this.#is(this.#assignment)) this.#take();
    else if (!this.#is("{")) throw this.#wrong(`there is neither ${this.#assignment} nor { after a name`);
    return { keys, value: this.value() };
  }

  #key(): string {
    const token = this.#take();
    return token.kind === "string" ? this.#unquoted(token) : token.text;
  }

  #value(): HclValue {
    const token = this.#take();
    if (token.kind === "string") return this.#unquoted(token);
    if (token.kind === "other" || /^(true|false|null)$/.test(token.text)) return null;
    if (token.text === "[") return this.#list();
    if (token.text !== "{") throw this.#wrong("a value is missing", token.at);
    const items = this.items("}");
    this.#take();
    return { items };
  }

  #list(): HclValue[] {
    const values: HclValue[] = [];
    while (!this.#is("]")) {
      values.push(this.value());
      if (!this.#is(",")) break;
      this.#take();
    }
    if (!this.#is("]")) throw this.#wrong("a list lacks a comma or its ]");
    this.#take();
    return values;
  }

  /** The escapes that JSON and HCL share; the others of HCL have no use in a path. */
  #unquoted({ text: quoted, at }: Token): string {
    let text: string;
    try {
      text = JSON.parse(quoted);
    } catch {
      throw this.#wrong('a text has a control character, or an escape other than \\" \\\\ \\n \\t \\uXXXX', at);
    }
    if (!text.includes("${")) return text;
    throw this.#wrong("a text has ${, which is for Terraform to fill in before it is a policy", at);
  }

  #is(text: string): boolean {
    return (this.#next.kind === "mark" || this.#next.kind === "end") && this.#next.text === text;
  }

  #take(): Token {
    const token = this.#next;
    if (token.kind !== "end") this.#next = this.#scan();
    return token;
  }

  #scan(): Token {
    while (this.#match(BLANK));
    const at = this.#at;
    for (const [kind, pattern] of TOKENS) {
      const text = this.#match(pattern);
      if (text !== undefined) return { kind, text: kind === "end" ? "end" : text, at };
    }
    throw this.#wrong("there is something that has no place in a policy", at);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    this.#at += text?.length ?? 0;
    return text;
  }

  #wrong(what: string, at = this.#next.at): Fault {
    const line = this.#text.slice(0, at).split("\n").length;
    return new Fault("CONFIG", `line ${line} of the policy: ${what}`, { hint: SYNTAX_HINT });
  }
}
