/** The KV engine of a stack. */
import { Secret } from "../../../../core/secret.ts";
import { CasFault } from "../../../../core/stack/kv/cas_fault.ts";
import { kvDataOf } from "../../../../core/stack/kv/data.ts";
import { KvEngine } from "../../../../core/stack/kv/engine.ts";
import type { KvVersion, KvVersionState } from "../../../../core/stack/kv/metadata.ts";
import type { Stack } from "../../../../core/stack/stack.ts";
import type { KvUnderTest, Step, Version } from "./kv_steps.ts";

export class CofferEngine implements KvUnderTest {
  readonly #engine: KvEngine;

  constructor(stack: Stack) {
    this.#engine = new KvEngine(stack);
  }

  async run(step: Step, cas: number | undefined): Promise<unknown> {
    const engine = this.#engine;
    const options = cas === undefined ? {} : { cas };
    switch (step.kind) {
      case "config":
        return await engine.config();
      case "putConfig":
        return await engine.putConfig(step.change);
      case "list":
        return await engine.list(step.prefix);
      case "read": {
        const found = await engine.read(step.name, step.version);
        if (found?.state !== "present") return found && shown(found.metadata);
        using value = found.value;
        using data = kvDataOf({ value, type: found.type });
        return { ...shown(found.metadata), data: JSON.parse(data.revealText()) };
      }
      case "subkeys": {
        const found = await engine.subkeys(step.name, step.version === undefined ? {} : { version: step.version });
        return found && { ...shown(found.metadata), ...(found.state === "present" && { subkeys: found.subkeys }) };
      }
      case "put":
        return await casChecked(async () => shown(await engine.put(step.name, textOf(step.data), options)));
      case "patch":
        return await casChecked(async () => {
          const found = await engine.patch(step.name, textOf(step.data), options);
          return found && shown(found.metadata);
        });
      case "delete":
        return await engine.delete(step.name, step.versions);
      case "undelete":
      case "destroy":
        return await engine[step.kind](step.name, step.versions);
      case "remove":
        return await engine.remove(step.name);
      case "metadata": {
        const found = await engine.metadata(step.name);
        if (!found) return undefined;
        const { customMetadata, currentVersion, oldestVersion, versions } = found;
        const { maxVersions, casRequired, deleteVersionAfter } = found;
        return {
          ...{ maxVersions, casRequired, deleteVersionAfter },
          current: currentVersion,
          oldest: oldestVersion,
          custom: customMetadata,
          versions: versions.map(versionOf),
        };
      }
      case "putMetadata":
        return await engine.putMetadata(step.name, step.change);
      case "patchMetadata":
        return await engine.patchMetadata(step.name, step.change);
    }
  }
}

function textOf(data: unknown): Secret {
  return Secret.fromText(JSON.stringify(data));
}

async function casChecked(write: () => Promise<unknown>): Promise<unknown> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof CasFault) return { refused: error.reason };
    throw error;
  }
}

function shown(version: KvVersion) {
  return { ...versionOf(version), custom: version.customMetadata };
}

function versionOf({ version, deletionTime, destroyed }: KvVersionState): Version {
  const deletion = deletionTime === undefined ? "none" : Date.parse(deletionTime) <= Date.now() ? "past" : "future";
  return { version, deletion, destroyed };
}
