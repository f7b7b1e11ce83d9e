import { createStack } from "../../core/stack/create.ts";
import { command, type CommonFlags, type Context, parseCount, toggle } from "../command.ts";
import { DEFAULT_STACK } from "../compose.ts";
import { choosePassphrase } from "../new_passphrase.ts";

interface Flags extends CommonFlags {
  readonly workFactor?: number;
  readonly generatePassphrase: boolean;
  readonly home: boolean;
}

/** Flags of every command that makes a stack. */
export const newStackFlags = {
  workFactor: {
    kind: "parsed",
    parse: parseCount,
    optional: true,
    brief: "log2 of scrypt's cost, 10 to 20 (default 17)",
    placeholder: "logN",
  },
  generatePassphrase: toggle("Make a strong passphrase and print it"),
} as const;

export const init = command<Flags>({
  brief: "Make a stack here, with its own random key under a passphrase",
  details: "The stack lives in .coffer/, which is safe to commit. Its name is `dev` unless --stack says otherwise.",
  examples: ["init", "init --generate-passphrase", "init --stack prod --work-factor 18", "init --home"],
  flags: { ...newStackFlags, home: toggle("Make it in $COFFER_HOME, for use outside projects") },
  positional: { kind: "tuple", parameters: [] },
  run: (context, flags) => makeStack(context, flags, flags.stack ?? DEFAULT_STACK, flags.home),
});

/** Makes a stack and says so. */
export async function makeStack(
  context: Context,
  flags: Omit<Flags, "home">,
  name: typeof DEFAULT_STACK,
  inHome: boolean,
): Promise<void> {
  const { workspace, report, terminal } = context;
  const project = await workspace.projectForNewStack(inHome);
  const stackFlag = workspace.stackName({}, project) === name ? "" : ` --stack ${name}`; // another may be selected
  const store = project.makeStore(name);
  try {
    using passphrase = await choosePassphrase(context, {
      generate: flags.generatePassphrase,
      fd: flags.passphraseFd,
      variable: "COFFER_PASSPHRASE",
      label: `stack ${name}`,
    });
    using _stack = await terminal.progress("deriving the key", (onProgress) => {
      const options = { onProgress, ...(flags.workFactor !== undefined && { logN: flags.workFactor }) };
      return createStack(store, passphrase, options);
    });
  } catch (error) {
    project.discardEmpty(name);
    throw error;
  }
  // Tokens of the server and the audit log are in the user's own folder, too.
  const isProject = project.folder !== workspace.home;
  report.note(`made stack ${name} in ${project.folder}${isProject ? " (safe to commit)" : ""}`);
  report.note(`next: coffer set NAME${stackFlag}, or: coffer import .env${stackFlag}`);
}
