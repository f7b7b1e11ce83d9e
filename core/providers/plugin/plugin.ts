/**
 * Secrets of an external plugin of Porter's: a program that speaks gRPC (docs/porter.md). It is started when it is first
 * needed, with a socket and an environment of its own and TLS with certificates on both sides, and ends with Coffer.
 */
import { makeSelfSigned } from "../../certificate/self_signed.ts";
import { textsIn } from "../../fields.ts";
import { Fault } from "../../fault.ts";
import { METHODS } from "../../go_plugin/messages.ts";
import { pluginCertificate } from "../../go_plugin/plugin_certificate.ts";
import { Secret } from "../../secret.ts";
import type { NewValue } from "../../stack/stack.ts";
import { unsupportedSource } from "../ability.ts";
import { type ProviderKind, readConfig, type Surroundings } from "../kind.ts";
import type { ProvidedValue, Source, WritableProvider } from "../provider.ts";
import { CallFailure } from "./call_failure.ts";
import { PLUGIN_CONFIG, type PluginSpec, readPluginConfig } from "./config.ts";
import { PluginConnection } from "./connection.ts";
import { pluginEnvironment } from "./environment.ts";
import { callFault, hasFailed, mayBeBroken } from "./faults.ts";
import { findProgram } from "./location.ts";
import { PluginProcess } from "./process.ts";
import { RecentValues } from "./recent_values.ts";
import { within } from "./within.ts";

export const plugin: ProviderKind = {
  brief: "a plugin of Porter's, as there are for Azure Key Vault and Kubernetes",
  can: ["persist"],
  open(config, around) {
    return Promise.resolve(new PluginProvider(readConfig(config, PLUGIN_CONFIG, readPluginConfig), around));
  },
  async check(config, around) {
    await using provider = new PluginProvider(readConfig(config, PLUGIN_CONFIG, readPluginConfig), around);
    await provider.start();
  },
};

type Bytes = Uint8Array<ArrayBuffer>;

/** What a Go plugin takes in one message, unless it was made to take more. */
const MOST_REQUEST_BYTES = 4 * 1024 * 1024;
const PARALLEL_CALLS = 16;
/** When a connection breaks, the news that the process has ended may still be on its way. */
const NEWS_MS = 500;
/** Shorter ones are names and words, without which a plugin's complaint is none. */
const LEAST_TOKEN = 8;
const RETRY = { hint: "try again: it is started anew" };

/** A plugin that was started. */
interface Running {
  readonly process: PluginProcess;
  readonly connection: PluginConnection;
  /** It has ended, and nothing of it is left. */
  gone: Promise<void>;
}

export class PluginProvider implements WritableProvider {
  readonly #spec: PluginSpec;
  readonly #around: Surroundings;
  readonly #what: string;
  readonly #recent: RecentValues;
  #running: Promise<Running> | undefined;

  constructor(spec: PluginSpec, around: Surroundings) {
    this.#spec = spec;
    this.#around = around;
    this.#what = `the plugin ${spec.name}`;
    this.#recent = new RecentValues(configuredTexts(spec));
  }

  /** Starts the plugin, which the first call would do as well. @throws {Fault} when it does not start */
  async start(): Promise<void> {
    await this.#started();
  }

