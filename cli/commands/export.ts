import { Fault } from "../../core/fault.ts";
import {
  type Entry,
  EXPORT_FORMATS,
  type ExportFormat,
  formatEntries,
  formatGithubEntries,
} from "../../core/interchange/interchange.ts";
import { GITLAB_LIMITS } from "../../core/interchange/gitlab.ts";
import { envNameOf, type SecretName } from "../../core/name.ts";
import { command, type CommonFlags, type Context, offlineFlag } from "../command.ts";
import { appendPrivate, refuseOpenStdout, writePrivate } from "../plaintext_output.ts";

interface Flags extends CommonFlags {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly prefix?: string;
  readonly secretName: string;
}

/** These name variables, so `db/password` is written as DB_PASSWORD; the others keep the secrets' names. */
const NAMES_VARIABLES: ReadonlySet<ExportFormat> = new Set(
  ["dotenv", "shell", "docker", "tfvars", "github", "gitlab", "azure"],
);

export const exportCommand = command<Flags>({
  brief: "Print secrets as plaintext in another tool's format",
  details:
    "Writes to stdout, or with -o to a file that only you can read. `github` appends to $GITHUB_ENV and prints\n" +
    "::add-mask:: lines, `azure` prints ##vso[…] lines, `gitlab` is a dotenv report. Prefer\n" +
    "`coffer run` and `coffer inject`, which leave no plaintext behind.",
  examples: [
    "export -f json",
    'eval "$(coffer export -f shell)"',
    "export -f dotenv -o .env",
    "export -f k8s --prefix app/",
  ],
  flags: {
    ...offlineFlag,
    format: { kind: "enum", values: EXPORT_FORMATS, default: "dotenv", brief: "The format to write" },
    output: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Write to this file, mode 600",
      placeholder: "file",
    },
    prefix: { kind: "parsed", parse: String, optional: true, brief: "Only secrets that start so", placeholder: "p" },
    secretName: { kind: "parsed", parse: String, default: "coffer", brief: "k8s: the Secret's metadata.name" },
  },
  aliases: { f: "format", o: "output" },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const toStdout = flags.output === undefined && flags.format !== "github";
    if (toStdout) await refuseOpenStdout();
    await using stack = await context.workspace.opened(flags);
    const listed = (await stack.listable.list()).filter((name) => name.startsWith(flags.prefix ?? ""));
    const opened = await stack.find(listed);
    const names = listed.filter((name) => opened.has(name)); // those that were not removed meanwhile
    const spelt = spell(names, flags.format);
    const entries = names.map((name): Entry => ({ name: spelt.get(name)!, value: opened.get(name)!.value.reveal() }));
    try {
      await write(context, flags, entries);
    } finally {
      for (const { value } of entries) value.fill(0);
      for (const { value } of opened.values()) value.dispose();
    }
  },
});

async function write({ report, host }: Context, flags: Flags, entries: readonly Entry[]): Promise<void> {
  const count = `${entries.length} ${entries.length === 1 ? "secret" : "secrets"}`;
  if (flags.format === "github") {
    const { env, masks } = await formatGithubEntries(entries);
    const file = flags.output ?? host.env("GITHUB_ENV");
    if (!file) {
      throw new Fault("USAGE", "GITHUB_ENV is not set", { hint: "run this in a GitHub Actions step, or give -o" });
    }
    report.bytes(masks); // first: from here on the log masks what the next steps print
    appendPrivate(file, env);
    report.warning(`wrote ${count} as plaintext to ${file}`);
    return;
  }
  const bytes = await formatEntries(flags.format, entries, { secretName: flags.secretName });
  try {
    if (flags.output === undefined) report.bytes(bytes);
    else writePrivate(flags.output, bytes);
    report.warning(`wrote ${count} as plaintext to ${flags.output ?? "stdout"}`);
    if (flags.format === "gitlab") warnOfLimits(report, bytes.length, entries.length);
  } finally {
    bytes.fill(0);
  }
}

/** A warning only: an instance's administrator may allow more. */
function warnOfLimits(report: Context["report"], bytes: number, variables: number): void {
  if (bytes <= GITLAB_LIMITS.bytes && variables <= GITLAB_LIMITS.variables) return;
  const allowed = `${GITLAB_LIMITS.variables} variables in ${GITLAB_LIMITS.bytes} bytes`;
  report.warning(`GitLab may refuse ${variables} variables in ${bytes} bytes: every instance takes ${allowed}`);
}

/** The names to write. @throws {Fault} CONFLICT naming every two that would be spelt alike */
function spell(names: readonly SecretName[], format: ExportFormat): Map<SecretName, string> {
  const spelt = new Map(names.map((name) => [name, NAMES_VARIABLES.has(format) ? envNameOf(name) as string : name]));
  const alike = [...Map.groupBy(names, (name) => spelt.get(name)!)].filter(([, group]) => group.length > 1);
  if (alike.length === 0) return spelt;
  const described = alike.map(([variable, group]) => `${variable} (${group.join(" and ")})`).join(", ");
  throw new Fault("CONFLICT", `several secrets would be written as ${described}`, {
    hint: "export a part with --prefix, or use a format that keeps names: -f json",
  });
}
