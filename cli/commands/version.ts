import { PROVIDERS } from "../../core/providers/registry.ts";
import { command, type CommonFlags } from "../command.ts";
import { COMMIT, VERSION } from "../version.ts";

interface Flags extends CommonFlags {
  readonly output: "plaintext" | "json";
}

const AUTHOR = "the Coffer authors";

export const version = command<Flags>({
  brief: "Print the version",
  details: "As JSON it also says what Coffer can be for Porter: Porter asks its plugins so.",
  examples: ["version", "version -o json"],
  flags: {
    output: { kind: "enum", values: ["plaintext", "json"], default: "plaintext", brief: "The form to print it in" },
  },
  aliases: { o: "output" },
  positional: { kind: "tuple", parameters: [] },
  run({ report }, flags) {
    if (flags.output === "json" || flags.json) {
      report.line(JSON.stringify({
        name: "coffer",
        version: VERSION,
        commit: COMMIT,
        author: AUTHOR,
        implementations: Object.keys(PROVIDERS).map((implementation) => ({ type: "secrets", implementation })),
        deno: Deno.version.deno,
      }));
    } else {
      report.line(`coffer v${VERSION} (${COMMIT}) by ${AUTHOR}`);
    }
  },
});
