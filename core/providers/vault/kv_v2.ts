/** Secrets in version 2 of the KV engine: with versions, and written so that no other writer is overwritten unseen. */
import { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import { timestampNow } from "../../seal/timestamp.ts";
import type { Secret } from "../../secret.ts";
import { kvDataOf } from "../../stack/kv/data.ts";
import { goneVersion, missingSecrets, noSuchVersion } from "../../stack/missing.ts";
import { isGone, type RecordedVersion, type VersionInfo } from "../../stack/secret_record.ts";
import type { NewValue } from "../../stack/stack.ts";
import type { ProvidedValue } from "../provider.ts";
import { atOnce } from "./at_once.ts";
import type { VaultPlace } from "./config.ts";
import { namesBelow } from "./folders.ts";
import type { VaultKv } from "./kv.ts";
import { type FoundVersion, type KvMetadata, KvV2Engine } from "./kv_v2_engine.ts";
import { hasLongNumber } from "./numbers.ts";
import type { VaultSession } from "./session.ts";
import { dataOf } from "./value.ts";

/** How often a change is tried that other writers get in the way of. */
const MOST_CHANGES = 20;
const PAUSE_MS = 20;

export class KvV2 implements VaultKv {
  readonly version = 2;
  readonly #engine: KvV2Engine;
  readonly #where: string;

  constructor(session: VaultSession, place: VaultPlace) {
    this.#engine = new KvV2Engine(session, place);
    this.#where = session.where;
  }

  async find(name: SecretName, signal: AbortSignal): Promise<ProvidedValue | Fault> {
    const there = await this.#engine.read(name, { signal });
    if (there instanceof Fault) return there;
    if (!there) return missingSecrets([name]);
    return there.state === "present" ? provided(there) : goneVersion(name, there.recorded);
  }

  async write(name: SecretName, next: NewValue): Promise<number> {
    using data = dataOf(next, name);
    if (next.type === "json" && hasLongNumber(data)) throw longNumber(name);
    const written = await this.#engine.put(name, data);
    if (typeof written === "number") return written;
    // The engine or the secret takes no write that does not say which version it replaces.
    return (await this.change(name, () => next))!;
  }

  async change(
    name: SecretName,
    decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  ): Promise<number | undefined> {
    for (let attempt = 0; attempt < MOST_CHANGES; attempt++) {
      const there = unlessDenied(await this.#engine.read(name));
      using data = decided(there, decide, name);
      if (!data) return undefined;
      const written = await this.#engine.put(name, data, there?.recorded.version ?? 0);
      if (typeof written === "number") return written;
      // Random, so that of several writers one comes first.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS * attempt));
    }
    throw new Fault("CONFLICT", `${name} is changed by others all the time`, { hint: "try again" });
  }

  /**
   * A Vault lists also what is deleted, so each name's metadata are read: as many requests as names, at once, and as
   * small as they can be. Names whose metadata the token may not read are taken for names that have a value.
   */
  async list(): Promise<SecretName[]> {
    const names = await namesBelow((folder, signal) => this.#engine.list(folder, signal), this.#where);
    const hasValue = await atOnce(names, async (name, signal) => {
      const metadata = await this.#engine.metadata(name, signal);
      return metadata instanceof Fault || metadata !== undefined && newestIn(metadata) !== undefined;
    });
    return names.filter((_, i) => hasValue[i]);
  }

  async exists(name: SecretName, signal: AbortSignal): Promise<boolean> {
    return unlessDenied(await this.#engine.metadata(name, signal)) !== undefined;
  }

  remove(name: SecretName, signal: AbortSignal): Promise<void> {
    return this.#engine.remove(name, signal);
  }

  async history(name: SecretName): Promise<VersionInfo[]> {
    const { versions } = await this.#metadata(name);
    return versions.map(({ version, created, deletion, destroyed }) => ({
      version,
      created,
      ...(deletion && { deletion }),
      ...(destroyed && { destroyed }),
    }));
  }

  async at(name: SecretName, version: number): Promise<ProvidedValue> {
    if (!isVersion(version)) throw noSuchVersion(name, version);
    const there = unlessDenied(await this.#engine.read(name, { version }));
    if (!there) throw noSuchVersion(name, version);
    if (there.state === "gone") throw goneVersion(name, there.recorded);
    return provided(there);
  }

  /**
   * Also a deleted version: it is undeleted, read, and deleted again, since a Vault tells nothing of what is deleted.
   * @throws {Fault} CONFLICT when somebody has written meanwhile, so that it is not the newest that was seen
   */
  async rollback(name: SecretName, version: number): Promise<number> {
    const metadata = await this.#metadata(name);
    const recorded = metadata.versions.find((one) => one.version === version);
    if (!recorded) throw noSuchVersion(name, version);
    if (recorded.destroyed) throw goneVersion(name, recorded);
    if (!isGone(recorded, timestampNow())) return await this.#copy(name, recorded, metadata.current);
    await this.#engine.change("undelete", name, [version]);
    try {
      return await this.#copy(name, recorded, metadata.current);
    } finally {
      await this.#engine.change("delete", name, [version]);
    }
  }

  async #copy(name: SecretName, recorded: RecordedVersion, newest: number): Promise<number> {
    const there = unlessDenied(await this.#engine.read(name, { version: recorded.version }));
    if (there?.state !== "present") throw goneVersion(name, there?.recorded ?? recorded);
    using _value = there.found.value;
    using data = kvDataOf(there.found);
    const written = await this.#engine.put(name, data, newest);
    if (typeof written === "number") return written;
    throw new Fault("CONFLICT", `${name} was changed meanwhile: it was at version ${newest}`, {
      hint: `coffer history ${name}, then try again`,
    });
  }

  async #metadata(name: SecretName): Promise<KvMetadata> {
    const metadata = unlessDenied(await this.#engine.metadata(name));
    if (!metadata) throw missingSecrets([name]);
    return metadata;
  }
}

/** What becomes of a value that is there, which is disposed of. Undefined when it is to stay. */
function decided(
  there: FoundVersion | undefined,
  decide: (current: ProvidedValue | undefined) => NewValue | undefined,
  name: SecretName,
): Secret | undefined {
  const current = there?.state === "present" ? provided(there) : undefined;
  using _current = current?.value;
  const hadLongNumber = current?.type === "json" && hasLongNumber(current.value);
  const next = decide(current);
  const data = next && dataOf(next, name);
  // A server that has such a number to give is one that keeps them: Coffer's own.
  if (data && next.type === "json" && !hadLongNumber && hasLongNumber(data)) throw longNumber(name);
  return data;
}

function provided({ found, recorded }: FoundVersion & { readonly state: "present" }): ProvidedValue {
  return { ...found, version: recorded.version, created: recorded.created };
}

function newestIn({ current, versions }: KvMetadata): RecordedVersion | undefined {
  const newest = versions.find(({ version }) => version === current);
  return newest && !isGone(newest, timestampNow()) ? newest : undefined;
}

/** In a request, 0 would mean the newest. */
function isVersion(version: number): boolean {
  return Number.isSafeInteger(version) && version > 0;
}

function unlessDenied<T>(result: T | Fault): T {
  if (result instanceof Fault) throw result;
  return result;
}

function longNumber(name: SecretName): Fault {
  return new Fault("UNSUPPORTED", `${name} has a number of more digits than a Vault keeps`, {
    hint: "put it in quotes: text is kept as it is",
  });
}
