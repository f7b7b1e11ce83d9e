import type { SecretName } from "../../core/name.ts";
import type { VersionInfo } from "../../core/stack/secret_record.ts";
import { command, type CommonFlags, type Context, secretNameArgument } from "../command.ts";

export const history = command<CommonFlags, [name: SecretName]>({
  brief: "Print a secret's versions, newest first",
  details:
    "Needs no passphrase. The ten newest versions are kept, unless a client of the server has set another number.\n" +
    "Versions that a client has deleted or destroyed are marked; `coffer rollback` brings deleted ones back.",
  examples: ["history db/password", "history db/password --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [secretNameArgument()] },
  async run({ workspace, report }, flags, name) {
    const locked = await workspace.locked(flags);
    const versions = await locked.provider() === undefined
      ? await locked.history(name)
      : await historyWithProvider(workspace, flags, name);
    report.data({ name, versions }, () => versions.map(line));
  },
});

async function historyWithProvider(
  workspace: Context["workspace"],
  flags: CommonFlags,
  name: SecretName,
): Promise<VersionInfo[]> {
  await using stack = await workspace.opened(flags);
  return await stack.versioned.history(name);
}

function line({ version, created, type, deletion, destroyed }: VersionInfo): string {
  const ends = deletion && Date.parse(deletion) > Date.now() ? `until ${deletion}` : `deleted ${deletion}`;
  const state = destroyed ? "destroyed" : deletion ? ends : "";
  return [String(version).padStart(4), created, type, state].filter(Boolean).join("  ");
}
