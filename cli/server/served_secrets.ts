/** Secrets that a server resolves, for clients without a stack of their own: containers above all. */
import { EXIT, Fault, type FaultCode } from "../../core/fault.ts";
import { textsIn } from "../../core/fields.ts";
import { parseSecretName, type SecretName, type StackName } from "../../core/name.ts";
import { isSource, keyOfOrigin, type Origin } from "../../core/origin.ts";
import { requireAll, Resolved } from "../../core/resolve.ts";
import { decodeBase64 } from "../../core/seal/base64.ts";
import { Secret } from "../../core/secret.ts";
import type { Secrets } from "../secrets.ts";
import { type Exchange, exchange } from "./http_exchange.ts";
import { connect, type RemoteAddress } from "./remote_address.ts";

const MISSING = { hint: "what there is, coffer list shows where the stack is" };
/** What the server says when it has no keys. */
const SEALED = "Vault is sealed";

type Value = { readonly text: string } | { readonly base64: string };

/** `data` of a refusal. */
interface Failure {
  readonly index: number;
  readonly code: FaultCode;
  readonly message: string;
}

interface Answered {
  readonly status: number;
  readonly errors: readonly string[];
  readonly data: {
    readonly values?: readonly Value[];
    readonly failures?: readonly Failure[];
    readonly keys?: readonly string[];
  };
}

/** All values, or what has none; by key. */
interface Found {
  readonly values: readonly (readonly [key: string, value: Value])[];
  readonly missing: ReadonlyMap<string, Fault>;
  /** Sources. */
  readonly failed: ReadonlyMap<string, Fault>;
}

export class ServedSecrets implements Secrets {
  readonly #address: RemoteAddress;
  readonly #token: string;
  readonly #stack: StackName | undefined;

  /** @param stack whose secrets are meant where none is named; the server's current one when undefined */
  constructor(address: RemoteAddress, token: string, stack: StackName | undefined) {
    this.#address = address;
    this.#token = token;
    this.#stack = stack;
  }

