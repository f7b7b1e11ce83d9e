import { EXIT } from "../../core/fault.ts";
import { isSecretName } from "../../core/name.ts";
import { verify } from "../../core/stack/verify.ts";
import { command, type CommonFlags } from "../command.ts";

export const verifyCommand = command<CommonFlags>({
  brief: "Check that every version of every secret opens",
  details: "Exits with 7 when something was tampered with, with 3 when a file cannot be parsed.",
  examples: ["verify", "verify --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }, flags) {
    using stack = await workspace.unlocked(flags);
    const { checked, problems } = await verify(stack);
    const found = [...problems].map(([name, { code, message }]) => ({ name, code, message }));
    report.data(
      { checked, problems: found },
      () => found.map(({ name, code, message }) => `${name}: ${message} [${code}]`),
    );
    const damaged = found.filter(({ name }) => isSecretName(name)); // the others are the stack's own
    report.note(`${checked - damaged.length} of ${checked} secrets are whole`);
    const codes = found.map(({ code }) => code);
    if (codes.includes("TAMPERED")) return EXIT.TAMPERED;
    return codes.length > 0 ? EXIT[codes[0]!] : 0;
  },
});
