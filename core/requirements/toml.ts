/** Reading TOML (toml.io, 1.1) by the npm `smol-toml` library. */
import { parse, TomlError } from "smol-toml";
import { Fault } from "../fault.ts";

/** A table has no prototype: `__proto__` and `constructor` are keys like any other. */
export type TomlTable = Readonly<Record<string, unknown>>;

/**
 * The root table of a TOML text.
 * @param where what to call the file in errors
 * @throws {Fault} CONFIG naming line and column; never what is there, which the library's own message quotes
 */
export function parseToml(text: string, where: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    // The library gives up on deep nesting by itself, but for keys of very many dots, which run out of stack.
    const place = error instanceof TomlError ? `line ${error.line}, column ${error.column}` : "a table";
    throw new Fault("CONFIG", `${where}: ${place} is not TOML, defines a key again, or is nested too deeply`, {
      hint: 'write NAME = "value", each name once in its table',
    });
  }
}

/** Whether a value is a table, and not an array or a date. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}
