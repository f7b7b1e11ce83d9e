/**
 * Coffer as a plugin of Porter: `coffer run secrets.coffer.sealed`, started by Porter with its configuration on stdin. It
 * prints where it listens, answers, and ends with its host.
 */
import { Fault } from "../../core/fault.ts";
import { formatHandshake, VARIABLES } from "../../core/go_plugin/handshake.ts";
import { SocketFolder } from "../../core/go_plugin/socket_folder.ts";
import { parseGoBool } from "../../core/go_bool.ts";
import type { ProviderConfig } from "../../core/providers/kind.ts";
import type { Context } from "../command.ts";
import type { Host } from "../host.ts";
import { readStdin } from "../input.ts";
import { pause } from "../pause.ts";
import type { Report } from "../report.ts";
import { isPluginHost } from "./key.ts";
import { openStore, requireStore } from "./open_store.ts";
import { PluginLog } from "./plugin_log.ts";
import { PluginServer } from "./plugin_server.ts";
import { SecretsService } from "./secrets_service.ts";

/** go-plugin's words. */
const NOT_BY_HAND = `This binary is a plugin. These are not meant to be executed directly.
Please execute the program that consumes these plugins, which will
load any plugins automatically
`;
const MAX_CONFIG_BYTES = 1024 * 1024;
/** Porter waits five seconds for the first line. */
const CONFIG_MS = 4000;
/** How long an answer may be on its way when the process ends. */
const LAST_ANSWER_MS = 50;
/** How often to look whether the host still runs: it is not to be outlived by what can read its secrets. */
const LOOK_MS = 200;
/** SIGINT goes to a terminal's whole group: the host decides what becomes of a run. */
const IGNORED = "SIGINT";
const ENDING = ["SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Serves one store until the host ends. Returns the exit code. */
export async function servePlugin(name: string, { host, report }: Context): Promise<number> {
  if (!isPluginHost(host)) {
    report.bytes(new TextEncoder().encode(NOT_BY_HAND), 2);
    return 1;
  }
  try {
    const log = new PluginLog(report);
    await requireStore(name, host, log);
    const config = configuration(host);
    // Its failure is reported where it is awaited, which may be later.
    config.catch(() => {});
    await using secrets = new SecretsService(async () => await openStore(name, await config, host, log));
    await serve({ secrets, host, report, log, config });
    return 0;
  } catch (error) {
    report.failure(error);
    return 1;
  }
}

interface Setting {
  readonly secrets: SecretsService;
  readonly host: Host;
  readonly report: Report;
  readonly log: PluginLog;
  readonly config: Promise<ProviderConfig>;
}

async function serve({ secrets, host, report, log, config }: Setting): Promise<void> {
  using ending = new Ending();
  using folder = SocketFolder.make([
    host.env(VARIABLES.socketFolder),
    host.env("XDG_RUNTIME_DIR"),
    host.env("TMPDIR"),
    "/tmp",
  ]);
  const socket = `${folder.path}/plugin`;
  const multiplexing = host.env(VARIABLES.multiplexing) ?? "";
  const isMultiplexed = parseGoBool(multiplexing) ?? false;
  const direct = isMultiplexed ? `${folder.path}/direct` : socket;
  const onBug = (error: unknown) => log.line("error", `bug: ${error instanceof Error ? error.stack : typeof error}`);
  const server = await PluginServer.listen(direct, secrets, host.env(VARIABLES.clientCertificate) || undefined, onBug);
  try {
    using _streams = isMultiplexed ? await multiplexed(socket, direct) : undefined;
    await config;
    report.line(formatHandshake(socket, server.certificate, multiplexing !== ""));
    await Promise.race([server.shutdown, ending.come]);
    await pause(LAST_ANSWER_MS);
  } finally {
    server.close();
  }
}

/** Hardly ever: Porter does not ask for it. */
async function multiplexed(socket: string, target: string): Promise<Disposable> {
  const { MultiplexedSocket } = await import("./multiplexed_socket.ts");
  return new MultiplexedSocket(socket, target);
}

/** JSON on stdin: an object, `null` where Porter's configuration has nothing for it, or nothing at all. */
async function configuration(host: Host): Promise<ProviderConfig> {
  if (host.stdin.isTerminal()) return {};
  const bytes = await Promise.race([readStdin(host, MAX_CONFIG_BYTES), pause(CONFIG_MS)]);
  if (bytes === undefined) {
    throw new Fault("CONFIG", "the configuration on standard input does not end", {
      hint: "close it, or use /dev/null",
    });
  }
  const text = new TextDecoder().decode(bytes).trim();
  bytes.fill(0);
  try {
    const config = text === "" ? null : JSON.parse(text, withoutPrototype);
    if (config === null) return {};
    if (typeof config === "object" && !Array.isArray(config)) return config;
  } catch {
    // what is wrong with it would quote it
  }
  throw new Fault("CONFIG", "the configuration on standard input is no JSON object");
}

/** As tables of a configuration file are: `constructor` is a key like any other. */
function withoutPrototype(_key: string, value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.assign(Object.create(null), value) : value;
}

/** What ends a plugin besides its host's word: a signal, and its host's end. */
class Ending implements Disposable {
  readonly come: Promise<void>;
  readonly #stop = Promise.withResolvers<void>();
  readonly #onSignal = () => this.#stop.resolve();
  readonly #ignore = () => {};
  #isOver = false;

  constructor() {
    this.come = this.#stop.promise;
    Deno.addSignalListener(IGNORED, this.#ignore);
    for (const signal of ENDING) Deno.addSignalListener(signal, this.#onSignal);
    void this.#watchParent(Deno.ppid);
  }

  async #watchParent(parent: number): Promise<void> {
    while (!this.#isOver && Deno.ppid === parent) await pause(LOOK_MS);
    this.#stop.resolve();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    Deno.removeSignalListener(IGNORED, this.#ignore);
    for (const signal of ENDING) Deno.removeSignalListener(signal, this.#onSignal);
  }
}
