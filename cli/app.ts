/**
 * The command table, and dispatch to one command. Only the command that was asked for is loaded; help, completion and
 * a misspelt command load them all.
 */
import {
  AliasNotFoundError,
  ArgumentParseError,
  ArgumentScannerError,
  buildApplication,
  buildRouteMap,
  type Command,
  EnumValidationError,
  FlagNotFoundError,
  proposeCompletions,
  type RouteMap,
  run,
  text_en,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { Fault } from "../core/fault.ts";
import { SEPARATOR_HINT } from "./runner/arguments.ts";
import { CommandFailure, type Context, WrongArgument } from "./command.ts";

type Target = Command<Context> | RouteMap<Context>;

/** In the order of `coffer --help`. */
const COMMANDS: Readonly<Record<string, () => Promise<Target>>> = {
  init: async () => (await import("./commands/init.ts")).init,
  set: async () => (await import("./commands/set.ts")).set,
  get: async () => (await import("./commands/get.ts")).get,
  list: async () => (await import("./commands/list.ts")).list,
  history: async () => (await import("./commands/history.ts")).history,
  rollback: async () => (await import("./commands/rollback.ts")).rollback,
  rm: async () => (await import("./commands/rm.ts")).rm,
  edit: async () => (await import("./commands/edit.ts")).edit,
  import: async () => (await import("./commands/import.ts")).importCommand,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  run: async () => (await import("./commands/run.ts")).run,
  check: async () => (await import("./commands/check.ts")).check,
  mask: async () => (await import("./commands/mask.ts")).mask,
  inject: async () => (await import("./commands/inject.ts")).inject,
  serve: async () => (await import("./commands/serve.ts")).serve,
  status: async () => (await import("./commands/status.ts")).status,
  lock: async () => (await import("./commands/lock.ts")).lock,
  unlock: async () => (await import("./commands/unlock.ts")).unlock,
  stop: async () => (await import("./commands/stop.ts")).stop,
  token: async () => (await import("./commands/token.ts")).token,
  stack: async () => (await import("./commands/stack.ts")).stack,
  provider: async () => (await import("./commands/provider.ts")).provider,
  vault: async () => (await import("./commands/vault.ts")).vault,
  plugin: async () => (await import("./commands/plugin.ts")).plugin,
  credentials: async () => (await import("./commands/credentials.ts")).credentials,
  parameters: async () => (await import("./commands/parameters.ts")).parameters,
  passphrase: async () => (await import("./commands/passphrase.ts")).passphrase,
  rekey: async () => (await import("./commands/rekey.ts")).rekeyCommand,
  audit: async () => (await import("./commands/audit.ts")).audit,
  verify: async () => (await import("./commands/verify.ts")).verifyCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  version: async () => (await import("./commands/version.ts")).version,
  completion: async () => (await import("./commands/completion.ts")).completion,
};

/**
 * Runs the command line `args`.
 * @returns the exit code
 * @throws whatever the command threw, and a `Fault` USAGE when the arguments are wrong
 */
export async function runApp(args: readonly string[], context: Context): Promise<number> {
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    return "";
  };
  const wanted = Object.hasOwn(COMMANDS, args[0] ?? "") ? [args[0]!] : Object.keys(COMMANDS);
  await run(await application(wanted, fail, args), args, context);
  if (failure !== undefined) throw failure;
  return Number(context.process.exitCode ?? 0);
}

/** What could come next on a command line whose last word is being typed. */
export async function complete(words: readonly string[], context: Context): Promise<readonly string[]> {
  const app = await application(Object.keys(COMMANDS), () => "");
  const proposals = await proposeCompletions(app, words, context);
  // Flags only where one is begun: elsewhere they would hide the files that shells propose when there is nothing else.
  const flagBegun = words.at(-1)?.startsWith("-") ?? false;
  return proposals.map(({ completion }) => completion).filter((text) => flagBegun || !text.startsWith("-"));
}

