/**
 * The formats of `coffer import` and `coffer export`. One file per format, loaded only when it is asked for; the rules
 * of each are in docs/interchange.md.
 *
 * What every format keeps: a value is written so that the format's own readers get the same bytes, or it is refused
 * by name. Nothing is changed, dropped or expanded silently. Messages name lines and names, never values.
 */
import { Fault } from "../fault.ts";
import { decodeFile, duplicateNames, refuseAll } from "./checks.ts";

/** One name with its value. */
export interface Entry {
  readonly name: string;
  /** Any bytes. */
  readonly value: Uint8Array;
}

/** What an export may be told besides its entries. */
export interface ExportOptions {
  /** `metadata.name` of a Kubernetes Secret; k8s only, and needed there. */
  readonly secretName?: string;
}

/** The two parts of an export to GitHub Actions. */
export interface GithubExport {
  /** Lines to append to the file `$GITHUB_ENV`. */
  readonly env: Uint8Array;
  /** `::add-mask::` commands, to print on stdout before anything else can print a value. */
  readonly masks: Uint8Array;
}

type Parser = (text: string) => Entry[] | Promise<Entry[]>;
type Formatter = (entries: readonly Entry[], options: ExportOptions) => Uint8Array | Promise<Uint8Array>;

const PARSERS = {
  dotenv: async () => (await import("./dotenv.ts")).parseDotenv,
  json: async () => (await import("./json.ts")).parseJson,
  yaml: async () => (await import("./yaml.ts")).parseYaml,
  csv: async () => (await import("./csv.ts")).parseCsv,
  docker: async () => (await import("./docker.ts")).parseDocker,
  tfvars: async () => (await import("./tfvars.ts")).parseTfvars,
  k8s: async () => (await import("./k8s.ts")).parseK8s,
} satisfies Record<string, () => Promise<Parser>>;

const FORMATTERS = {
  dotenv: async () => (await import("./dotenv.ts")).formatDotenv,
  json: async () => (await import("./json.ts")).formatJson,
  yaml: async () => (await import("./yaml.ts")).formatYaml,
  shell: async () => (await import("./shell.ts")).formatShell,
  docker: async () => (await import("./docker.ts")).formatDocker,
  csv: async () => (await import("./csv.ts")).formatCsv,
  tfvars: async () => (await import("./tfvars.ts")).formatTfvars,
  k8s: async () => (await import("./k8s.ts")).formatK8s,
  gitlab: async () => (await import("./gitlab.ts")).formatGitlab,
  azure: async () => (await import("./azure.ts")).formatAzure,
} satisfies Record<string, () => Promise<Formatter>>;

/** A format that can be read. */
export type ImportFormat = keyof typeof PARSERS;
/** A format that is written as one text. */
export type TextFormat = keyof typeof FORMATTERS;
/** A format that can be written: `github` has two parts, so it goes through {@linkcode formatGithubEntries}. */
export type ExportFormat = TextFormat | "github";

/** Every format that can be read, for help and completion. */
export const IMPORT_FORMATS = Object.keys(PARSERS) as readonly ImportFormat[];
/** Every format that can be written, for help and completion. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [...Object.keys(FORMATTERS) as TextFormat[], "github"];

/**
 * Reads a file's entries, in the file's order.
 * @throws {Fault} CONFIG naming every line and name that is wrong
 */
export async function parseEntries(format: ImportFormat, bytes: Uint8Array): Promise<Entry[]> {
  if (!Object.hasOwn(PARSERS, format)) throw unknownFormat("read", IMPORT_FORMATS);
  const parse: Parser = await PARSERS[format]();
  return await parse(decodeFile(bytes));
}

/**
 * Writes entries, in their order.
 * @throws {Fault} CONFIG for names that the format cannot spell or that come twice, UNSUPPORTED for values that it
 * cannot carry; each lists every name concerned
 */
export async function formatEntries(
  format: TextFormat,
  entries: readonly Entry[],
  options: ExportOptions = {},
): Promise<Uint8Array> {
  if (!Object.hasOwn(FORMATTERS, format)) throw unknownFormat("written as one text", Object.keys(FORMATTERS));
  requireDistinct(entries);
  const write: Formatter = await FORMATTERS[format]();
  return await write(entries, options);
}

/**
 * Writes entries for GitHub Actions.
 * @throws {Fault} as {@linkcode formatEntries}
 */
export async function formatGithubEntries(entries: readonly Entry[]): Promise<GithubExport> {
  requireDistinct(entries);
  const { formatGithub } = await import("./github.ts");
  return formatGithub(entries);
}

/** The format that a file's name suggests, or undefined. `docker` and `k8s` share their endings and are never guessed. */
export function guessFormat(fileName: string): ImportFormat | undefined {
  const base = fileName.split(/[\\/]/).at(-1)?.toLowerCase() ?? "";
  const ending = /\.(json|ya?ml|csv|tfvars)$/.exec(base)?.[1];
  if (ending !== undefined) return ending === "yml" ? "yaml" : ending as ImportFormat;
  return /^\.env(?:\.|$)|\.env$/.test(base) ? "dotenv" : undefined;
}

function requireDistinct(entries: readonly Entry[]): void {
  refuseAll("CONFIG", duplicateNames(entries.map(({ name }) => name)), "give each secret its own name");
}

function unknownFormat(verb: string, known: readonly string[]): Fault {
  return new Fault("USAGE", `that format cannot be ${verb}`, { hint: `use one of ${known.join(", ")}` });
}
