/** The gRPC connection to a plugin, over TLS with a certificate at both ends. By grpc-js, which is loaded here only. */
import type { Client, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { encodePem } from "../../certificate/pem.ts";
import type { SelfSigned } from "../../certificate/self_signed.ts";
import type { Handshake } from "../../go_plugin/handshake.ts";
import { deferGoaway } from "../../go_plugin/late_goaway.ts";
import { Messages, METHODS } from "../../go_plugin/messages.ts";
import { SERVER_NAME } from "../../go_plugin/plugin_certificate.ts";
import { MAX_VALUE_BYTES } from "../../seal/padding.ts";
import { CallFailure } from "./call_failure.ts";
import type { PluginOutput } from "./output.ts";

type Grpc = typeof import("@grpc/grpc-js");
type Bytes = Uint8Array<ArrayBuffer>;

/** What stands around a value in a message. */
const AROUND_VALUE_BYTES = 64 * 1024;
const SHUTDOWN_MS = 1000;

export class PluginConnection {
  readonly messages: Messages;
  readonly #grpc: Grpc;
  readonly #client: Client;
  readonly #bufferOf: (bytes: Bytes) => Buffer;
  readonly #stdio: ClientReadableStream<Bytes>;
  #closed: Promise<void> | undefined;

  private constructor(
    grpc: Grpc,
    messages: Messages,
    client: Client,
    bufferOf: (bytes: Bytes) => Buffer,
    output: PluginOutput,
  ) {
    this.#grpc = grpc;
    this.messages = messages;
    this.#client = client;
    this.#bufferOf = bufferOf;
    this.#stdio = this.#drainStdio(output);
  }

  /** Connects, and reads what the plugin prints from now on: until somebody does, it would wait. */
  static async open(handshake: Handshake, own: SelfSigned, output: PluginOutput): Promise<PluginConnection> {
    const [grpc, { Buffer }, messages] = await Promise.all([
      import("@grpc/grpc-js"),
      import("node:buffer"),
      Messages.load(),
      deferGoaway(),
    ]);
    grpc.setLogVerbosity(grpc.logVerbosity.NONE); // stderr is the user's
    const { network, address } = handshake.address;
    const plugins = encodePem("CERTIFICATE", handshake.certificate!);
    const credentials = grpc.credentials.createSsl(
      Buffer.from(plugins),
      Buffer.from(own.privateKey),
      Buffer.from(own.certificate),
    );
    const client = new grpc.Client(network === "unix" ? `unix:${address}` : `dns:${address}`, credentials, {
      "grpc.ssl_target_name_override": SERVER_NAME,
      "grpc.default_authority": SERVER_NAME,
      "grpc.max_receive_message_length": MAX_VALUE_BYTES + AROUND_VALUE_BYTES,
      "grpc.max_send_message_length": -1,
      "grpc.enable_http_proxy": 0,
      "grpc.enable_retries": 0,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.service_config_disable_resolution": 1,
    });
    const bufferOf = (bytes: Bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return new PluginConnection(grpc, messages, client, bufferOf, output);
  }

  /** One request, one answer. @throws {CallFailure} */
  call<T>(path: string, request: Bytes, read: (message: Uint8Array) => T, ms: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        this.#bufferOf,
        (message: Uint8Array) => new Uint8Array(message),
        request,
        new this.#grpc.Metadata(),
        { deadline: Date.now() + ms },
        (error: ServiceError | null, answer?: Bytes) => {
          if (error) return reject(new CallFailure(error.code, error.details));
          try {
            resolve(read(answer!));
          } catch {
            reject(new CallFailure(this.#grpc.status.DATA_LOSS, "")); // what is wrong with it would quote it
          }
        },
      );
    });
  }

  /** Tells the plugin to end. Some end before they have answered. */
  async shutdown(): Promise<void> {
    const { messages } = this;
    await this.call(METHODS.shutdown, messages.empty(), (message) => messages.readEmpty(message), SHUTDOWN_MS)
      .catch(() => {});
  }

  /** A turn later: what is awaited goes on in the middle of what the runtime does with a message (late_goaway.ts). */
  close(): Promise<void> {
    return this.#closed ??= new Promise((resolve) =>
      setTimeout(() => {
        this.#stdio.cancel();
        this.#client.close();
        resolve();
      }, 0)
    );
  }

  #drainStdio(output: PluginOutput): ClientReadableStream<Bytes> {
    const stream = this.#client.makeServerStreamRequest(
      METHODS.streamStdio,
      this.#bufferOf,
      (message: Uint8Array) => new Uint8Array(message),
      this.messages.empty(),
    );
    stream.on("data", (message: Bytes) => output.discard(message));
    stream.on("error", () => {}); // it has ended, or knows no such stream
    return stream;
  }
}
