/** Takes the keys out of a table of a configuration file, and notes what is wrong with them. */
import { show } from "../interchange/checks.ts";
import { parseNameOrReference, type Reference } from "../reference.ts";
import { Secret } from "../secret.ts";
import { nearest } from "./nearest.ts";
import { isTable, type Table } from "./table.ts";

export class TableReader {
  readonly #table: Table;
  /** What messages put before a key: the path of the table, with a full stop behind it unless it is the root. */
  readonly #prefix: string;
  readonly #problems: string[];

  /** @param known every key that may be there */
  constructor(table: Table, prefix: string, known: readonly string[], problems: string[]) {
    this.#table = table;
    this.#prefix = prefix;
    this.#problems = problems;
    for (const key of Object.keys(table).filter((key) => !known.includes(key))) {
      const meant = nearest(key, known);
      const advice = meant === undefined ? `there are: ${known.join(", ")}` : `did you mean ${meant}?`;
      problems.push(`unknown key ${prefix}${show(key)} (${advice})`);
    }
  }

  has(key: string): boolean {
    return this.#table[key] !== undefined;
  }

  /** The entries of the table under `key`; none when there is no such table. */
  entries(key: string): [name: string, value: unknown][] {
    const given = this.#table[key] ?? {};
    if (this.has(key) && !isTable(given)) this.wrong(key, "is not a table");
    return isTable(given) ? Object.entries(given) : [];
  }

  /** The table under `key`. */
  table(key: string): Table | undefined {
    const given = this.#table[key];
    return given === undefined || isTable(given) ? given : this.wrong(key, "is not a table");
  }

  /** The tables of the list under `key`, each with its path. A table alone is a list of one, as in Porter's files. */
  tables(key: string): [at: string, table: Table][] {
    const given = this.#table[key];
    const list = given === undefined ? [] : isTable(given) ? [given] : given;
    if (!Array.isArray(list) || !list.every(isTable)) return this.wrong(key, "is not a list of tables") ?? [];
    return list.map((table, i) => [`${this.#prefix}${key}${list === given ? `[${i}]` : ""}`, table]);
  }

  text(key: string): string | undefined {
    const given = this.#table[key];
    // 1.10 and 0x1F would not be what they look like by the time that they are text.
    if (given !== undefined && typeof given !== "string") return this.wrong(key, "is not text: put it in quotes");
    if (given?.includes("\0")) return this.wrong(key, "has a NUL character, which no variable can hold");
    return given;
  }

  /** Texts, at least one of them. */
  texts(key: string): readonly string[] | undefined {
    const given = this.#table[key];
    const isList = Array.isArray(given) && given.length > 0 && given.every((item) => typeof item === "string");
    return given === undefined || isList ? given : this.wrong(key, "is not a list of texts");
  }

  /** A text that must not be seen; also as a secret that it already is. The caller disposes of it. */
  sensitive(key: string): Secret | undefined {
    const given = this.#table[key];
    if (given instanceof Secret) return given.copy();
    const text = this.text(key);
    return text === undefined ? undefined : Secret.fromText(text);
  }

  count(key: string, least: number, most: number): number | undefined {
    const given = this.#table[key];
    if (given === undefined || Number.isInteger(given) && least <= Number(given) && Number(given) <= most) {
      return given as number | undefined;
    }
    return this.wrong(key, `is not a whole number from ${least} to ${most}`);
  }

  flag(key: string): boolean | undefined {
    const given = this.#table[key];
    return given === undefined || typeof given === "boolean" ? given : this.wrong(key, "is neither true nor false");
  }

  choice<T extends string>(key: string, among: readonly T[]): T | undefined {
    const given = this.#table[key];
    const chosen = among.find((name) => name === given);
    return given === undefined || chosen !== undefined ? chosen : this.wrong(key, `is none of ${among.join(", ")}`);
  }

  secret(key: string): Reference | undefined {
    return this.#parsed(key, parseNameOrReference, "is neither a secret's name nor a reference");
  }

  /** @param compile throws when its text is no regular expression */
  regularExpression(key: string, compile: (source: string) => RegExp): RegExp | undefined {
    return this.#parsed(key, compile, "is not a regular expression");
  }

  /** What the parsers themselves say would quote the text. */
  #parsed<T>(key: string, parse: (text: string) => T, wrong: string): T | undefined {
    const text = this.text(key);
    try {
      return text === undefined ? undefined : parse(text);
    } catch {
      return this.wrong(key, wrong);
    }
  }

  /** Notes what is wrong with a key; never what it holds. */
  wrong(key: string, what: string): undefined {
    this.#problems.push(`${this.#prefix}${key} ${what}`);
  }
}
