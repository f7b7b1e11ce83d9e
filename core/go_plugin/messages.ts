/**
 * Messages of Porter's secrets protocol (secrets_protocol.proto) and of go-plugin's own services, on the wire.
 *
 * Values stay bytes from end to end: of a string, JavaScript would make a copy that nobody can wipe.
 */
import type { Field } from "./wire.ts";

export const METHODS = {
  resolve: "/plugins.SecretsProtocol/Resolve",
  create: "/plugins.SecretsProtocol/Create",
  shutdown: "/plugin.GRPCController/Shutdown",
  streamStdio: "/plugin.GRPCStdio/StreamStdio",
  startStream: "/plugin.GRPCBroker/StartStream",
  health: "/grpc.health.v1.Health/Check",
} as const;

export interface ResolveRequest {
  /** Porter's word for the kind of a source: `secret`. */
  readonly keyName: string;
  /** The source's hint. */
  readonly keyValue: string;
}

export interface CreateRequest extends ResolveRequest {
  readonly value: Bytes;
}

/** What the plugin's process printed after its first line. */
export interface StdioData {
  readonly channel: "stdout" | "stderr" | undefined;
  readonly data: Bytes;
}

/** Whose health is asked about: `plugin`, or the whole server's (""). */
export interface HealthRequest {
  readonly service: string;
}

type Empty = Readonly<Record<string, never>>;
type Bytes = Uint8Array<ArrayBuffer>;

/** grpc.health.v1.HealthCheckResponse.SERVING */
const SERVING = 1;
const NOTHING: Bytes = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads and writes messages. Readers throw at what is no such message. */
export class Messages {
  readonly #wire: typeof import("./wire.ts");

  private constructor(wire: typeof import("./wire.ts")) {
    this.#wire = wire;
  }

  static async load(): Promise<Messages> {
    return new Messages(await import("./wire.ts"));
  }

  resolveRequest({ keyName, keyValue }: ResolveRequest): Bytes {
    return this.#wire.writeFields([encoder.encode(keyName), encoder.encode(keyValue)]);
  }

  readResolveRequest(message: Uint8Array): ResolveRequest {
    const fields = this.#wire.readFields(message);
    return { keyName: textIn(fields, 1), keyValue: textIn(fields, 2) };
  }

  /** A value, which has to be UTF-8. */
  resolveResponse(value: Uint8Array): Bytes {
    return this.#wire.writeFields([value]);
  }

  readResolveResponse(message: Uint8Array): Bytes {
    return bytesIn(this.#wire.readFields(message), 1);
  }

  createRequest({ keyName, keyValue }: ResolveRequest, value: Uint8Array): Bytes {
    return this.#wire.writeFields([encoder.encode(keyName), encoder.encode(keyValue), value]);
  }

  readCreateRequest(message: Uint8Array): CreateRequest {
    const fields = this.#wire.readFields(message);
    return { keyName: textIn(fields, 1), keyValue: textIn(fields, 2), value: bytesIn(fields, 3) };
  }

  empty(): Bytes {
    return NOTHING;
  }

  readEmpty(message: Uint8Array): Empty {
    this.#wire.readFields(message);
    return {};
  }

  readHealthRequest(message: Uint8Array): HealthRequest {
    return { service: textIn(this.#wire.readFields(message), 1) };
  }

  serving(): Bytes {
    return this.#wire.writeFields([SERVING]);
  }

  readStdioData(message: Uint8Array): StdioData {
    const fields = this.#wire.readFields(message);
    const channel = ([undefined, "stdout", "stderr"] as const)[Number(fields.get(1) ?? 0)];
    return { channel, data: bytesIn(fields, 2) };
  }
}

function bytesIn(fields: ReadonlyMap<number, Field>, number: number): Bytes {
  const field = fields.get(number) ?? NOTHING;
  if (typeof field === "number") throw new TypeError(`field ${number} is a number`);
  return field;
}

function textIn(fields: ReadonlyMap<number, Field>, number: number): string {
  return decoder.decode(bytesIn(fields, number));
}
