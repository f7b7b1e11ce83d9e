/**
 * The gRPC server of a go-plugin plugin, at a unix socket: Porter's secrets protocol, and what go-plugin has every
 * plugin answer. By grpc-js, which is loaded here only.
 */
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { Fault } from "../../core/fault.ts";
import { decodePem } from "../../core/certificate/pem.ts";
import { makeSelfSigned } from "../../core/certificate/self_signed.ts";
import { Messages, METHODS } from "../../core/go_plugin/messages.ts";
import { pluginCertificate } from "../../core/go_plugin/plugin_certificate.ts";
import { MAX_VALUE_BYTES } from "../../core/seal/padding.ts";
import type { SecretsService } from "./secrets_service.ts";

type Grpc = typeof import("@grpc/grpc-js");
type Bytes = Uint8Array<ArrayBuffer>;

/** What stands around a value in a message: a key, and a few bytes. */
const AROUND_VALUE_BYTES = 64 * 1024;
/** What a host asks the health of, besides the whole server's (""). */
const SERVICES = ["plugin", ""];

export class PluginServer {
  /** DER; undefined without AutoMTLS. */
  readonly certificate: Bytes | undefined;
  /** Resolves when the host has told the plugin to end. */
  readonly shutdown: Promise<void>;
  readonly #server: InstanceType<Grpc["Server"]>;

  private constructor(server: InstanceType<Grpc["Server"]>, certificate: Bytes | undefined, shutdown: Promise<void>) {
    this.#server = server;
    this.certificate = certificate;
    this.shutdown = shutdown;
  }

  /**
   * Listens at `socket`, which only its owner can use.
   * @param clientCertificate PEM: nobody without it is taken
   * @param onBug is told of what is thrown and is no fault
   */
  static async listen(
    socket: string,
    secrets: SecretsService,
    clientCertificate: string | undefined,
    onBug: (error: unknown) => void,
  ): Promise<PluginServer> {
    const [grpc, messages] = await Promise.all([import("@grpc/grpc-js"), Messages.load()]);
    grpc.setLogVerbosity(grpc.logVerbosity.NONE); // stderr is the host's log
    const server = new grpc.Server({
      "grpc.max_receive_message_length": MAX_VALUE_BYTES + AROUND_VALUE_BYTES,
      "grpc.max_send_message_length": -1,
    });
    const { promise: shutdown, resolve: onShutdown } = Promise.withResolvers<void>();
    addServices(server, { grpc, messages, secrets, onShutdown, onBug });
    const own = clientCertificate === undefined ? undefined : await makeSelfSigned(pluginCertificate(new Date()));
    const credentials = own === undefined ? grpc.ServerCredentials.createInsecure() : grpc.ServerCredentials.createSsl(
      Buffer.from(clientCertificate!),
      [{ cert_chain: Buffer.from(own.certificate), private_key: Buffer.from(own.privateKey) }],
      true,
    );
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${socket}`, credentials, (error) => error ? reject(error) : resolve())
    );
    Deno.chmodSync(socket, 0o600);
    return new PluginServer(server, own && decodePem("CERTIFICATE", own.certificate)!, shutdown);
  }

  /** Ends every call, also those that the host holds open. */
  close(): void {
    this.#server.forceShutdown();
  }
}

interface Parts {
  readonly grpc: Grpc;
  readonly messages: Messages;
  readonly secrets: SecretsService;
  readonly onShutdown: () => void;
  readonly onBug: (error: unknown) => void;
}

function addServices(server: InstanceType<Grpc["Server"]>, parts: Parts): void {
  const { grpc, messages, secrets, onShutdown, onBug } = parts;

  /** One request, one answer. grpc-js takes a request that is falsy for none. A failure is told in words: Porter's protocol has no codes. */
  const unary = <T extends object>(
    path: string,
    read: (message: Uint8Array) => T,
    answer: (request: T) => Promise<Bytes>,
  ) =>
    server.addService(definition(path, read), {
      [path]: async (call: ServerUnaryCall<T, Bytes>, reply: sendUnaryData<Bytes>) => {
        try {
          reply(null, await answer(call.request));
        } catch (error) {
          reply(statusOf(error, grpc, onBug));
        }
      },
    } as UntypedServiceImplementation);

  /** A stream that nothing is sent through, open until the host ends it. */
  const silent = (path: string) =>
    server.addService(definition(path, () => ({}), { requestStream: true, responseStream: true }), {
      [path]: (call: ServerWritableStream<object, Bytes>) => {
        call.on("data", () => {});
        call.on("error", () => {}); // the host has gone
        call.on("end", () => call.end());
      },
    } as UntypedServiceImplementation);

  unary(METHODS.resolve, (message) => messages.readResolveRequest(message), async (request) => {
    using value = await secrets.resolve(request);
    return value.use((bytes) => messages.resolveResponse(bytes));
  });
  unary(METHODS.create, (message) => messages.readCreateRequest(message), async (request) => {
    await secrets.create(request);
    return messages.empty();
  });
  unary(METHODS.health, (message) => messages.readHealthRequest(message), ({ service }) => {
    if (SERVICES.includes(service)) return Promise.resolve(messages.serving());
    return Promise.reject(new UnknownService());
  });
  unary(METHODS.shutdown, (message) => messages.readEmpty(message), () => {
    onShutdown();
    return Promise.resolve(messages.empty());
  });
  silent(METHODS.streamStdio);
  silent(METHODS.startStream);
}

class UnknownService extends Error {}

function statusOf(error: unknown, grpc: Grpc, onBug: (error: unknown) => void) {
  if (error instanceof UnknownService) return { code: grpc.status.NOT_FOUND, details: "unknown service" };
  if (error instanceof Fault) return { code: grpc.status.UNKNOWN, details: error.message.toWellFormed() };
  onBug(error);
  return { code: grpc.status.UNKNOWN, details: "unexpected error in coffer" };
}

function definition<T>(
  path: string,
  read: (message: Uint8Array) => T,
  { requestStream, responseStream } = { requestStream: false, responseStream: false },
) {
  return {
    [path]: {
      path,
      requestStream,
      responseStream,
      requestDeserialize: read,
      requestSerialize: () => Buffer.alloc(0),
      responseSerialize: (message: Bytes) => Buffer.from(message.buffer, message.byteOffset, message.length),
      responseDeserialize: (message: Uint8Array) => message,
    },
  };
}
