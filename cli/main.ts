/** The command line's entry: the one place that exits. */
import { complete, runApp } from "./app.ts";
import type { Context } from "./command.ts";
import { Workspace } from "./compose.ts";
import { denoHost } from "./host.ts";
import { makeUndumpable } from "./native/process_state.ts";
import { keepDebuggerClosed } from "./native/user_signal.ts";
import { operationOf } from "./operation.ts";
import { dropUnneeded } from "./permissions.ts";
import { pluginStoreIn } from "./plugin/key.ts";
import { OutputClosed, Report } from "./report.ts";
import { Interrupted, Terminal } from "./terminal.ts";

/** What `run` exits with when it fails itself, so that a script can tell it from the command's own failure. */
const RUN_FAILED = 125;

async function main(args: readonly string[]): Promise<number> {
  makeUndumpable();
  void keepDebuggerClosed();
  const host = denoHost();
  const report = new Report(Deno.stdout, Deno.stderr);
  const terminal = new Terminal();
  dropUnneeded(args, host, terminal);
  // The parser prints help through this, and would swallow what it throws.
  let unprinted: unknown;
  const print = (text: string) => {
    try {
      report.bytes(new TextEncoder().encode(text));
    } catch (error) {
      unprinted ??= error;
    }
  };
  const context: Context = {
    host,
    report,
    terminal,
    workspace: new Workspace(host, terminal, operationOf(args), (text) => report.warning(text)),
    process: { stdout: { write: print }, stderr: { write: () => {} } },
  };
  try {
    // The parser reports its own errors through `report`, which needs to know the form before the flags are parsed.
    const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
    report.configure({ json: own.includes("--json"), color: !own.includes("--no-color") && !host.env("NO_COLOR") });
    // What the completion scripts call; not a command of the table, since it is not for people.
    if (args[0] === "__complete") {
      for (const proposal of await complete(args.slice(1), context)) report.line(proposal);
      return 0;
    }
    const store = pluginStoreIn(args, host);
    if (store !== undefined) return await (await import("./plugin/serve_plugin.ts")).servePlugin(store, context);
    const code = await runApp(args, context);
    if (unprinted !== undefined) throw unprinted;
    return code;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    if (error instanceof Interrupted) return error.exitCode;
    const code = report.failure(error);
    return args[0] === "run" ? RUN_FAILED : code;
  }
}

// Not from the module's own code: V8 notes where an error was thrown from, and for that parses all functions on the
// stack again. The module is one, with all others in it: 12 ms for the first error, which is often a missing file.
Deno.exit(await Promise.resolve(Deno.args).then(main));
