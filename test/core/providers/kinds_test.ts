/** What kinds say that their providers can do, against what those can do. */
import assert from "node:assert/strict";
import { can } from "../../../core/providers/ability.ts";
import type { Surroundings } from "../../../core/providers/kind.ts";
import { PROVIDERS } from "../../../core/providers/registry.ts";
import { SealedProvider } from "../../../core/providers/sealed.ts";
import { StackOnDisk } from "../../fixture/stack_on_disk.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

/** What opens a provider of the kind, where nothing outside of this process is needed for that. */
const CONFIGS: Readonly<Record<string, Record<string, unknown>>> = {
  sealed: {},
  host: {},
  filesystem: {},
  vault: { url: "https://vault.example", token: "t" },
  plugin: { plugin: "azure.keyvault" },
};
/** It has the method in order to refuse, in Porter's words. */
const REFUSES: Readonly<Record<string, readonly string[]>> = { host: ["persist"] };

for (const [name, config] of Object.entries(CONFIGS)) {
  Deno.test(`${name}: coffer provider list says what its providers can do`, async () => {
    using disk = await StackOnDisk.create({});
    using root = temporaryFolder();
    const around: Surroundings = {
      env: (variable) => variable === "PORTER_HOME" ? root.path : undefined,
      cwd: root.path,
      secretsOf: async () => new SealedProvider(await disk.unlock()),
      warn() {},
    };
    const kind = await PROVIDERS[name]!();
    await using provider = await kind.open(config, around);
    const abilities = (["persist", "list", "remove", "history"] as const).filter((ability) =>
      can(provider, ability) && !REFUSES[name]?.includes(ability)
    );
    assert.deepEqual(abilities, kind.can);
  });
}
