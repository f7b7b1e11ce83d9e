/** The user's editor, on a file in memory. */
import { Fault } from "../core/fault.ts";
import { Secret } from "../core/secret.ts";
import type { Context } from "./command.ts";
import { readFileBytes } from "./input.ts";
import { Environment } from "./runner/environment.ts";
import { Guard } from "./runner/guard.ts";
import { startPortable } from "./runner/portable_command.ts";
import { RamFolder } from "./runner/ram_folder.ts";
import { forwardSignals, ignoredSignals } from "./runner/signals.ts";
import { SpawnFailure } from "./runner/spawn_failure.ts";

/**
 * Has a text edited, in a private file in memory, until what was saved can be read: the file goes with the command, and
 * somebody who has typed a comma too many does not want to type all of it again. Where nobody can be asked, the first
 * fault is final.
 * @param name of the file
 * @param limit of what may be saved, in bytes
 * @param read of what was saved, which it disposes of or returns
 * @returns what `read` does; undefined when nothing was changed
 * @throws {Fault} that of `read`; USAGE when the editor fails
 */
export async function edited<T>(
  context: Context,
  name: string,
  content: Secret,
  limit: number,
  read: (saved: Secret) => T | Promise<T>,
): Promise<T | undefined> {
  using folder = await RamFolder.make(context.host);
  using _guard = new Guard(folder.path);
  const path = content.use((bytes) => folder.write(name, bytes));
  for (;;) {
    await runEditor(context, path);
    const saved = new Secret(readFileBytes(path, limit));
    if (saved.equals(content)) return void saved.dispose();
    try {
      return await read(saved);
    } catch (error) {
      saved.dispose();
      const asks = error instanceof Fault && Deno.stdin.isTerminal();
      if (!asks || context.terminal.confirm(`${error.message}\nEdit it again?`) !== true) throw error;
    }
  }
}

/** The editor is a shell command, as git and crontab take it: it may have arguments. */
async function runEditor({ host }: Context, path: string): Promise<void> {
  const editor = host.env("VISUAL") || host.env("EDITOR") || "vi";
  const argv = ["sh", "-c", `${editor} "$1"`, "sh", path].map((word) => new TextEncoder().encode(word));
  using signals = forwardSignals("shared group", ignoredSignals());
  let code: number;
  try {
    // Nothing fancier: an editor with windows may leave processes running, and they are none of our business.
    const started = startPortable({ argv, environment: Environment.inherited() }, false);
    signals.attach(started);
    code = await started.exit;
  } catch (error) {
    throw error instanceof SpawnFailure ? error.fault : error;
  }
  if (code !== 0) {
    throw new Fault("USAGE", `the editor ended with ${code}; nothing was changed`, {
      hint: "set EDITOR to your editor",
    });
  }
}
