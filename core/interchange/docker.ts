/**
 * The env-file of `docker run --env-file`: `NAME=value`, where everything after the sign is the value. No quoting, no
 * escapes, no comments after a value; the format is so small that it has no parser to borrow.
 */
import { duplicatePlaces, requireNames, requireText, toEntries } from "./checks.ts";
import type { Entry } from "./interchange.ts";

/** Docker reads lines into a buffer of 64 KiB, line end included, and refuses a longer one. */
const MAX_LINE_BYTES = 0xffff;
const HINT = "write NAME=value; a name alone, which Docker takes from its own environment, cannot be imported";

/** Reads an env-file as Docker does, except that nothing is taken from the environment. */
export function parseDocker(text: string): Entry[] {
  const problems: string[] = [];
  const read: { name: string; text: string; at: number }[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/, "").replace(/^\p{White_Space}+/u, "");
    if (line === "" || line.startsWith("#")) continue;
    const sign = line.indexOf("=");
    if (sign <= 0) problems.push(`line ${index + 1} is neither NAME=value nor a comment`);
    else if (/[ \t]/.test(line.slice(0, sign))) problems.push(`line ${index + 1} has a space in its name`);
    else read.push({ name: line.slice(0, sign), text: line.slice(sign + 1), at: index + 1 });
  }
  return toEntries(read, [...problems, ...duplicatePlaces(read, "line")], HINT);
}

/** Writes an env-file. */
export function formatDocker(entries: readonly Entry[]): Uint8Array {
  requireNames("docker", entries);
  const encoder = new TextEncoder();
  // A carriage return at the end would be taken for half of the line end.
  const lines = requireText(
    "docker",
    entries,
    (text, name) => !/[\0\n]|\r$/.test(text) && encoder.encode(`${name}=${text}`).length <= MAX_LINE_BYTES,
  );
  return encoder.encode(lines.map(({ name, text }) => `${name}=${text}\n`).join(""));
}