  /** A plugin that fails in between has failed as a whole, and nothing is handed out. */
  async resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    const results: (ProvidedValue | Fault)[] = sources.map(unsupportedSource);
    const wanted = sources.entries().filter(([, { kind }]) => kind === "secret");
    const work = async () => {
      for (const [at, { hint }] of wanted) results[at] = await this.#resolveOne(hint);
    };
    const outcomes = await Promise.allSettled(Array.from({ length: PARALLEL_CALLS }, work));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed === undefined) return results;
    for (const result of results) if (!(result instanceof Fault)) result.value.dispose();
    throw failed.reason;
  }

  async persist(source: Source, { value, type }: NewValue): Promise<undefined> {
    if (source.kind !== "secret") throw unsupportedSource(source);
    if (type === "json") throw cannotCarry("values with fields", "set each field as a secret of its own");
    const refusal = refusalOf(source.hint, value);
    if (refusal) throw refusal;
    const running = await this.#started();
    const { messages } = running.connection;
    const request = value.use((bytes) =>
      messages.createRequest({ keyName: source.kind, keyValue: source.hint }, bytes)
    );
    try {
      this.#recent.add(value);
      const outcome = await this.#call(running, METHODS.create, request, (answer) => messages.readEmpty(answer));
      if (outcome instanceof Fault) throw outcome;
    } finally {
      request.fill(0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    this.#running = undefined;
    if (running) {
      await running.connection.shutdown();
      await running.connection.close();
      await running.process.stop();
      await running.gone;
    }
    this.#recent[Symbol.dispose]();
  }

  async #resolveOne(key: string): Promise<ProvidedValue | Fault> {
    const refusal = refusalOf(key, undefined);
    if (refusal) return refusal;
    const running = await this.#started();
    using _held = running.process.output.hold();
    const { messages } = running.connection;
    const request = messages.resolveRequest({ keyName: "secret", keyValue: key });
    const answer = await this.#call(running, METHODS.resolve, request, (answer) => {
      const value = new Secret(messages.readResolveResponse(answer));
      if (isText(value)) return value;
      throw new TypeError("the answer is not UTF-8");
    });
    if (answer instanceof Fault) return answer;
    this.#recent.add(answer);
    return { value: answer, type: "bytes" };
  }

  /**
   * Returns what the plugin answers, or why it does not.
   * @throws {Fault} when the plugin as a whole has failed; it is ended, and the next call starts another
   */
  async #call<T>(running: Running, path: string, request: Bytes, read: (answer: Uint8Array) => T): Promise<T | Fault> {
    const { process, connection } = running;
    const { callMs } = this.#spec;
    try {
      return await connection.call(path, request, read, callMs);
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      const fault = callFault(error, this.#what, callMs / 1000);
      const end = mayBeBroken(error) ? await within(process.ended, NEWS_MS) : undefined;
      if (!end && !hasFailed(error)) return fault;
      await this.#discard(running, fault);
      if (!end) throw fault;
      throw end.reason ?? new Fault("UNAVAILABLE", `${this.#what} ${end.how} in the middle of a call`, RETRY);
    }
  }

  #started(): Promise<Running> {
    return this.#running ??= this.#start().catch((error) => {
      this.#running = undefined;
      throw error;
    });
  }

  async #start(): Promise<Running> {
    const { name, implementation, path, sha256, config, env, startMs } = this.#spec;
    const program = await findProgram({ name, path, sha256 }, this.#around);
    const certificate = await makeSelfSigned(pluginCertificate(new Date()));
    const process = await PluginProcess.start({
      what: this.#what,
      program,
      key: `secrets.${name}.${implementation}`,
      config,
      env,
      startMs,
      certificate,
      hidden: () => this.#recent,
    }, this.#around);
    const connection = await PluginConnection.open(process.handshake, certificate, process.output);
    const running: Running = { process, connection, gone: Promise.resolve() };
    running.gone = process.ended.then(() => this.#discard(running));
    return running;
  }

  /** @param reason for the other calls that it is at */
  async #discard(running: Running, reason?: Fault): Promise<void> {
    if (await this.#running?.catch(() => undefined) === running) this.#running = undefined;
    await running.connection.close();
    await running.process.kill(reason);
  }
}

/** What of the configuration may be a secret: all of it, and the variables that were named for it, but for short words. */
function configuredTexts({ config, env }: PluginSpec): string[] {
  using value = Secret.fromText(config);
  const texts = textsIn({ value, type: "json" }).map((text) => text.revealText());
  return [...texts, ...Object.values(pluginEnvironment(Deno.env.toObject(), env, []))]
    .filter((text) => text.length >= LEAST_TOKEN);
}

/** Why the protocol cannot carry a key, and a value with it; undefined when it can. */
function refusalOf(key: string, value: Secret | undefined): Fault | undefined {
  if (!key.isWellFormed()) return cannotCarry("keys that are not Unicode", "name it otherwise");
  if (value && !isText(value)) return cannotCarry("values that are not UTF-8 text", "store it as base64");
  // Three bytes for each character at most, and a few for what is around it.
  if (key.length * 3 + (value?.size ?? 0) + 64 <= MOST_REQUEST_BYTES) return undefined;
  return cannotCarry("more than 4 MiB at once", "keep it in a stack of Coffer's own, which holds 16 MiB");
}

function cannotCarry(what: string, hint: string): Fault {
  return new Fault("UNSUPPORTED", `Porter's protocol does not carry ${what}`, { hint });
}

function isText(value: Secret): boolean {
  try {
    value.use((bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}
