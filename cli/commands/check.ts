import { Fault } from "../../core/fault.ts";
import type { SecretName, StackName } from "../../core/name.ts";
import { describeReference, type Reference } from "../../core/reference.ts";
import type { Check } from "../../core/requirements/check.ts";
import { unmetRequirements } from "../../core/requirements/unmet.ts";
import { command, type CommonFlags, type Context, offlineFlag } from "../command.ts";
import { OpenStacks } from "../open_stacks.ts";
import { environmentOf, PROJECT_FILE, ProjectFile } from "../project_file.ts";

export const check = command<CommonFlags>({
  brief: "Check that what coffer.toml declares is there and keeps its rules",
  details:
    "Prints a line for each declared name, and no values. Needs the passphrase only when a secret has a rule, or a field\n" +
    "of one is declared. Exits with 4 when something is missing, with 3 when a value is not valid.",
  examples: ["check", "check --stack prod", "check --json"],
  flags: offlineFlag,
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const file = await ProjectFile.find(context.host);
    if (!file) {
      throw new Fault("NOT_FOUND", `there is no ${PROJECT_FILE} here or in a folder above`, {
        hint: `printf '[env]\\nDATABASE_URL = { secret = "db/url" }\\n' > ${PROJECT_FILE}`,
      });
    }
    const checks = await checksOf(file, context, flags);
    const unmet = unmetRequirements(checks, PROJECT_FILE);
    context.report.data({ ok: unmet === undefined, checks }, () => lines(checks));
    if (unmet) throw unmet;
  },
});

async function checksOf(file: ProjectFile, { workspace, host }: Context, flags: CommonFlags): Promise<Check[]> {
  const listed = new Map<StackName | undefined, ReadonlySet<SecretName>>();
  for (const stack of new Set(file.references.map(({ stack }) => stack))) {
    listed.set(stack, new Set(await workspace.names(stack ? { ...flags, stack } : flags)));
  }
  const exists = ({ stack, name }: Reference) => listed.get(stack)!.has(name);
  const toOpen = file.opened.filter(exists);
  const opened = new Set(toOpen.map(describeReference));
  await using stacks = new OpenStacks(workspace, flags);
  using resolved = await stacks.lookUp(toOpen);
  return file.check({
    has: (reference) => opened.has(describeReference(reference)) ? !!resolved.find(reference) : exists(reference),
    valueOf: (reference) => resolved.find(reference),
    environment: environmentOf(host),
  });
}

function lines(checks: readonly Check[]): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.map(({ name, source, from, status, rule }) => {
    const broken = rule === undefined ? "" : `, breaks: ${rule}`;
    return `${status.padEnd(7)}  ${name.padEnd(width)}  ${source}${from === undefined ? "" : ` ${from}`}${broken}`;
  });
}
