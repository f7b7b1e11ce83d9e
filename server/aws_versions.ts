/** A secret's versions as AWS's API asks for them, wherever the stack's secrets are. */
import { Fault } from "../core/fault.ts";
import type { SecretName, StackName } from "../core/name.ts";
import { requireAbility } from "../core/providers/ability.ts";
import type { Provider } from "../core/providers/provider.ts";
import type { Secret } from "../core/secret.ts";
import { KvEngine } from "../core/stack/kv/engine.ts";
import type { Session } from "./session.ts";

/** A version that was read; the receiver disposes of its value. */
export interface ReadVersion {
  readonly value: Secret;
  readonly version: number;
  /** RFC 3339. */
  readonly created: string;
}

export interface Versions {
  /** The newest version's number, whatever became of it; undefined when there never was one. */
  readonly newest: number | undefined;
  /** Undefined when there is no value. */
  read(version: number): Promise<ReadVersion | undefined>;
}

export async function versionsOf(session: Session, stack: StackName, name: SecretName): Promise<Versions> {
  const remote = await session.remote(stack, "kv");
  if (remote) return await remoteVersionsOf(remote, name);
  const engine = new KvEngine(session.stack(stack, "kv"));
  return {
    newest: (await engine.metadata(name))?.currentVersion,
    async read(version) {
      const found = await engine.read(name, version);
      if (found?.state !== "present") return undefined;
      return { value: found.value, version, created: found.metadata.createdTime };
    },
  };
}

/** @throws {Fault} UNSUPPORTED for a provider without versions: the answer has to name one */
async function remoteVersionsOf(provider: Provider, name: SecretName): Promise<Versions> {
  const versioned = requireAbility(provider, "history", "the stack's provider");
  const history = await orNone(versioned.history(name)) ?? [];
  return {
    newest: history[0]?.version,
    async read(version) {
      const recorded = history.find((recorded) => recorded.version === version);
      const found = recorded && await orNone(versioned.at(name, version));
      return found && { value: found.value, version, created: recorded.created };
    },
  };
}

async function orNone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Fault && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
