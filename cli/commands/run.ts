import { Fault } from "../../core/fault.ts";
import { parseEntries } from "../../core/interchange/interchange.ts";
import type { Resolved } from "../../core/resolve.ts";
import type { ChosenEntry } from "../../core/sets/chosen.ts";
import { parseSetName } from "../../core/sets/set.ts";
import { command, type Context, offlineFlag, toggle } from "../command.ts";
import { readFileBytes } from "../input.ts";
import { PROJECT_FILE, ProjectFile } from "../project_file.ts";
import type { Secrets } from "../secrets.ts";
import type { ChosenSetsFlags } from "../sets/chosen_sets.ts";
import { setAliases, setFlags } from "../store_flags.ts";
import { templateOf } from "../template.ts";
import { requireWhole } from "../runner/arguments.ts";
import { type Assignment, runAssignment } from "../runner/run.ts";
import { FOLDER_VARIABLE } from "../runner/delivery.ts";
import {
  bindAll,
  bindEntries,
  bindEntry,
  type Binding,
  type FileBinding,
  originsOf,
  parseBinding,
  parseFileBinding,
  requireDistinct,
  type Selection,
} from "../runner/selection.ts";
import { SpawnFailure } from "../runner/spawn_failure.ts";

interface Flags extends ChosenSetsFlags {
  readonly secret?: readonly Binding[];
  readonly all: boolean;
  readonly prefix?: string;
  readonly envFile?: readonly string[];
  readonly file?: readonly FileBinding[];
  readonly fifo?: readonly FileBinding[];
  readonly template?: readonly TemplateFlag[];
  readonly pristine: boolean;
  readonly preserveEnv?: readonly string[] | "all";
  readonly noMask: boolean;
  readonly exec: boolean;
  readonly watch: boolean;
}

