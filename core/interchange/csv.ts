/** CSV (RFC 4180) with the header `name,value`, read by the npm `csv-parse` library. */
import { Fault } from "../fault.ts";
import { duplicatePlaces, requireText, toEntries } from "./checks.ts";
import type { Entry } from "./interchange.ts";

const HINT = 'begin with the row name,value and write each value between double quotes, with "" for a double quote';

/** Reads CSV whose columns are `name` and `value`. */
export async function parseCsv(text: string): Promise<Entry[]> {
  const { CsvError, parse } = await import("csv-parse/sync");
  let rows: string[][];
  try {
    // Both row ends are given, since the library would otherwise expect the first one it meets in every row.
    rows = parse(text, { relax_column_count: true, record_delimiter: ["\r\n", "\n"] });
  } catch (error) {
    const line = error instanceof CsvError ? Number(error.lines) : NaN;
    const where = Number.isInteger(line) ? `a quote on line ${line}` : "a quote";
    throw new Fault("CONFIG", `${where} is not where CSV allows one`, { hint: HINT });
  }
  const [header, ...body] = rows;
  const problems: string[] = [];
  if (header?.join() !== "name,value") problems.push("the first row is not the header name,value");
  const read: { name: string; text: string; at: number }[] = [];
  for (const [index, row] of body.entries()) {
    const [name, value, ...more] = row;
    if (row.length === 1 && name === "") continue; // a blank line
    if (name !== undefined && value !== undefined && more.length === 0) read.push({ name, text: value, at: index + 2 });
    else problems.push(`row ${index + 2} has ${row.length === 1 ? "1 column" : `${row.length} columns`} instead of 2`);
  }
  return toEntries(read, [...problems, ...duplicatePlaces(read, "row")], HINT);
}

/** Writes CSV with every field quoted. */
export function formatCsv(entries: readonly Entry[]): Uint8Array {
  const rows = requireText("csv", entries, (text) => !text.includes("\0"))
    .map(({ name, text }) => `${quote(name)},${quote(text)}\r\n`);
  return new TextEncoder().encode(`name,value\r\n${rows.join("")}`);
}

function quote(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
