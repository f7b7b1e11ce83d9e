/**
 * Azure Pipelines: logging commands that set secret variables for the job's next steps, to print on stdout.
 * https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
 */
import { type NameRule, refuseAll, requireNames, requireText } from "./checks.ts";
import type { Entry } from "./interchange.ts";

/** Tasks and scripts do not get to see variables with a reserved prefix, whatever their case. */
const NAME: NameRule = {
  pattern: /^(?!endpoint|input|path|secret|securefile)[A-Z_][A-Z0-9_]*$/i,
  hint:
    "use letters, digits and `_`, not starting with a digit, nor with ENDPOINT, INPUT, PATH, SECRET or SECUREFILE, " +
    "which Azure Pipelines keeps to itself",
};

/** `$(name)` becomes that variable's value, if there is one, wherever this variable is used. */
const MACRO = /\$\([^)]+\)/;

/** Writes one command per variable. */
export function formatAzure(entries: readonly Entry[]): Uint8Array {
  requireNames("azure", entries, NAME);
  const alike = [...Map.groupBy(entries, ({ name }) => name.toUpperCase()).values()].filter(({ length }) => length > 1);
  const problems = alike.map((group) => `${group.map(({ name }) => name).join(" and ")} would be one variable`);
  refuseAll("CONFIG", problems, "Azure Pipelines does not tell upper case from lower case: rename all but one");
  // The agent refuses a secret of several lines, since it could not mask it.
  const texts = requireText("azure", entries, (text) => !/[\0\n]/.test(text) && !MACRO.test(text));
  const commands = texts.map(({ name, text }) =>
    `##vso[task.setvariable variable=${name};issecret=true]${escapeCommand(text)}\n`
  );
  return new TextEncoder().encode(commands.join(""));
}

/** The command that has the agent mask `line`, which is text of one line, from here on. */
export function azureMask(line: string): string {
  return `##vso[task.setsecret]${escapeCommand(line)}\n`;
}

/** The agent's own escapes, all of them: it also masks a value in the form that it has inside of a command. */
function escapeCommand(text: string): string {
  return text
    .replaceAll("%", "%AZP25") // first: the others bring their own
    .replaceAll(";", "%3B")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A")
    .replaceAll("]", "%5D");
}
