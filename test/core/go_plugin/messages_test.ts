import assert from "node:assert/strict";
import fc from "fast-check";
import { Messages } from "../../../core/go_plugin/messages.ts";

const messages = await Messages.load();
const text = fc.string({ unit: "grapheme" });
const bytes = fc.uint8Array();
const utf8 = new TextEncoder();

Deno.test("messages are what protobuf has for them", () => {
  const hex = (message: Uint8Array) => message.toHex();
  const key = { keyName: "secret", keyValue: "a/b" };
  assert.equal(hex(messages.resolveRequest(key)), "0a06736563726574" + "1203612f62");
  assert.equal(hex(messages.createRequest(key, utf8.encode("ü"))), "0a06736563726574" + "1203612f62" + "1a02c3bc");
  assert.equal(hex(messages.resolveResponse(utf8.encode("v"))), "0a0176");
  assert.equal(hex(messages.resolveResponse(new Uint8Array(0))), "");
  assert.equal(hex(messages.serving()), "0801");
  const printed = messages.readStdioData(Uint8Array.fromHex("0802" + "12026869"));
  assert.deepEqual([printed.channel, printed.data], ["stderr", utf8.encode("hi")]);
  assert.deepEqual(messages.readHealthRequest(Uint8Array.fromHex("0a06706c7567696e")), { service: "plugin" });
});

Deno.test("what was written is read", () => {
  fc.assert(fc.property(text, text, bytes, (keyName, keyValue, value) => {
    assert.deepEqual(messages.readResolveRequest(messages.resolveRequest({ keyName, keyValue })), {
      keyName,
      keyValue,
    });
    const created = messages.readCreateRequest(messages.createRequest({ keyName, keyValue }, value));
    assert.deepEqual(created, { keyName, keyValue, value: new Uint8Array(value) });
    assert.deepEqual(messages.readResolveResponse(messages.resolveResponse(value)), new Uint8Array(value));
  }));
});

Deno.test("fields of later versions are skipped, and the last of several counts", () => {
  const later = "0a0161" + "2203787878" + "28ffffffffffffffffff01" + "3d00000000" + "410000000000000000" + "0a0162";
  assert.deepEqual(messages.readResolveResponse(Uint8Array.fromHex(later)), utf8.encode("b"));
});

Deno.test("what is no message is refused, whatever it is", () => {
  for (const broken of ["0a", "0a05", "0a0561", "0affffffff0f", "ff", "07", "0801", "0b", "15ffffff"]) {
    assert.throws(() => messages.readResolveResponse(Uint8Array.fromHex(broken)), broken);
  }
  assert.throws(() => messages.readResolveRequest(Uint8Array.fromHex("0a02fffe"))); // a key that is not UTF-8
  fc.assert(fc.property(bytes, (message) => {
    try {
      messages.readCreateRequest(message);
    } catch (error) {
      assert.ok(error instanceof Error); // and it neither hangs nor takes memory
    }
  }));
});
