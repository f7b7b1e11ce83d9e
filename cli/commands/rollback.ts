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
    await using stack = await workspace.opened(flags);
    const written = await stack.versioned.rollback(name, version);
    report.data({ name, version: written }, () => []);
    const verb = stack.isSealed ? "sealed" : "stored";
    report.note(`${verb} version ${version} of ${name} again, as version ${written}`);
  },
});
