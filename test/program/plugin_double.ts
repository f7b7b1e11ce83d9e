/**
 * A secrets plugin of go-plugin's, for where there is no Go: one that behaves, and others that do not, by the name of the
 * store. The same as `test/program/go_plugin/plugin`.
 *
 *     plugin_double.ts run secrets.fake.MODE
 */
import { Buffer } from "node:buffer";
import * as grpc from "@grpc/grpc-js";
import { decodePem } from "../../core/certificate/pem.ts";
import { makeSelfSigned } from "../../core/certificate/self_signed.ts";
import { digestSha256 } from "../../core/crypto/hkdf.ts";
import { COOKIE, formatHandshake, VARIABLES } from "../../core/go_plugin/handshake.ts";
import { Messages, METHODS } from "../../core/go_plugin/messages.ts";
import { pluginCertificate } from "../../core/go_plugin/plugin_certificate.ts";

const MEBIBYTE = 1024 * 1024;
const encoder = new TextEncoder();
const messages = await Messages.load();
const mode = Deno.args[1]!.split(".").at(-1)!;
const { folder, pid } = await new Response(Deno.stdin.readable).json();

if (Deno.env.get(COOKIE.name) !== COOKIE.value) Deno.exit(1);
if (pid) Deno.writeTextFileSync(pid, String(Deno.pid));
if (mode === "environment") Deno.writeTextFileSync(`${folder}/environment`, JSON.stringify(Deno.env.toObject()));

const server = new grpc.Server();
const methods = {
  [METHODS.resolve]: (message: Uint8Array) => resolve(messages.readResolveRequest(message)),
  [METHODS.create]: (message: Uint8Array) => create(messages.readCreateRequest(message)),
  [METHODS.shutdown]: () => {
    setTimeout(() => Deno.exit(0), 10);
    return messages.empty();
  },
};
for (const [path, answer] of Object.entries(methods)) {
  const asIs = (bytes: Uint8Array) => Buffer.from(bytes);
  server.addService({
    [path]: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: (message: Uint8Array) => message,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  }, {
    [path]: async (call: grpc.ServerUnaryCall<Uint8Array, Uint8Array>, reply: grpc.sendUnaryData<Uint8Array>) => {
      try {
        reply(null, await answer(call.request));
      } catch (error) {
        reply({ code: grpc.status.UNKNOWN, details: (error as Error).message });
      }
    },
  });
}

const own = await makeSelfSigned(pluginCertificate(new Date()));
const credentials = grpc.ServerCredentials.createSsl(
  Buffer.from(Deno.env.get(VARIABLES.clientCertificate)!),
  [{ cert_chain: Buffer.from(own.certificate), private_key: Buffer.from(own.privateKey) }],
  true,
);
const isTcp = mode === "tcp";
const place = isTcp ? "127.0.0.1:0" : `${Deno.env.get("TMPDIR")}/double`;
server.bindAsync(isTcp ? place : `unix:${place}`, credentials, (error, port) => {
  if (error) throw error;
  const line = formatHandshake(place, decodePem("CERTIFICATE", own.certificate), false);
  print(Deno.stdout, isTcp ? line.replace(`unix|${place}`, `tcp|127.0.0.1:${port}`) : line);
});

async function resolve({ keyName, keyValue }: { keyName: string; keyValue: string }): Promise<Uint8Array> {
  switch (mode) {
    case "crash":
      print(Deno.stderr, "panic: out of ideas");
      return Deno.exit(7);
    case "hang":
      return await new Promise(() => {});
    case "huge":
      return messages.resolveResponse(new Uint8Array(64 * MEBIBYTE).fill(0x78));
    case "lie":
      return messages.serving(); // a number
    case "binary":
      return messages.resolveResponse(new Uint8Array([0xff, 0xfe]));
    case "flood":
      for (let i = 0; i < 1024; i++) Deno.stderr.writeSync(new Uint8Array(MEBIBYTE).fill(0x78));
      break;
    case "gossip":
      log("warn", "resolved");
      log("error", "the value of it is hunter2-gossip");
      return messages.resolveResponse(encoder.encode("hunter2-gossip"));
  }
  if (keyName !== "secret") throw new Error(`unsupported secret type: ${keyName}. Only secret is supported`);
  try {
    return messages.resolveResponse(Deno.readFileSync(pathOf(keyValue)));
  } catch {
    throw new Error(`no secret found at ${keyValue} in 100% of “fake”\n(second line)`);
  }
}

function create({ keyValue, value }: { keyValue: string; value: Uint8Array }): Uint8Array {
  Deno.writeFileSync(pathOf(keyValue), value, { mode: 0o600 });
  return messages.empty();
}

function pathOf(key: string): string {
  return `${folder}/${digestSha256(encoder.encode(key)).toHex()}`;
}

function log(level: string, message: string): void {
  print(Deno.stderr, JSON.stringify({ "@level": level, "@message": message, "@module": "double" }));
}

function print(to: typeof Deno.stdout | typeof Deno.stderr, line: string): void {
  to.writeSync(encoder.encode(`${line}\n`));
}
