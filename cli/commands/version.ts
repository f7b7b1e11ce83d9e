import { command, type CommonFlags } from "../command.ts";
import { VERSION } from "../version.ts";

interface Flags extends CommonFlags {
  readonly output: "plaintext" | "json";
}

export const version = command<Flags>({
  brief: "Print the version",
  examples: ["version", "version -o json"],
  flags: {
    output: { kind: "enum", values: ["plaintext", "json"], default: "plaintext", brief: "The form to print it in" },
  },
  aliases: { o: "output" },
  positional: { kind: "tuple", parameters: [] },
  run({ report }, flags) {
    if (flags.output === "json" || flags.json) {
      report.line(JSON.stringify({ name: "coffer", version: VERSION, deno: Deno.version.deno }));
    } else {
      report.line(`coffer ${VERSION}`);
    }
  },
});
