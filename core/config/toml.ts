/** Reading TOML (toml.io, 1.1) by the npm `smol-toml` library. */
import { parse, TomlError } from "smol-toml";
import { Fault } from "../fault.ts";
import type { Table } from "./table.ts";

/**
 * The root table of a TOML text.
 * @param where what to call the file in errors
 * @throws {Fault} CONFIG naming line and column; never what is there, which the library's own message quotes
 */
export function parseToml(text: string, where: string): Table {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    throw new Fault("CONFIG", `${where}: line ${line}, column ${column} is not TOML, or defines a key again`, {
      hint: 'write NAME = "text" or NAME = { key = "text" }, each name once in its table',
      cause: error,
    });
  }
}
