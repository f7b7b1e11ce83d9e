import type { SecretName } from "../../core/name.ts";
import { command, type CommonFlags, secretNameArgument } from "../command.ts";

export const history = command<CommonFlags, [name: SecretName]>({
  brief: "Print a secret's versions, newest first",
  details: "Needs no passphrase. The ten newest versions are kept.",
  examples: ["history db/password", "history db/password --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [secretNameArgument()] },
  async run({ workspace, report }, flags, name) {
    const locked = await workspace.locked(flags);
    const versions = await locked.history(name);
    report.data(
      { name, versions },
      () => versions.map((v) => `${String(v.version).padStart(4)}  ${v.created}  ${v.type}`),
    );
  },
});
