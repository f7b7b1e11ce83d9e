/**
 * GitHub Actions: heredoc lines for the file `$GITHUB_ENV`, and `::add-mask::` commands for stdout, which must be
 * printed before anything else can print a value.
 */
import { requireNames, requireText } from "./checks.ts";
import type { Entry, GithubExport } from "./interchange.ts";
import { linesToMask } from "./mask_lines.ts";

/** Writes both parts. `draw` makes a delimiter; it is drawn again until no value contains it. */
export function formatGithub(entries: readonly Entry[], draw: () => string = randomDelimiter): GithubExport {
  requireNames("github", entries);
  // On a Windows runner a carriage return at the end would be taken for half of the line end.
  const texts = requireText("github", entries, (text) => !/\0|\r$/.test(text));
  let delimiter = draw();
  // A value that knew the delimiter could end its own heredoc and set variables of its choice.
  while (texts.some(({ text }) => text.includes(delimiter))) delimiter = draw();
  const env = texts.map(({ name, text }) => `${name}<<${delimiter}\n${text}\n${delimiter}\n`);
  const masks = linesToMask(texts.map(({ text }) => text)).map(githubMask);
  // Behind a line that somebody has begun, a command would be no command, and the log would show it.
  if (masks.length > 0) masks.unshift("\n");
  const encoder = new TextEncoder();
  return { env: encoder.encode(env.join("")), masks: encoder.encode(masks.join("")) };
}

/** The command that has the runner mask `line`, which is text of one line, from here on. */
export function githubMask(line: string): string {
  return `::add-mask::${escapeCommand(line)}\n`;
}

function randomDelimiter(): string {
  return `COFFER_${crypto.randomUUID()}`;
}

/** The escapes of a workflow command's data. */
function escapeCommand(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
