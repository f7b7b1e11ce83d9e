/**
 * GitLab's dotenv report (`artifacts:reports:dotenv`), which hands variables to later jobs: `NAME=value` lines. GitLab
 * reads it with a parser of its own, without quoting, comments or blank lines:
 * https://docs.gitlab.com/ci/variables/dotenv_variables/#dotenv-file-requirements
 */
import { requireNames, requireText } from "./checks.ts";
import type { Entry } from "./interchange.ts";

/** What GitLab takes from anybody: an instance's administrator may allow more. */
export const GITLAB_LIMITS = { bytes: 5 * 1024 - 1, variables: 20 } as const;

/** Blanks at the ends are stripped, as by Ruby's `String#strip`. */
const STRIPPED = /^[\t\v\f\r ]|[\t\v\f\r ]$/;
/**
 * Jobs get these with another variable's value in their place. Writing `$$` for `$` is no way out: only the runner
 * undoes it, and GitLab itself uses the variables too (an environment's URL, a downstream pipeline).
 */
const EXPANDED = /\$|%[A-Za-z_][A-Za-z0-9_]*%/;

/** Writes a dotenv report. */
export function formatGitlab(entries: readonly Entry[]): Uint8Array {
  requireNames("gitlab", entries);
  const lines = requireText(
    "gitlab",
    entries,
    (text) => !/[\0\n]/.test(text) && !STRIPPED.test(text) && !EXPANDED.test(text),
  );
  return new TextEncoder().encode(lines.map(({ name, text }) => `${name}=${text}\n`).join(""));
}