  async resolve(origins: readonly Origin[]): Promise<Resolved> {
    return requireAll(resolvedOf(await this.#ask(origins)));
  }

  /** The server gives all or nothing: what has no value is left out of the next request. */
  async lookUp(origins: readonly Origin[]): Promise<Resolved> {
    const [missing, failed] = [new Map<string, Fault>(), new Map<string, Fault>()];
    for (;;) {
      const there = origins.map(keyOfOrigin).map((key) => !missing.has(key) && !failed.has(key));
      const found = await this.#ask(origins.filter((_, i) => there[i]));
      if (found.missing.size + found.failed.size === 0) return resolvedOf({ values: found.values, missing, failed });
      for (const [key, fault] of found.missing) missing.set(key, fault);
      for (const [key, fault] of found.failed) failed.set(key, fault);
    }
  }

  /** By way of Vault's LIST, folder by folder, without what is deleted. @throws {Fault} DENIED when the token may not */
  async list(): Promise<SecretName[]> {
    if (this.#stack === undefined) {
      throw new Fault("USAGE", "a server has several stacks, and none is named", {
        hint: "choose secrets with -s NAME, or name the stack whose secrets are meant: --stack NAME",
      });
    }
    const names: SecretName[] = [];
    using connection = await connect(this.#address);
    for (const folders = [""]; folders.length > 0;) {
      const folder = folders.pop()!;
      const path = `/v1/${this.#stack}/metadata/${folder}?list=true`;
      const answer = await this.#exchange(connection, { method: "GET", path });
      if (answer.status === 404 && answer.errors.length === 0) continue; // nothing in it
      if (answer.status !== 200) throw refusal(answer, "to list the stack; choose secrets with -s NAME");
      for (const key of answer.data.keys ?? []) {
        if (key.endsWith("/")) folders.push(folder + key);
        else names.push(parseSecretName(folder + key));
      }
    }
    const references = names.map((name) => ({ stack: undefined, name, field: undefined }));
    using resolved = await this.lookUp(references);
    return references.filter((reference) => resolved.find(reference)).map(({ name }) => name).sort();
  }

  folders(): Promise<string[]> {
    throw new Fault("UNSUPPORTED", "--watch sees changes in stacks on this machine, and not in a server's", {
      hint: "leave --watch out, or unset COFFER_ADDR",
    });
  }

  /** Nothing is open between requests: the command may run for days. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #ask(origins: readonly Origin[]): Promise<Found> {
    const wanted = [...new Map(origins.map((origin) => [keyOfOrigin(origin), origin]))];
    if (wanted.length === 0) return { values: [], missing: new Map(), failed: new Map() };
    using connection = await connect(this.#address);
    const answer = await this.#exchange(connection, {
      method: "POST",
      path: "/v1/coffer/resolve",
      body: { references: wanted.map(([, origin]) => this.#write(origin)) },
    });
    const { failures = [], values = [] } = answer.data;
    if (answer.status === 200 && values.length === wanted.length) {
      return { values: wanted.map(([key], index) => [key, values[index]!]), missing: new Map(), failed: new Map() };
    }
    const all = failures.flatMap(({ index, ...failure }) => {
      const [key, origin] = wanted[index] ?? [];
      return key === undefined ? [] : [{ key, origin: origin!, ...failure }];
    });
    const [ofSources, failed] = [true, false].map((is) => all.filter(({ origin }) => isSource(origin) === is));
    const denied = failed!.filter(({ code }) => code === "DENIED").map(({ key }) => key);
    if (denied.length > 0) throw refusal(answer, `to read ${denied.join(", ")}`);
    if (all.length === 0 || failed!.some(({ code }) => code !== "NOT_FOUND")) throw refusal(answer, "for this");
    return {
      values: [],
      missing: new Map(failed!.map(({ key, message }) => [key, new Fault("NOT_FOUND", message, MISSING)])),
      failed: new Map(ofSources!.map(({ key, ...failure }) => [key, failureOf(failure)])),
    };
  }

  #write(origin: Origin): string | { source: string; value: string } {
    if (isSource(origin)) return { source: origin.kind, value: origin.hint };
    const { stack = this.#stack, name, field } = origin;
    return `coffer://${stack ?? ""}/${name}${field === undefined ? "" : `#${field}`}`;
  }

  async #exchange(connection: Deno.Conn, request: Omit<Exchange, "token">): Promise<Answered> {
    const { status, body } = await exchange(connection, { ...request, token: this.#token });
    try {
      const { errors, data } = JSON.parse(new TextDecoder().decode(body)) as Partial<Answered>;
      return { status, errors: errors ?? [], data: data ?? {} };
    } catch {
      throw new Fault("UNAVAILABLE", "what answers at COFFER_ADDR is no server of Coffer's", { hint: "correct it" });
    } finally {
      body.fill(0);
    }
  }
}

function resolvedOf({ values: answers, missing, failed }: Found): Resolved {
  const values = answers.map(([key, value]) => {
    return [key, "text" in value ? Secret.fromText(value.text) : new Secret(decodeBase64(value.base64)!)] as const;
  });
  return new Resolved(new Map(values), missing, values.flatMap(([, value]) => partsOf(value)), failed);
}

/** What the server says of one source. */
function failureOf({ code, message }: Pick<Failure, "code" | "message">): Fault {
  if (code === "DENIED") {
    return new Fault("DENIED", "the server does not resolve it for this token", {
      hint: "where it runs: coffer serve --allow-source env,path,command, and a policy: docs/http-api.md",
    });
  }
  return new Fault(Object.hasOwn(EXIT, code) ? code : "UNAVAILABLE", message, MISSING);
}

/** The server does not say which values have fields: what parses may have some, and is masked in parts as well. */
function partsOf(value: Secret): Secret[] {
  try {
    return textsIn({ value, type: "json" });
  } catch {
    return [];
  }
}

/** @param right what the token may lack the right for */
function refusal({ status, errors }: Answered, right: string): Fault {
  if (status === 403) {
    return new Fault("DENIED", `the server knows no such token, or one without the right ${right}`, {
      hint: "give the token a policy that allows it: docs/http-api.md has an example",
    });
  }
  const words = errors.join("; ") || `the server answered ${status}`;
  if (status === 503 && errors.includes(SEALED)) {
    return new Fault("LOCKED", "the server is locked", { hint: "where it runs: coffer unlock" });
  }
  const code = status === 404 ? "NOT_FOUND" : status >= 500 || status === 429 ? "UNAVAILABLE" : "USAGE";
  return new Fault(code, words, {
    hint: "where it runs, coffer status and coffer audit say more",
  });
}
