import { Fault } from "../../core/fault.ts";
import { parseEntries } from "../../core/interchange/interchange.ts";
import { LEAST_MASKED_BYTES, Masker } from "../../core/mask/masker.ts";
import { type EnvName, parseEnvName, type StackName } from "../../core/name.ts";
import { describeReference, type Reference, type Template } from "../../core/reference.ts";
import { resolve, type Resolved } from "../../core/resolve.ts";
import { Secret } from "../../core/secret.ts";
import { command, type CommonFlags, type Context, toggle } from "../command.ts";
import { readFileBytes } from "../input.ts";
import { render, templateOf } from "../template.ts";
import { requireExactArguments } from "../runner/arguments.ts";
import { dropOwnVariables, environmentText, pristineVariables } from "../runner/environment.ts";
import { runProcess, SpawnFailure } from "../runner/process.ts";
import { RamFolder } from "../runner/ram_folder.ts";
import {
  bindAll,
  bindEntry,
  type Binding,
  type FileBinding,
  parseBinding,
  parseFileBinding,
  requireDistinct,
} from "../runner/selection.ts";
import { OpenStacks } from "../open_stacks.ts";

interface Flags extends CommonFlags {
  readonly secret?: readonly Binding[];
  readonly all: boolean;
  readonly prefix?: string;
  readonly envFile?: readonly string[];
  readonly file?: readonly FileBinding[];
  readonly template?: readonly TemplateFlag[];
  readonly pristine: boolean;
  readonly noMask: boolean;
}

/** The flags with an empty list for each that was not given. */
type Choices = Flags & Required<Pick<Flags, "secret" | "envFile" | "file" | "template">>;

interface TemplateFlag {
  readonly input: string;
  readonly output: string;
}

const FOLDER_VARIABLE = parseEnvName("COFFER_FILES");
const MAX_FILE_BYTES = 16 * 1024 * 1024;

export const run = command<Flags, string[]>({
  brief: "Run a command with secrets in its environment or in files",
  details:
    "Every secret of the stack is set unless some are chosen. `db/password` becomes DB_PASSWORD. All are looked up first,\n" +
    "or nothing starts. Files go to a private folder in memory, named in COFFER_FILES, and are gone when the command\n" +
    "ends. Its output is masked: wherever a value would appear, ******* does.",
  examples: [
    "run -- npm start",
    "run -s db/password -s api/token=TOKEN -- ./serve",
    "run --prefix db/ --pristine -- env",
    "run --env-file app.env -- ./serve",
    "run --file tls/key=key.pem -- sh -c 'serve --key \"$COFFER_FILES/key.pem\"'",
    "run --template app.conf.tpl=app.conf -- sh -c 'serve -c \"$COFFER_FILES/app.conf\"'",
  ],
  flags: {
    secret: {
      kind: "parsed",
      parse: parseBinding,
      variadic: true,
      optional: true,
      brief: "Set this secret, as NAME's variable or as ENV",
      placeholder: "name[=env]",
    },
    all: toggle("Set every secret of the stack, besides what else is chosen"),
    prefix: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Set every secret that starts so",
      placeholder: "p",
    },
    envFile: {
      kind: "parsed",
      parse: String,
      variadic: true,
      optional: true,
      brief: "Set a dotenv file's variables; coffer:// values are looked up",
      placeholder: "file",
    },
    file: {
      kind: "parsed",
      parse: parseFileBinding,
      variadic: true,
      optional: true,
      brief: "Put a secret in a file of the private folder; NAME_FILE holds its path",
      placeholder: "name[=path]",
    },
    template: {
      kind: "parsed",
      parse: parseTemplateFlag,
      variadic: true,
      optional: true,
      brief: "Render a template into a file of the private folder",
      placeholder: "in=out",
    },
    pristine: toggle("Give the command these variables and a few such as PATH only"),
    noMask: toggle("Leave the output alone; the command keeps the terminal"),
  },
  aliases: { s: "secret" },
  positional: { kind: "array", minimum: 1, parameter: { parse: String, brief: "The command", placeholder: "command" } },
  async run(context, flags, ...args) {
    try {
      const { secret = [], envFile = [], file = [], template = [] } = flags;
      const choices: Choices = { ...flags, secret, envFile, file, template };
      return await start(context, choices, args as [string, ...string[]]);
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error;
      context.report.failure(error.fault);
      return error.exitCode;
    }
  },
});

