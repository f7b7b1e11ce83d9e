/**
 * A stack whose secrets are with a provider: requests for its KV engine are sent on, where the provider speaks the same
 * API, under the token that is registered for the stack. Who may send what was decided before, here.
 */
import { Fault } from "../../core/fault.ts";
import { isSecretName, type SecretName, type StackName } from "../../core/name.ts";
import { can } from "../../core/providers/ability.ts";
import type { KvAnswer, KvProvider, KvRequest } from "../../core/providers/provider.ts";
import { Secret } from "../../core/secret.ts";
import { type AccessInProgress, type AccessKind, recorded } from "../../core/stack/access.ts";
import { isJsonObject, type JsonObject } from "../../core/stack/kv/json.ts";
import type { Answer } from "../http/answer.ts";
import { outcomeOf } from "../http/fault_answer.ts";
import { CARRY_BODY, type RequestOperation } from "../http/operation.ts";
import { notFound, Refusal } from "../http/refusal.ts";
import type { Session } from "../session.ts";
import { existingName, newName, servedStack } from "./kv_engine.ts";
import type { Call } from "./route.ts";

const METHOD: Readonly<Record<RequestOperation, KvRequest["method"]>> = {
  read: "GET",
  list: "LIST",
  update: "POST",
  patch: "PATCH",
  delete: "DELETE",
};
/** Those that take something away, though they are written as updates. */
const REMOVALS: ReadonlySet<string> = new Set(["delete", "destroy"]);

/** @returns undefined where the stack's secrets are in the stack itself */
export async function remoteKvOf(session: Session, stack: string): Promise<RemoteKv | undefined> {
  const name = servedStack(session, stack);
  const provider = await session.server.mounts.remote(name);
  if (!provider) return undefined;
  if (can(provider, "forward")) return new RemoteKv(session, name, provider);
  throw new Refusal(501, "the provider of this stack has no KV engine: coffer/resolve reads its secrets");
}

export class RemoteKv {
  readonly #session: Session;
  readonly #stack: StackName;
  readonly #provider: KvProvider;

  constructor(session: Session, stack: StackName, provider: KvProvider) {
    this.#session = session;
    this.#stack = stack;
    this.#provider = provider;
  }

  /** Whether anything is known of a secret there. */
  async holds(name: SecretName): Promise<boolean> {
    const { status } = await this.#send({ method: "GET", api: "metadata", name, query: "" });
    return status === 200;
  }

  /** Sends a request on, recorded, and answers what is answered there. */
  async answer(operation: RequestOperation, { parameters, query, given }: Call): Promise<Answer> {
    const [, api = ""] = this.#session.path.split("/");
    const name = nameOf(operation, parameters.name);
    using body = CARRY_BODY.has(operation) ? Secret.fromText(JSON.stringify(given)) : undefined;
    const request: KvRequest = { method: METHOD[operation], api, name, query: textOf(query), ...(body && { body }) };
    if (operation === "list") {
      await this.#session.record({ kind: "list", operation: "kv", stack: this.#stack });
      return answerOf(await this.#send(request));
    }
    const recorder = this.#session.recorder(this.#stack, "kv");
    const kind = kindOf(operation, api);
    const secrets = new Map(isSecretName(name) ? [[name, undefined]] : []);
    const answer = await recorded(recorder, kind, async (access) => {
      if (operation === "read") return await this.#read(request, access);
      for (const [secret] of secrets) access.secrets.set(secret, undefined);
      await access.grant();
      return await this.#send(request);
    });
    try {
      return answerOf(answer);
    } catch (error) {
      if (operation !== "read") await recorder({ kind, secrets, missing: 0, outcome: outcomeOf(error) });
      throw error;
    }
  }

  /** A name that leads to nothing may be a value, typed in the wrong place: it is counted and not repeated. */
  async #read(request: KvRequest, access: AccessInProgress): Promise<KvAnswer> {
    const answer = await this.#send(request);
    if (isSecretName(request.name)) {
      if (isJsonObject(answer.body.data)) access.secrets.set(request.name, undefined);
      else access.missing = 1;
    }
    await access.grant();
    return answer;
  }

  /** What is wrong with the server's own token is nothing that its clients could mend, or are to be told of. */
  async #send(request: KvRequest): Promise<KvAnswer> {
    try {
      return await this.#provider.forward(request);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "DENIED") throw error;
      throw new Refusal(503, "the provider of this stack refuses the server: coffer provider show says which it is");
    }
  }
}

/** As where the secrets are here: what can be no name is not there, and is not written. */
function nameOf(operation: RequestOperation, name: string | undefined): string {
  if (name === undefined) return "";
  return operation === "update" ? newName(name) : existingName(name);
}

function kindOf(operation: RequestOperation, api: string): AccessKind {
  if (operation === "read") return "read";
  return operation === "delete" || REMOVALS.has(api) ? "remove" : "write";
}

function textOf(query: unknown): string {
  const known = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
}

function answerOf({ status, body }: KvAnswer): Answer {
  const { data, errors, warnings } = body;
  const told = Array.isArray(warnings) && warnings.length > 0 ? { warnings: warnings.map(String) } : {};
  if (isJsonObject(data)) return { status, data: textSecret(data), ...told };
  if (status < 300) return { status, ...told };
  if (status === 404) throw notFound();
  // The provider speaks of its own paths; what it says of the request itself is what clients look for.
  throw new Refusal(status, status === 400 && Array.isArray(errors) ? errors.map(String) : []);
}

function textSecret(data: JsonObject): Secret {
  return Secret.fromText(JSON.stringify(data));
}
