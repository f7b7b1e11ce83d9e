/** The requests of version 2 of the KV engine (https://openbao.org/api-docs/secret/kv/kv-v2/). */
import { concat } from "../../crypto/bytes.ts";
import type { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import { formatTimestamp } from "../../seal/timestamp.ts";
import { Secret } from "../../secret.ts";
import { isJsonObject, type JsonObject } from "../../stack/kv/json.ts";
import type { RecordedVersion } from "../../stack/secret_record.ts";
import type { NewValue } from "../../stack/stack.ts";
import { isSame } from "../same_value.ts";
import { isMissing, keysIn, objectIn, says } from "./answer.ts";
import type { VaultPlace } from "./config.ts";
import { notVault } from "./faults.ts";
import { refused } from "./refused.ts";
import type { VaultRequest } from "./server.ts";
import type { VaultSession } from "./session.ts";
import { valueOf, valueOfText } from "./value.ts";

/** A version as it was read; whoever gets one that has a value disposes of that. */
export type FoundVersion =
  | { readonly state: "present"; readonly recorded: RecordedVersion; readonly found: NewValue }
  | { readonly state: "gone"; readonly recorded: RecordedVersion };

export interface KvMetadata {
  /** The newest version's number, whatever became of it; 0: there never was one. */
  readonly current: number;
  /** Newest first. */
  readonly versions: readonly RecordedVersion[];
}

interface Which {
  readonly version?: number;
  readonly signal?: AbortSignal;
}

export class KvV2Engine {
  readonly #session: VaultSession;
  readonly #place: VaultPlace;

  constructor(session: VaultSession, place: VaultPlace) {
    this.#session = session;
    this.#place = place;
  }

  /** @returns undefined when there is no such version; a fault DENIED when the token may not read this one */
  async read(name: SecretName, { version, signal }: Which = {}): Promise<FoundVersion | Fault | undefined> {
    const path = this.#path("data", name);
    const query = version === undefined ? "" : `version=${version}`;
    const answer = await this.#session.send({ method: "GET", path, query, signal });
    if (isMissing(answer)) return undefined;
    const { data, metadata } = objectIn(answer.body, "data");
    if (answer.status === 200 && isJsonObject(data)) {
      return { state: "present", recorded: this.#recorded(metadata), found: valueOf(data) };
    }
    if (answer.status === 404 && isJsonObject(metadata)) return { state: "gone", recorded: this.#recorded(metadata) };
    if (answer.status === 200) throw notVault(this.#session.where);
    const fault = refused(answer, this.#session.where, `read ${path}`);
    if (answer.status === 403) return fault;
    throw fault;
  }

  /**
   * Writes a version.
   * @param data the text of an object; borrowed
   * @param cas the version that has to be the newest; 0: there is none. Undefined writes in any case
   * @returns the version's number; or why it was not written: another one is the newest, or none was given and must be
   */
  async put(name: SecretName, data: Secret, cas?: number): Promise<number | "cas_mismatch" | "cas_required"> {
    const path = this.#path("data", name);
    using body = bodyOf(data, cas);
    const answer = await this.#session.send({ method: "PUT", path, body, repeatable: cas !== undefined });
    if (answer.status === 200) return this.#recorded(objectIn(answer.body, "data")).version;
    if (answer.status === 400 && says(answer, /check-and-set parameter required/)) return "cas_required";
    if (answer.status !== 400 || !says(answer, /check-and-set parameter did not match/)) {
      throw refused(answer, this.#session.where, `write ${path}`);
    }
    // An attempt whose answer did not arrive may be the very writer that was faster.
    const isOurs = answer.isRepeated && await this.#holds(name, cas! + 1, data);
    return isOurs ? cas! + 1 : "cas_mismatch";
  }

  /** @returns undefined when there is nothing; a fault DENIED when the token may not read it */
  async metadata(name: SecretName, signal?: AbortSignal): Promise<KvMetadata | Fault | undefined> {
    const path = this.#path("metadata", name);
    const answer = await this.#session.send({ method: "GET", path, signal });
    if (isMissing(answer)) return undefined;
    if (answer.status === 403) return refused(answer, this.#session.where, `read ${path}`);
    if (answer.status !== 200) throw refused(answer, this.#session.where, `read ${path}`);
    const data = objectIn(answer.body, "data");
    const { current_version: current } = data;
    if (typeof current !== "number") throw notVault(this.#session.where);
    const versions = Object.entries(objectIn(data, "versions"))
      .map(([version, about]) => this.#recorded(about, Number(version)))
      .sort((a, b) => b.version - a.version);
    return { current, versions };
  }

  /** Deletes versions, so that they can be had back, or takes that back. */
  async change(deed: "delete" | "undelete", name: SecretName, versions: readonly number[]): Promise<void> {
    using body = Secret.fromText(JSON.stringify({ versions }));
    await this.#do({ method: "POST", path: this.#path(deed, name), body, repeatable: true }, deed);
  }

  /** Removes all versions and all that is known besides. What is not there any more is as good. */
  async remove(name: SecretName, signal: AbortSignal): Promise<void> {
    await this.#do({ method: "DELETE", path: this.#path("metadata", name), repeatable: true, signal }, "delete");
  }

  async list(folder: string, signal: AbortSignal): Promise<readonly string[]> {
    const path = this.#path("metadata", folder);
    const answer = await this.#session.send({ method: "LIST", path, signal });
    if (isMissing(answer)) return [];
    if (answer.status !== 200) throw refused(answer, this.#session.where, `list ${path}`);
    return keysIn(answer, this.#session.where);
  }

  async #do(request: VaultRequest, deed: string): Promise<void> {
    const answer = await this.#session.send(request);
    if (answer.status !== 204 && answer.status !== 200) {
      throw refused(answer, this.#session.where, `${deed} ${request.path}`);
    }
  }

  async #holds(name: SecretName, version: number, data: Secret): Promise<boolean> {
    const there = await this.read(name, { version });
    if (there === undefined || !("state" in there) || there.state !== "present") return false;
    using _there = there.found.value;
    const ours = valueOfText(data);
    using _ours = ours.value;
    return isSame(there.found, ours);
  }

  #recorded(about: unknown, number?: number): RecordedVersion {
    const { version = number, created_time, deletion_time, destroyed } = isJsonObject(about) ? about : {} as JsonObject;
    const [created, deletion] = [timeOf(created_time), timeOf(deletion_time)];
    if (!Number.isInteger(version) || created === undefined) throw notVault(this.#session.where);
    return { version: version as number, created, type: undefined, deletion, destroyed: destroyed === true };
  }

  #path(api: string, name: string): string {
    const { mount, prefix } = this.#place;
    return `${mount}/${api}/${prefix && `${prefix}/`}${name}`;
  }
}

/** To the second, as everywhere else in Coffer; undefined where there is none, as that of a deletion mostly is. */
function timeOf(given: unknown): string | undefined {
  const date = new Date(typeof given === "string" ? given : NaN);
  return Number.isNaN(date.getTime()) ? undefined : formatTimestamp(date);
}

function bodyOf(data: Secret, cas: number | undefined): Secret {
  const encode = (text: string) => new TextEncoder().encode(text);
  const end = cas === undefined ? "}" : `,"options":{"cas":${cas}}}`;
  return data.use((bytes) => new Secret(concat(encode('{"data":'), bytes, encode(end))));
}
