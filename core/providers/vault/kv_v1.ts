/** Version 1 of the KV engine: one value per name, and no way to see that another writer was there in between. */
import { Fault } from "../../fault.ts";
import type { SecretName } from "../../name.ts";
import { missingSecrets } from "../../stack/missing.ts";
import type { NewValue } from "../../stack/stack.ts";
import type { ProvidedValue } from "../provider.ts";
import { isMissing, keysIn, objectIn } from "./answer.ts";
import type { VaultPlace } from "./config.ts";
import { refused } from "./refused.ts";
import { namesBelow } from "./folders.ts";
import type { VaultKv } from "./kv.ts";
import type { VaultSession } from "./session.ts";
import { dataOf, valueOf } from "./value.ts";

export class KvV1 implements VaultKv {
  readonly version = 1;
  readonly #session: VaultSession;
  readonly #place: VaultPlace;

  constructor(session: VaultSession, place: VaultPlace) {
    this.#session = session;
    this.#place = place;
  }

  async find(name: SecretName, signal: AbortSignal): Promise<ProvidedValue | Fault> {
    const path = this.#path(name);
    const answer = await this.#session.send({ method: "GET", path, signal });
    if (answer.status === 200) return valueOf(objectIn(answer.body, "data"));
    if (isMissing(answer)) return missingSecrets([name]);
    const fault = refused(answer, this.#session.where, `read ${path}`);
    if (answer.status === 403) return fault;
    throw fault;
  }

  async write(name: SecretName, next: NewValue): Promise<undefined> {
    using body = dataOf(next, name);
    if (body.size <= 2) {
      throw new Fault("UNSUPPORTED", `${name} has no fields, which version 1 of the KV engine cannot keep`, {
        hint: `give it one: coffer set ${name} --field NAME`,
      });
    }
    const path = this.#path(name);
    const answer = await this.#session.send({ method: "PUT", path, body });
    if (answer.status !== 204 && answer.status !== 200) throw refused(answer, this.#session.where, `write ${path}`);
  }

  /** As Vault's own command line, which patches in version 2 only: a write in between would be lost, and nobody told. */
  change(name: SecretName): Promise<never> {
    return Promise.reject(this.#lacking(`changing a part of ${name}: it has no check-and-set`));
  }

  list(): Promise<SecretName[]> {
    const list = async (folder: string, signal: AbortSignal) => {
      const path = this.#path(folder);
      const answer = await this.#session.send({ method: "LIST", path, signal });
      if (isMissing(answer)) return [];
      if (answer.status !== 200) throw refused(answer, this.#session.where, `list ${path}`);
      return keysIn(answer, this.#session.where);
    };
    return namesBelow(list, this.#session.where);
  }

  async exists(name: SecretName, signal: AbortSignal): Promise<boolean> {
    const found = await this.find(name, signal);
    if (!(found instanceof Fault)) found.value.dispose();
    else if (found.code !== "NOT_FOUND") throw found;
    return !(found instanceof Fault);
  }

  async remove(name: SecretName, signal: AbortSignal): Promise<void> {
    const path = this.#path(name);
    const answer = await this.#session.send({ method: "DELETE", path, repeatable: true, signal });
    if (answer.status !== 204 && answer.status !== 200) throw refused(answer, this.#session.where, `delete ${path}`);
  }

  history(): Promise<never> {
    return Promise.reject(this.#lacking("versions of secrets"));
  }

  at(): Promise<never> {
    return this.history();
  }

  rollback(): Promise<never> {
    return this.history();
  }

  #path(name: string): string {
    const { mount, prefix } = this.#place;
    return `${mount}/${prefix && `${prefix}/`}${name}`;
  }

  #lacking(what: string): Fault {
    const { mount } = this.#place;
    return new Fault("UNSUPPORTED", `version 1 of the KV engine, at ${mount}/, does not support ${what}`, {
      hint: `have it upgraded: bao kv enable-versioning ${mount}/`,
    });
  }
}
