import assert from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "../../../core/fault.ts";
import { formatHandshake, parseHandshake } from "../../../core/go_plugin/handshake.ts";
import { makeSelfSigned } from "../../../core/certificate/self_signed.ts";
import { decodePem } from "../../../core/certificate/pem.ts";
import { pluginCertificate } from "../../../core/go_plugin/plugin_certificate.ts";

Deno.test("a handshake line is go-plugin's, and speaks of multiplexing only where that was asked for", () => {
  assert.equal(formatHandshake("/run/plugin", undefined, false), "1|2|unix|/run/plugin|grpc|");
  assert.equal(formatHandshake("/run/plugin", undefined, true), "1|2|unix|/run/plugin|grpc||true");
});

Deno.test("what a handshake line says is read back, also a certificate of any length", async () => {
  const { certificate } = await makeSelfSigned(pluginCertificate(new Date()));
  const der = decodePem("CERTIFICATE", certificate)!;
  for (const bytes of [der, der.subarray(1), der.subarray(2), der.subarray(3)]) { // with and without padding
    const line = formatHandshake("/run/plugin", bytes, false);
    assert.ok(!line.includes("="));
    const { address, certificate } = parseHandshake(line, "it");
    assert.deepEqual([address, certificate], [{ network: "unix", address: "/run/plugin" }, new Uint8Array(bytes)]);
  }
  // As Go prints it, and older implementations that have no sixth field.
  assert.equal(parseHandshake("1|2|unix|/tmp/plugin1|grpc|", "it").certificate, undefined);
  assert.equal(parseHandshake("1|2|tcp|127.0.0.1:10000|grpc", "it").address.network, "tcp");
  assert.equal(parseHandshake("1|2|unix|/tmp/p|grpc|extra", "it").certificate, undefined);
});

Deno.test("each kind of wrong handshake line is told apart", () => {
  const wrong = {
    noise: "starting up",
    empty: "",
    core: "2|2|unix|/tmp/p|grpc|",
    version: "1|1|unix|/tmp/p|grpc|",
    netrpc: "1|2|unix|/tmp/p|netrpc|",
    "no protocol": "1|2|unix|/tmp/p",
    network: "1|2|carrier|pigeon|grpc|",
    "relative socket": "1|2|unix|p|grpc|",
    "other machine": "1|2|tcp|192.0.2.1:80|grpc|",
    "name that looks local": "1|2|tcp|127.0.0.1.example.com:80|grpc|",
    certificate: `1|2|unix|/tmp/p|grpc|${"!".repeat(60)}`,
  };
  const texts = Object.values(wrong).map((line) => faultOf(() => parseHandshake(line, "it")).message);
  assert.equal(new Set(texts).size, 6);
});

Deno.test("no line makes the parser fail in another way", () => {
  const part = fc.oneof(fc.constantFrom("1", "2", "unix", "tcp", "grpc", "/tmp/p", "127.0.0.1:1", ""), fc.string());
  fc.assert(fc.property(fc.array(part, { maxLength: 9 }), (parts) => {
    try {
      parseHandshake(parts.join("|"), "it");
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === "CONFIG");
    }
  }));
});

function faultOf(steps: () => unknown): Fault {
  try {
    steps();
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === "CONFIG");
    return error;
  }
  return assert.fail("it was taken");
}
