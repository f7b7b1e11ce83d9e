import { buildRouteMap } from "@stricli/core";
import { changePassphrase } from "../../core/stack/passphrase.ts";
import { command, type CommonFlags, type Context, parseCount } from "../command.ts";
import { choosePassphrase } from "../new_passphrase.ts";
import { newStackFlags } from "./init.ts";

interface Flags extends CommonFlags {
  readonly workFactor?: number;
  readonly generatePassphrase: boolean;
  readonly newPassphraseFd?: number;
}

const change = command<Flags>({
  brief: "Change the stack's passphrase",
  details:
    "The new one comes from --new-passphrase-fd, COFFER_NEW_PASSPHRASE_FILE, COFFER_NEW_PASSPHRASE, --generate-passphrase\n" +
    "or a prompt. One file changes. Whoever has an old copy of it and the old passphrase keeps access: after a leak,\n" +
    "run `coffer rekey` and change the values as well.",
  examples: ["passphrase change", "passphrase change --generate-passphrase", "passphrase change --work-factor 18"],
  flags: {
    ...newStackFlags,
    newPassphraseFd: {
      kind: "parsed",
      parse: parseCount,
      optional: true,
      brief: "Read the new passphrase from this file descriptor",
      placeholder: "n",
    },
  },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const { workspace, terminal, report } = context;
    using stack = await workspace.unlocked(flags);
    using passphrase = await choosePassphrase(context, {
      generate: flags.generatePassphrase,
      fd: flags.newPassphraseFd,
      variable: "COFFER_NEW_PASSPHRASE",
      label: "the stack",
    });
    await terminal.progress("deriving the key", async (onProgress) => {
      const options = { onProgress, ...(flags.workFactor !== undefined && { logN: flags.workFactor }) };
      await changePassphrase(stack, passphrase, options);
    });
    report.note("the passphrase was changed");
  },
});

export const passphrase = buildRouteMap<"change", Context>({
  routes: { change },
  docs: { brief: "Change the passphrase" },
});
