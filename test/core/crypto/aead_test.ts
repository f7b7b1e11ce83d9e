import assert from "node:assert/strict";
import { aeadBackend, open, seal } from "../../../core/crypto/aead.ts";
import type { AeadBackend } from "../../../core/crypto/backend.ts";
import { nobleAead } from "../../../core/crypto/noble.ts";
import { WasmAead } from "../../../core/crypto/wasm_aead.ts";
import { Seeded } from "./bytes_from.ts";
import { documents, readDocument } from "./documents.ts";
import { runAead } from "./wycheproof.ts";

const random = new Seeded(4);
const key = random.bytes(32);
const nonce = random.bytes(24);
const text = random.bytes(300);
const aad = random.bytes(20);

const backends: readonly AeadBackend[] = [new WasmAead(), nobleAead];

Deno.test("aeadBackend() is the WebAssembly one when relaxed SIMD works", () => {
  assert.equal(aeadBackend().name, "wasm-relaxed-simd");
});

for (const wrong of [0, 31, 33, 64]) {
  Deno.test(`seal() and open() throw a RangeError when the key has ${wrong} bytes`, () => {
    assert.throws(() => seal(new Uint8Array(wrong), nonce, text, aad), RangeError);
    assert.throws(() => open(new Uint8Array(wrong), nonce, text, aad), RangeError);
  });
}

for (const wrong of [0, 12, 23, 25]) {
  Deno.test(`seal() and open() throw a RangeError when the nonce has ${wrong} bytes`, () => {
    assert.throws(() => seal(key, new Uint8Array(wrong), text, aad), RangeError);
    assert.throws(() => open(key, new Uint8Array(wrong), text, aad), RangeError);
  });
}

const notBytes: readonly unknown[] = ["0".repeat(32), Array(32).fill(0), new ArrayBuffer(32), null, undefined, {
  length: 32,
}];
for (const position of [0, 1, 2, 3]) {
  Deno.test(`seal() and open() throw a TypeError when argument ${position + 1} is not bytes`, () => {
    for (const wrong of notBytes) {
      const arguments_ = [key, nonce, text, aad].with(position, wrong as Uint8Array<ArrayBuffer>);
      const [a, b, c, d] = arguments_ as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      assert.throws(() => seal(a, b, c, d), TypeError);
      assert.throws(() => open(a, b, c, d), TypeError);
    }
  });
}

for (const backend of backends) {
  Deno.test(`open() returns undefined when any bit of a sealed message is flipped (${backend.name})`, () => {
    const sealed = backend.seal(key, nonce, text.subarray(0, 40), aad);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = sealed.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(backend.open(key, nonce, forged, aad), undefined, `bit ${bit}`);
    }
  });

  Deno.test(`open() returns undefined when key, nonce or associated data differ (${backend.name})`, () => {
    const sealed = backend.seal(key, nonce, text, aad);
    const other = (bytes: Uint8Array) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 0x80);
    assert.equal(backend.open(other(key), nonce, sealed, aad), undefined);
    assert.equal(backend.open(key, other(nonce), sealed, aad), undefined);
    assert.equal(backend.open(key, nonce, sealed, other(aad)), undefined);
    assert.equal(backend.open(key, nonce, sealed, aad.subarray(1)), undefined);
    assert.deepEqual(backend.open(key, nonce, sealed, aad), text);
  });

  Deno.test(`open() returns undefined when bytes move between associated data and text (${backend.name})`, () => {
    const sealed = backend.seal(key, nonce, new Uint8Array(32), new Uint8Array(16));
    const moved = Uint8Array.from([...new Uint8Array(16), ...sealed]);
    assert.equal(backend.open(key, nonce, moved, new Uint8Array(0)), undefined);
  });

  Deno.test(`seal() and open() leave their arguments alone and return fresh memory (${backend.name})`, () => {
    const before = [key, nonce, text, aad].map((bytes) => bytes.slice());
    const sealed = backend.seal(key, nonce, text, aad);
    const copy = sealed.slice();
    const opened = backend.open(key, nonce, sealed, aad)!;
    opened.fill(0);
    assert.deepEqual([key, nonce, text, aad], before);
    assert.deepEqual(sealed, copy);
    assert.notEqual(backend.seal(key, nonce, text, aad).buffer, backend.seal(key, nonce, text, aad).buffer);
  });

  Deno.test(`seal() does not care when its arguments are views into one buffer (${backend.name})`, () => {
    const buffer = Uint8Array.from([7, ...key, 7, ...nonce, 7, ...text, 7, ...aad]);
    let at = 0;
    const views = [key, nonce, text, aad].map(({ length }) => buffer.subarray(at += 1, at += length));
    const [k, n, t, a] = views as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    assert.deepEqual(backend.seal(k, n, t, a), backend.seal(key, nonce, text, aad));
  });
}

Deno.test("open() returns undefined when the message is shorter than a tag", () => {
  for (let length = 0; length < 16; length++) assert.equal(open(key, nonce, new Uint8Array(length), aad), undefined);
});

Deno.test("seal() and open() agree with Wycheproof in all 315 cases", async () => {
  assert.equal(runAead((await documents()).xchacha20poly1305, { seal, open }), 315);
});

Deno.test("seal() and open() agree with Wycheproof in all 315 cases when @noble backs them", async () => {
  const noble = await withoutWebAssembly();
  assert.equal(noble.aeadBackend().name, "noble");
  assert.equal(runAead((await documents()).xchacha20poly1305, noble), 315);
});

const shared = new URL("../../../../shared/vectors/", import.meta.url);
const sharedIsThere = await Deno.stat(shared).then(() => true, () => false);
Deno.test({
  name: `this repository's copy of Wycheproof equals the shared one${
    sharedIsThere ? "" : ": no folder ../shared/vectors"
  }`,
  ignore: !sharedIsThere,
  async fn() {
    for (const name of ["xchacha20_poly1305", "hkdf_sha256", "hmac_sha256"]) {
      const file = `wycheproof_${name}.json`;
      assert.deepEqual(await readDocument(file), await readDocument(file, shared));
    }
  },
});

Deno.test("aeadBackend() compiles nothing until it is called", async () => {
  const { Module } = WebAssembly;
  let compiled = 0;
  WebAssembly.Module = new Proxy(Module, {
    construct(target, parameters) {
      compiled++;
      return new target(...parameters as [BufferSource]);
    },
  });
  try {
    const fresh = await freshFace("lazy");
    assert.equal(compiled, 0);
    fresh.aeadBackend();
    assert.ok(compiled > 0);
    const before = compiled;
    fresh.seal(key, nonce, text, aad);
    assert.equal(compiled, before, "compiles once");
  } finally {
    WebAssembly.Module = Module;
  }
});

type Face = typeof import("../../../core/crypto/aead.ts");

/** The face as a new process sees it: nothing chosen yet. */
function freshFace(name: string): Promise<Face> {
  return import(`../../../core/crypto/aead.ts?${name}`);
}

async function withoutWebAssembly(): Promise<Face> {
  const fresh = await freshFace("without-wasm");
  const { WebAssembly: original } = globalThis;
  Reflect.deleteProperty(globalThis, "WebAssembly");
  try {
    fresh.aeadBackend(); // chooses now
  } finally {
    globalThis.WebAssembly = original;
  }
  return fresh;
}
