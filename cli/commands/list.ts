import { command, type CommonFlags, offlineFlag } from "../command.ts";

export const list = command<CommonFlags, [prefix?: string]>({
  brief: "Print the names of the secrets",
  details:
    "Needs no passphrase, unless the secrets are with a provider. Values are never shown. A secret whose newest version a client of the server has deleted\n" +
    "is left out; `coffer history` knows it, and `coffer rm` removes it.",
  examples: ["list", "list db/", "list --json"],
  flags: offlineFlag,
  positional: {
    kind: "tuple",
    parameters: [{ parse: String, brief: "Only names that start so", placeholder: "prefix", optional: true }],
  },
  async run({ workspace, report }, flags, prefix = "") {
    const names = (await workspace.names(flags)).filter((name) => name.startsWith(prefix));
    report.data(names, () => names);
  },
});
