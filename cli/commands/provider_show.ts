import { registeredConfig } from "../../core/providers/registered.ts";
import { registrationOf } from "../../core/stack/registration.ts";
import { SEALED } from "../opened_stack.ts";
import { command, type CommonFlags } from "../command.ts";

/** Members of configurations that say where a provider is, and nothing that lets anybody in. */
const SHOWN = ["url", "mount", "prefix", "namespace", "auth", "plugin", "folder"];

export const providerShow = command<CommonFlags>({
  brief: "Print with whom this stack's secrets are",
  details: "Needs the passphrase where a provider is registered. Prints no token.",
  examples: ["provider show", "provider show --stack prod --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }, flags) {
    const { name, locked } = await workspace.selected(flags);
    if (await locked.provider() === undefined) {
      report.data({ stack: name, provider: SEALED }, () => [`stack ${name}: in the stack itself (${SEALED})`]);
      return;
    }
    using stack = await workspace.unlocked(flags);
    const registration = (await registrationOf(stack))!;
    using _config = registration.config;
    const { config, cacheSeconds } = registeredConfig(registration);
    const shown = Object.fromEntries(
      SHOWN.filter((key) => typeof config[key] === "string").map((key) => [key, config[key]]),
    );
    const { provider, created } = registration;
    const data = { stack: name, provider, created, ...shown, ...(cacheSeconds !== undefined && { cacheSeconds }) };
    report.data(data, () => [
      `stack ${name}: with ${provider} since ${created}`,
      ...Object.entries(shown).map(([key, value]) => `  ${key}: ${value}`),
      ...(cacheSeconds === undefined ? [] : [`  values are kept for ${cacheSeconds} s`]),
    ]);
  },
});
