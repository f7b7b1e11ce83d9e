/** The provider that is registered for a stack. */
import { Fault } from "../fault.ts";
import { registrationOf } from "../stack/registration.ts";
import type { Stack } from "../stack/stack.ts";
import type { ProviderConfig, Surroundings } from "./kind.ts";
import type { Provider } from "./provider.ts";
import { providerKind } from "./registry.ts";

export interface RegisteredProvider {
  readonly kind: string;
  readonly provider: Provider;
}

/**
 * Undefined: the secrets are in the stack itself.
 * @throws {Fault} CONFIG or TAMPERED when the registration cannot be used; what opening the provider throws
 */
export async function openRegistered(stack: Stack, around: Surroundings): Promise<RegisteredProvider | undefined> {
  const registration = await registrationOf(stack);
  if (!registration) return undefined;
  using config = registration.config;
  const { provider: kind } = registration;
  try {
    const open = await providerKind(kind);
    return { kind, provider: await open.open(JSON.parse(config.revealText()) as ProviderConfig, around) };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "CONFIG") throw error;
    throw new Fault("CONFIG", `the provider ${kind} that is registered cannot be used: ${error.message}`, {
      hint: "coffer provider unregister, then register it again",
      cause: error,
    });
  }
}
