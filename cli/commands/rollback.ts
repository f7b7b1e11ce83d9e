import type { SecretName } from "../../core/name.ts";
import { command, type CommonFlags, parseCount, secretNameArgument } from "../command.ts";

export const rollback = command<CommonFlags, [name: SecretName, version: number]>({
  brief: "Make an older version of a secret the newest again",
  details: "Nothing is lost: it is written as a new version. A deleted version comes back so, too.",
  examples: ["rollback db/password 3"],
  flags: {},
  positional: {
    kind: "tuple",
    parameters: [
      secretNameArgument(),
      { parse: (text: string) => parseCount(text, 1), brief: "The version to go back to", placeholder: "version" },
    ],
  },
  async run({ workspace, report }, flags, name, version) {
    using stack = await workspace.unlocked(flags);
    const written = await stack.rollback(name, version);
    report.data({ name, version: written }, () => []);
    report.note(`sealed version ${version} of ${name} again, as version ${written}`);
  },
});
