/** The provider that is registered for a stack, and the cache of its values. */
import { isTable, type Table } from "../config/table.ts";
import { Fault } from "../fault.ts";
import { Secret } from "../secret.ts";
import { type Registration, registrationOf } from "../stack/registration.ts";
import type { Stack } from "../stack/stack.ts";
import { cachedProvider } from "./cache/cached.ts";
import { CacheFile } from "./cache/cache_file.ts";
import type { ProviderConfig, Surroundings } from "./kind.ts";
import type { Provider } from "./provider.ts";
import { providerKind } from "./registry.ts";

/** What is registered besides the kind: what `provider.json` seals. */
export interface RegisteredConfig {
  readonly config: ProviderConfig;
  /** How long values may be handed out while the provider cannot be reached; undefined: not at all. */
  readonly cacheSeconds: number | undefined;
}

export interface RegisteredProvider {
  readonly kind: string;
  readonly provider: Provider;
}

export interface CacheUse {
  /** The user's own folder. */
  readonly home: string;
  /** Whether nothing but the cache is asked. */
  readonly offline: boolean;
}

/**
 * A stack that is with a stack could be with itself, or with one that is with it: nothing would ever be found.
 * @throws {Fault} UNSUPPORTED when secrets of this kind are in a stack
 */
export function requireElsewhere(kind: string): void {
  if (kind !== "sealed") return;
  throw new Fault("UNSUPPORTED", "sealed is where secrets are with no provider: it cannot be registered as one", {
    hint: "coffer provider unregister, if there is one; --stack NAME for the secrets of another stack",
  });
}

/** The text to register. */
export function registeredText({ config, cacheSeconds }: RegisteredConfig): Secret {
  return Secret.fromText(
    JSON.stringify({ config, ...(cacheSeconds !== undefined && { cache_seconds: cacheSeconds }) }),
  );
}

/** @throws {Fault} CONFIG when another version of Coffer has registered what this one does not understand */
export function registeredConfig({ config: text }: Pick<Registration, "config">): RegisteredConfig {
  const { config, cache_seconds: cacheSeconds, ...others } = JSON.parse(text.revealText()) as Table;
  const isKnown = isTable(config) && Object.keys(others).length === 0 &&
    (cacheSeconds === undefined || typeof cacheSeconds === "number" && cacheSeconds > 0);
  if (isKnown) return { config, cacheSeconds: cacheSeconds as number | undefined };
  throw new Fault("CONFIG", "another version of Coffer has registered it");
}

/**
 * Undefined: the secrets are in the stack itself.
 * @throws {Fault} CONFIG or TAMPERED when the registration cannot be used; what opening the provider throws
 */
export async function openRegistered(
  stack: Stack,
  around: Surroundings,
  { home, offline }: CacheUse,
): Promise<RegisteredProvider | undefined> {
  const registration = await registrationOf(stack);
  if (!registration) return undefined;
  using _config = registration.config;
  const { provider: kind } = registration;
  requireElsewhere(kind);
  try {
    const { config, cacheSeconds } = registeredConfig(registration);
    const provider = await (await providerKind(kind)).open(config, around);
    if (cacheSeconds === undefined && !offline) return { kind, provider };
    const cache = new CacheFile(stack, home, registration);
    const options = { seconds: cacheSeconds ?? 0, offline, now: () => Date.now(), warn: around.warn };
    return { kind, provider: cachedProvider(provider, cache, options) };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "CONFIG") throw error;
    throw new Fault("CONFIG", `the provider ${kind} that is registered cannot be used: ${error.message}`, {
      hint: "coffer provider unregister, then register it again",
      cause: error,
    });
  }
}
