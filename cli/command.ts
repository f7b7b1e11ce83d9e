/** How a command is declared: flags and arguments as data, so that help, completion and parsing have one source. */
import { buildCommand, type Command, type StricliProcess, type TypedCommandParameters } from "@stricli/core";
import { Fault } from "../core/fault.ts";
import { parseSecretName, parseStackName, type StackName } from "../core/name.ts";
import type { Workspace } from "./compose.ts";
import type { Host } from "./host.ts";
import type { Report } from "./report.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is given. */
export interface Context {
  readonly process: StricliProcess;
  readonly host: Host;
  readonly report: Report;
  readonly terminal: Terminal;
  readonly workspace: Workspace;
}

/** Flags that every command takes. */
export interface CommonFlags {
  readonly stack?: StackName;
  readonly json: boolean;
  readonly noColor: boolean;
  readonly passphraseFd?: number;
  /** Of commands that read secrets; see `offlineFlag`. */
  readonly offline?: boolean;
}

/** The library's own constraint, which lets an interface be a record of flags. */
type Flags<F> = Readonly<Partial<Record<keyof F, unknown>>> & CommonFlags;

interface Spec<FLAGS extends Flags<FLAGS>, ARGS extends readonly unknown[]> {
  readonly brief: string;
  readonly details?: string;
  /** Shown by `--help`; `coffer` is put in front unless the line calls it somewhere itself. */
  readonly examples: readonly string[];
  readonly flags: Omit<FlagSpecs<FLAGS, ARGS>, keyof CommonFlags>;
  readonly aliases?: Readonly<Record<string, Exclude<keyof FLAGS, keyof CommonFlags>>>;
  readonly positional: TypedCommandParameters<FLAGS, ARGS, Context>["positional"];
  /** Returns the exit code when it is not 0. Throws a `Fault` for everything that goes wrong. */
  run(context: Context, flags: FLAGS, ...args: ARGS): Promise<number | void> | number | void;
}

type FlagSpecs<FLAGS extends Flags<FLAGS>, ARGS extends readonly unknown[]> = TypedCommandParameters<
  FLAGS,
  ARGS,
  Context
>["flags"];

const commonFlags = {
  stack: { kind: "parsed", parse: parseStackName, optional: true, brief: "The stack to use", placeholder: "name" },
  json: { kind: "boolean", withNegated: false, default: false, brief: "Print JSON, errors included" },
  noColor: { kind: "boolean", withNegated: false, default: false, brief: "Print without colours" },
  passphraseFd: {
    kind: "parsed",
    parse: parseDescriptor,
    optional: true,
    brief: "Read the passphrase from this file descriptor",
    placeholder: "n",
  },
} as const;

export function command<FLAGS extends Flags<FLAGS>, ARGS extends readonly unknown[] = []>(
  spec: Spec<FLAGS, ARGS>,
): Command<Context> {
  const parameters = {
    flags: { ...spec.flags, ...commonFlags },
    positional: markedArguments(spec.positional as Positional),
    ...(spec.aliases && { aliases: spec.aliases }),
  } as unknown as TypedCommandParameters<FLAGS, ARGS, Context>;
  const examples = spec.examples.map((example) => `  ${/\bcoffer /.test(example) ? "" : "coffer "}${example}`).join(
    "\n",
  );
  return buildCommand<FLAGS, ARGS, Context>(
    {
      parameters,
      docs: {
        brief: spec.brief,
        fullDescription: `${spec.brief}.${spec.details ? `\n${spec.details}` : ""}\n\nEXAMPLES\n${examples}`,
      },
      async func(this: Context, flags: FLAGS, ...args: ARGS) {
        this.report.configure({ json: flags.json, color: !flags.noColor && !this.host.env("NO_COLOR") });
        try {
          this.process.exitCode = await spec.run(this, flags, ...args) ?? 0;
        } catch (error) {
          throw new CommandFailure(error);
        }
      },
    } as Parameters<typeof buildCommand<FLAGS, ARGS, Context>>[0],
  );
}

/** Tells what a command threw from what its parser threw. */
export class CommandFailure extends Error {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super("the command failed");
    this.cause = cause;
  }
}

/** Tells what the parser of an argument threw from what a flag's threw: the library names both alike. */
export class WrongArgument extends Error {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super("an argument is wrong");
    this.cause = cause;
  }
}

interface Argument {
  readonly parse: (this: Context, text: string) => unknown;
}

type Positional =
  | { readonly kind: "tuple"; readonly parameters: readonly Argument[] }
  | { readonly kind: "array"; readonly parameter: Argument };

function markedArguments(positional: Positional): Positional {
  const marked = (argument: Argument): Argument => ({
    ...argument,
    parse(text) {
      try {
        return argument.parse.call(this, text);
      } catch (error) {
        throw new WrongArgument(error);
      }
    },
  });
  return positional.kind === "tuple"
    ? { ...positional, parameters: positional.parameters.map(marked) }
    : { ...positional, parameter: marked(positional.parameter) };
}

/** The argument that names a secret; completion proposes those of the stack, which takes no passphrase. */
export function secretNameArgument(brief = "The secret's name") {
  return {
    parse: parseSecretName,
    brief,
    placeholder: "name",
    async proposeCompletions(this: Context, partial: string): Promise<readonly string[]> {
      try {
        const project = await this.workspace.project();
        const names = await project.store(this.workspace.stackName({}, project)).list("secret");
        return names.filter((name) => name.startsWith(partial));
      } catch {
        return []; // no stack here: nothing to propose
      }
    },
  };
}

/** For commands that read secrets, and can do so without the provider. */
export const offlineFlag = {
  offline: toggle("Do not ask the stack's provider: take what it gave before, from the cache"),
};

/** A flag without a value. */
export function toggle(brief: string) {
  return { kind: "boolean", withNegated: false, default: false, brief } as const;
}

/** @throws {Fault} USAGE unless `text` is a whole number of at least `least` */
export function parseCount(text: string, least = 0): number {
  const count = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : -1;
  if (count >= least) return count;
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a whole number of ${least} or more`, {
    hint: `it takes a whole number of ${least} or more`,
  });
}

function parseDescriptor(text: string): number {
  return parseCount(text);
}
