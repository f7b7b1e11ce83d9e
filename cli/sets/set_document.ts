/** Documents of sets that the user hands in. */
import { type DocumentFormat, documentFormatOf, parseDocument } from "../../core/config/document.ts";
import type { Table } from "../../core/config/table.ts";
import { Fault } from "../../core/fault.ts";
import type { Host } from "../host.ts";
import { readFileBytes, readStdin } from "../input.ts";

const MAX_BYTES = 16 * 1024 * 1024;
export const STDIN = "-";

/** A document, in the format that its name tells; what comes on stdin is YAML, which JSON is, too. */
export async function readSetDocument(host: Host, file: string): Promise<{ document: Table; where: string }> {
  const where = file === STDIN ? "standard input" : file;
  const format: DocumentFormat | undefined = file === STDIN ? "yaml" : documentFormatOf(file);
  if (format === undefined || format === "toml") {
    throw new Fault("USAGE", `${file} is neither YAML nor JSON by its name`, {
      hint: "name a .yaml, .yml or .json file, or - for standard input",
    });
  }
  const bytes = file === STDIN ? await readStdin(host, MAX_BYTES) : readFileBytes(file, MAX_BYTES);
  try {
    return { document: await parseDocument(decode(bytes, where), format, where, "unambiguous"), where };
  } finally {
    bytes.fill(0);
  }
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Fault("CONFIG", `${where} is not UTF-8 text`, { hint: "save the file as UTF-8" });
  }
}