async function start(context: Context, flags: Choices, args: [string, ...string[]]): Promise<number> {
  requireExactArguments(args);
  using stacks = new OpenStacks(context.workspace, flags);
  const needsFolder = flags.file.length > 0 || flags.template.length > 0;
  const paths = [...flags.file, ...(needsFolder ? [{ env: FOLDER_VARIABLE, path: "." }] : [])];
  const bindings = requireDistinct(await chooseBindings(flags, stacks), paths);
  const templates = flags.template.map(({ input, output }) => ({
    template: templateOf(readFileBytes(input, MAX_FILE_BYTES), `the template ${input}`),
    output,
  }));
  const references = [
    ...bindings.map(({ from }) => from).filter((from) => typeof from !== "string"),
    ...flags.file.map(({ from }) => from),
    ...templates.flatMap(({ template }) => template.filter((part) => typeof part !== "string")),
  ];
  using resolved = await resolve(references, (stack: StackName | undefined) => stacks.get(stack));
  const values = bindings.map(({ env, from }) =>
    [env, typeof from === "string" ? Secret.fromText(from) : resolved.of(from)] as const
  );
  const env = environmentText(new Map<EnvName, Secret>(values));
  using folder = needsFolder ? await RamFolder.make(context.host) : undefined;
  if (folder) {
    for (const [name, path] of writeFiles(folder, flags.file, templates, resolved)) env.set(name, path);
  }
  warnUnmasked(context, references, resolved, flags.noMask);
  dropOwnVariables();
  return await runProcess({
    command: args,
    env: flags.pristine ? new Map([...pristineVariables(context.host), ...env]) : env,
    pristine: flags.pristine,
    masker: flags.noMask ? undefined : new Masker(resolved.values),
  });
}

/** What was chosen on the line; with nothing chosen, every secret of the stack. */
async function chooseBindings(flags: Choices, stacks: OpenStacks): Promise<Binding[]> {
  const bindings = [...flags.secret];
  for (const file of flags.envFile) {
    const entries = await parseEntries("dotenv", readFileBytes(file, MAX_FILE_BYTES));
    for (const { name, value } of entries) bindings.push(bindEntry(name, new TextDecoder().decode(value)));
  }
  const nothingChosen = bindings.length === 0 && flags.file.length === 0 && flags.template.length === 0;
  if (flags.all || flags.prefix !== undefined || nothingChosen) {
    const names = await (await stacks.get(undefined)).list();
    bindings.push(...bindAll(names.filter((name) => name.startsWith(flags.all ? "" : flags.prefix ?? ""))));
  }
  return bindings;
}

/** Returns the variables that hold the files' paths. */
function writeFiles(
  folder: RamFolder,
  files: readonly FileBinding[],
  templates: readonly { readonly template: Template; readonly output: string }[],
  resolved: Resolved,
): Map<string, string> {
  const paths = new Map<string, string>([[FOLDER_VARIABLE, folder.path]]);
  for (const { path, from, env } of files) paths.set(env, resolved.of(from).use((bytes) => folder.write(path, bytes)));
  for (const { template, output } of templates) {
    const rendered = render(template, resolved);
    folder.write(output, rendered);
    rendered.fill(0);
  }
  return paths;
}

function warnUnmasked(
  { report }: Context,
  references: readonly Reference[],
  resolved: Resolved,
  noMask: boolean,
): void {
  if (noMask) return;
  const short = references.filter((reference) => resolved.of(reference).size < LEAST_MASKED_BYTES);
  if (short.length === 0) return;
  const names = [...new Set(short.map(describeReference))].join(", ");
  report.warning(`too short to be masked in the output: ${names}`);
}

function parseTemplateFlag(text: string): TemplateFlag {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return { input: text.slice(0, at), output: text.slice(at + 1) };
  throw new Fault("USAGE", `${JSON.stringify(text)} does not say what to render where`, {
    hint: "--template app.conf.tpl=app.conf",
  });
}
