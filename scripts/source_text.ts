/** Reads TypeScript just well enough to tell code from comments and texts, and to find what it imports. */

/** A `/` after one of these begins a regular expression, not a division. */
const BEFORE_REGEXP = /(^|[=(,:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|yield|await|throw))\s*$/;

/** The source with every comment blank, and every text too unless `texts` are kept. Lines stay where they are. */
export function codeOf(source: string, texts: "blank" | "keep" = "blank"): string {
  let out = "";
  const openTemplates: number[] = []; // the depth of braces at which each `${` began
  let depth = 0;
  for (let at = 0; at < source.length;) {
    const end = endOfToken(source, at, out);
    const token = source.slice(at, end);
    const first = token[0]!;
    let resumed = false;
    if (first === "{") depth++;
    if (first === "}" && openTemplates.at(-1) === depth) {
      openTemplates.pop();
      resumed = true;
    } else if (first === "}") depth--;
    if (first === "`" || resumed) {
      const { end: stop, opens } = template(source, at + 1);
      if (opens) openTemplates.push(depth);
      out += texts === "keep" ? source.slice(at, stop) : blank(source.slice(at, stop));
      at = stop;
      continue;
    }
    const isComment = token.startsWith("//") || token.startsWith("/*");
    const isText = first === '"' || first === "'" || (first === "/" && token.length > 1);
    out += isComment || (isText && texts === "blank") ? blank(token) : token;
    at = end;
  }
  return out;
}

function endOfToken(source: string, at: number, before: string): number {
  const rest = source.slice(at, at + 2);
  if (rest === "//") return indexOr(source.indexOf("\n", at), source.length);
  if (rest === "/*") return indexOr(source.indexOf("*/", at + 2) + 2, source.length, 1);
  const quote = source[at]!;
  if (quote === '"' || quote === "'") return quoted(source, at, quote);
  if (quote === "/" && BEFORE_REGEXP.test(before.slice(-80))) return regexp(source, at);
  return at + 1;
}

function indexOr(index: number, otherwise: number, least = 0): number {
  return index > least ? index : otherwise;
}

function quoted(source: string, at: number, quote: string): number {
  let end = at + 1;
  while (end < source.length && source[end] !== quote && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
  return end + 1;
}

function regexp(source: string, at: number): number {
  let inClass = false;
  for (let end = at + 1; end < source.length && source[end] !== "\n"; end++) {
    const char = source[end];
    if (char === "\\") end++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return end + 1;
  }
  return at + 1;
}

/** From behind a backquote or a closing brace to behind the next `${` or the closing backquote. */
function template(source: string, at: number): { end: number; opens: boolean } {
  for (let end = at; end < source.length; end++) {
    if (source[end] === "\\") end++;
    else if (source[end] === "`") return { end: end + 1, opens: false };
    else if (source.startsWith("${", end)) return { end: end + 2, opens: true };
  }
  return { end: source.length, opens: false };
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `export … from`. */
  readonly again: boolean;
  /** When the module is evaluated: before the importing one, when `import()` is reached, or never (types only). */
  readonly when: "first" | "reached" | "never";
}

const STATEMENT = /(?<![.\w])(import|export)\b(?:[^;"'`=()]*?\bfrom)?\s*["']([^"'\n]+)["']/g;
const CALL = /(?<![.\w])(import)\s*\(\s*["']([^"'\n]+)["']/g;

/** What the source imports, at once or by `import("…")`. */
export function importsOf(source: string): Import[] {
  const code = codeOf(source, "keep");
  const found = (pattern: RegExp) =>
    [...code.matchAll(pattern)].map(({ 0: whole, 1: word, 2: specifier, index }): Import => ({
      specifier: specifier!,
      line: lineOf(code, index),
      again: word === "export",
      when: pattern === CALL ? "reached" : onlyTypes(whole) ? "never" : "first",
    }));
  return [...found(STATEMENT), ...found(CALL)];
}

function onlyTypes(statement: string): boolean {
  if (/^(import|export)\s+type\b/.test(statement)) return true;
  const names = /^(?:import|export)\s*\{([^}]*)\}/.exec(statement)?.[1]?.split(",").filter((name) => name.trim());
  return names !== undefined && names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
}

/** The lines of `code` in which `pattern` is found, from 1. */
export function linesWith(code: string, pattern: RegExp): number[] {
  return code.split("\n").flatMap((text, index) => pattern.test(text) ? [index + 1] : []);
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
