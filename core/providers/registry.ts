/** Every kind of provider, each loaded when it is first used. To add one, add a line: docs/providers.md. */
import { nearest } from "../config/nearest.ts";
import { Fault } from "../fault.ts";
import type { ProviderKind } from "./kind.ts";

export const PROVIDERS: Readonly<Record<string, () => Promise<ProviderKind>>> = {
  sealed: async () => (await import("./sealed.ts")).sealed,
  host: async () => (await import("./host.ts")).host,
  filesystem: async () => (await import("./filesystem.ts")).filesystem,
  vault: async () => (await import("./vault/vault.ts")).vault,
  plugin: async () => (await import("./plugin/plugin.ts")).plugin,
};

/** @throws {Fault} CONFIG when there is no such kind */
export async function providerKind(name: string): Promise<ProviderKind> {
  const kinds = Object.keys(PROVIDERS);
  if (kinds.includes(name)) return await PROVIDERS[name]!();
  const meant = nearest(name, kinds);
  throw new Fault("CONFIG", `there is no provider ${JSON.stringify(name)}`, {
    hint: meant === undefined ? `there are: ${kinds.join(", ")}` : `did you mean ${meant}?`,
  });
}