interface TemplateFlag {
  readonly input: string;
  readonly output: string;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;

export const run = command<Flags, string[]>({
  brief: "Run a command with secrets in its environment or in files",
  details:
    "What is chosen here is set, else what coffer.toml declares, else every secret of the stack. `db/password` becomes\n" +
    "DB_PASSWORD. All are looked up first, or nothing starts. Files go to a private folder in memory, named in\n" +
    "COFFER_FILES, and are gone when the command ends. Its output is masked: wherever a value would appear, *******\n" +
    "does; at a terminal as well, where it gets a terminal of its own.",
  examples: [
    "run -- npm start",
    "run -s db/password -s api/token=TOKEN -- ./serve",
    "run --prefix db/ --pristine -- env",
    "run --env-file app.env -- ./serve",
    "run --credentials azure --parameters sizes -- ./deploy",
    "run --file tls/key=key.pem -- sh -c 'serve --key \"$COFFER_FILES/key.pem\"'",
    "run --template app.conf.tpl=app.conf -- sh -c 'serve -c \"$COFFER_FILES/app.conf\"'",
    "run --watch -- ./serve",
    "run --exec -- ./serve",
  ],
  flags: {
    ...offlineFlag,
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
    credentials: {
      kind: "parsed",
      parse: parseSetName,
      variadic: true,
      optional: true,
      brief: "Set what a credential set names; of several, the later wins",
      placeholder: "set",
    },
    parameters: {
      kind: "parsed",
      parse: parseSetName,
      variadic: true,
      optional: true,
      brief: "The same with a parameter set",
      placeholder: "set",
    },
    ...setFlags,
    file: {
      kind: "parsed",
      parse: (text: string) => parseFileBinding(text),
      variadic: true,
      optional: true,
      brief: "Put a secret in a file of the private folder; NAME_FILE holds its path",
      placeholder: "name[=path]",
    },
    fifo: {
      kind: "parsed",
      parse: (text: string) => parseFileBinding(text, true),
      variadic: true,
      optional: true,
      brief: "The same with a named pipe, which can be read once",
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
    preserveEnv: {
      kind: "parsed",
      parse: parsePreserved,
      inferEmpty: true,
      optional: true,
      brief: "Let variables that are set already win: all, or these; with --pristine these stay",
      placeholder: "a,b",
    },
    noMask: toggle("Leave the output alone; the command keeps the terminal"),
    exec: toggle("Become the command: same process, output not masked, no files"),
    watch: toggle("Start the command again when what it was given has changed"),
  },
  aliases: { s: "secret", ...setAliases },
  positional: { kind: "array", minimum: 1, parameter: { parse: String, brief: "The command", placeholder: "command" } },
  async run(context, flags, ...args) {
    requireWhole(args);
    requireCompatible(flags);
    try {
      await using secrets = await context.workspace.secrets(flags);
      return await runAssignment(context, assignmentOf(context, flags, secrets, args));
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error;
      context.report.failure(error.fault);
      return error.exitCode;
    }
  },
});

function requireCompatible({ exec, watch, file, fifo, template }: Flags): void {
  if (!exec) return;
  const other = watch ? "--watch" : file ? "--file" : fifo ? "--fifo" : template ? "--template" : undefined;
  if (other) throw needsCoffer(`${other}'s part`);
}

function needsCoffer(part: string): Fault {
  return new Fault("USAGE", `--exec leaves nobody behind who could do ${part}`, {
    hint: "leave --exec out: signals and exit codes pass through without it as well",
  });
}

function assignmentOf(
  { host, workspace }: Context,
  flags: Flags,
  secrets: Secrets,
  args: readonly string[],
): Assignment {
  let wasDeclared = false;
  const declared = async () => {
    const file = isChoice(flags) ? undefined : await ProjectFile.find(host);
    // Started again without it, the command would get every secret of the stack.
    if (wasDeclared && !file) throw new Fault("NOT_FOUND", `${PROJECT_FILE} is not there any more`);
    wasDeclared = file !== undefined;
    return file;
  };
  const sets = async () => {
    if (!flags.credentials && !flags.parameters) return { entries: [], files: [] };
    const { chosenSets } = await import("../sets/chosen_sets.ts");
    return await chosenSets(workspace, flags);
  };
  const lookUp = async () => {
    const file = await declared();
    if (file?.hasFiles && flags.exec) throw needsCoffer("the part of coffer.toml's files");
    if (file) return await file.lookUp(host, secrets);
    const { entries } = await sets();
    const selection = await select(flags, secrets, entries);
    return { selection, resolved: await resolveAll(selection, entries, secrets) };
  };
  return {
    args,
    mask: !flags.noMask,
    exec: flags.exec,
    inheritance: { pristine: flags.pristine, preserve: flags.preserveEnv ?? [] },
    async lookUp() {
      const found = await lookUp();
      // Keys and plugins are there no longer than they are needed; nobody could end them after `--exec`.
      if (!flags.watch) await secrets[Symbol.asyncDispose]();
      return found;
    },
    watched: flags.watch
      ? async () => ({
        folders: await secrets.folders(),
        files: (await declared())?.inputs ??
          [...flags.envFile ?? [], ...(flags.template ?? []).map(({ input }) => input), ...(await sets()).files],
      })
      : undefined,
  };
}

/** Whether something is chosen on the line, instead of by a project file. */
function isChoice({ secret, all, prefix, envFile, credentials, parameters, file, fifo, template }: Flags): boolean {
  const choices = [secret, prefix, envFile, credentials, parameters, file, fifo, template];
  return all || choices.some((given) => given !== undefined);
}

/** With sets, one error names every entry that has no value. */
async function resolveAll(selection: Selection, entries: readonly ChosenEntry[], secrets: Secrets): Promise<Resolved> {
  const origins = originsOf(selection);
  if (entries.length === 0) return await secrets.resolve(origins);
  const { requireEntries } = await import("../../core/sets/chosen.ts");
  return requireEntries(entries, await secrets.lookUp(origins));
}

/** What was chosen on the line; with nothing chosen, every secret of the stack. */
async function select(flags: Flags, secrets: Secrets, ofSets: readonly ChosenEntry[]): Promise<Selection> {
  const { secret = [], envFile = [], template = [] } = flags;
  const files = [...flags.file ?? [], ...flags.fifo ?? []];
  const bindings = [...secret, ...bindEntries(ofSets)];
  for (const file of envFile) {
    const entries = await parseEntries("dotenv", readFileBytes(file, MAX_FILE_BYTES));
    for (const { name, value } of entries) bindings.push(bindEntry(name, new TextDecoder().decode(value)));
  }
  if (flags.all || flags.prefix !== undefined || !isChoice(flags)) {
    const names = await secrets.list();
    bindings.push(...bindAll(names.filter((name) => name.startsWith(flags.all ? "" : flags.prefix ?? ""))));
  }
  const templates = template.map(({ input, output }) => ({
    template: templateOf(readFileBytes(input, MAX_FILE_BYTES), `the template ${input}`),
    path: output,
  }));
  const folder = files.length + templates.length > 0 ? [{ env: FOLDER_VARIABLE, path: "." }] : [];
  return { bindings: requireDistinct(bindings, [...files, ...folder]), files, templates };
}

function parseTemplateFlag(text: string): TemplateFlag {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return { input: text.slice(0, at), output: text.slice(at + 1) };
  throw new Fault("USAGE", `${JSON.stringify(text)} does not say what to render where`, {
    hint: "--template app.conf.tpl=app.conf",
  });
}

/** Nothing: all of them. */
function parsePreserved(text: string): readonly string[] | "all" {
  if (text === "") return "all";
  const names = text.split(",");
  if (names.every((name) => name !== "")) return names;
  throw new Fault("USAGE", "an empty name in --preserve-env", { hint: "--preserve-env=HOME,LANG" });
}