async function application(names: readonly string[], fail: (error: unknown) => string, args: readonly string[] = []) {
  const loaded = await Promise.all(names.map(async (name) => [name, await COMMANDS[name]!()] as const));
  // Of a misspelt command of a group, as `stack lst`, the library corrects the last word.
  const called = names.length === 1 ? `coffer ${names[0]}` : "coffer";
  const root = buildRouteMap<string, Context>({
    routes: Object.fromEntries(loaded),
    docs: { brief: "Keeps secrets sealed on disk and hands them to processes only while they run" },
  });
  return buildApplication(root, {
    name: "coffer",
    versionInfo: { getCurrentVersion: async () => (await import("./version.ts")).VERSION },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { disableAnsiColor: true, onlyRequiredInUsageLine: true },
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error) =>
          fail(isUnseparated(error, args) ? new Fault("USAGE", NO_SUCH_FLAG, { hint: SEPARATOR_HINT }) : usage(error)),
        noCommandRegisteredForInput: ({ input, corrections }) =>
          fail(
            new Fault("USAGE", `there is no command ${JSON.stringify(input)}`, {
              // The library puts each between backticks.
              hint: corrections.length > 0
                ? `did you mean: ${called} ${corrections.join(`, ${called} `).replaceAll("`", "")}`
                : `${called} --help`,
            }),
          ),
        exceptionWhileRunningCommand: (error) => fail(error instanceof CommandFailure ? error.cause : error),
        exceptionWhileLoadingCommandFunction: fail,
        exceptionWhileLoadingCommandContext: fail,
        commandErrorResult: fail,
      },
    },
  });
}

/** Whether a flag that we do not have is likely to be one of the command that `run` is to run. */
function isUnseparated(error: unknown, args: readonly string[]): boolean {
  const isUnknownFlag = error instanceof FlagNotFoundError || error instanceof AliasNotFoundError;
  return isUnknownFlag && args[0] === "run" && !args.includes("--");
}

/**
 * A parser's complaint as a fault. It does not repeat the argument: that may be a value typed by mistake, as in
 * `coffer set NAME=value`, and what a command prints ends up in logs.
 */
function usage(error: unknown): Fault {
  if (!(error instanceof ArgumentScannerError)) return new Fault("USAGE", "the arguments are not understood", HELP);
  return new Fault("USAGE", complaint(error), hintFor(error));
}

const NO_SUCH_FLAG = "there is no such flag";
const HELP = { hint: "see --help" };

function complaint(error: ArgumentScannerError): string {
  if (error instanceof UnexpectedPositionalError) return `too many arguments: ${error.expectedCount} expected`;
  if (error instanceof UnsatisfiedPositionalError) return `the argument <${error.placeholder}> is missing`;
  if (error instanceof FlagNotFoundError || error instanceof AliasNotFoundError) return NO_SUCH_FLAG;
  if (error instanceof UnsatisfiedFlagError) return `${flag(error.externalFlagName)} wants a value`;
  if (error instanceof UnexpectedFlagError) return `${flag(error.externalFlagName)} is given more than once`;
  if (error instanceof EnumValidationError) return `${flag(error.externalFlagName)} does not know that value`;
  if (error instanceof ArgumentParseError) {
    const { externalFlagNameOrPlaceholder: name, exception } = error;
    return exception instanceof WrongArgument
      ? `the argument <${name}> is wrong`
      : `the value of ${flag(name)} is wrong`;
  }
  return "the arguments are not understood";
}

function hintFor(error: ArgumentScannerError): { hint: string } {
  if (error instanceof EnumValidationError) return { hint: `it takes one of: ${error.values.join(", ")}` };
  if (error instanceof FlagNotFoundError && error.corrections.length > 0) {
    return { hint: `did you mean ${error.corrections.map(flag).join(" or ")}` };
  }
  if (error instanceof ArgumentParseError) {
    const thrown = error.exception instanceof WrongArgument ? error.exception.cause : error.exception;
    if (thrown instanceof Fault && thrown.hint) return { hint: thrown.hint };
  }
  if (error instanceof UnexpectedPositionalError) return { hint: "quote an argument that contains spaces; see --help" };
  return HELP;
}

/** A flag as it is typed. */
function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
