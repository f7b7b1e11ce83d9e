import assert from "node:assert/strict";
import type { AeadBackend, ScryptBackend } from "../../../core/crypto/backend.ts";
import { nobleAead, nobleScrypt } from "../../../core/crypto/noble.ts";
import { SelfTestError, testAead, testScrypt } from "../../../core/crypto/self_test.ts";
import { WasmAead } from "../../../core/crypto/wasm_aead.ts";
import { WasmScrypt } from "../../../core/crypto/wasm_scrypt.ts";

function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice();
  copy[index]! ^= 1;
  return copy;
}

Deno.test("testAead() and testScrypt() pass when the backend is right", async () => {
  testAead(new WasmAead());
  testAead(nobleAead);
  await testScrypt(new WasmScrypt());
  await testScrypt(nobleScrypt);
});

const brokenAead: Record<string, Partial<AeadBackend>> = {
  "a tag differs in its last bit": {
    seal: (...a) => {
      const sealed = nobleAead.seal(...a);
      return flipped(sealed, sealed.length - 1);
    },
  },
  "no tag is written": { seal: (...a) => nobleAead.seal(...a).subarray(0, -16) },
  "plaintext differs": {
    open: (...a) => {
      const opened = nobleAead.open(...a);
      return opened && flipped(opened, 500);
    },
  },
  "nothing opens": { open: () => undefined },
  "a forgery opens": { open: (...a) => nobleAead.open(...a) ?? new Uint8Array(0) },
};

for (const [what, part] of Object.entries(brokenAead)) {
  Deno.test(`testAead() throws when ${what}`, () => {
    assert.throws(() => testAead({ ...nobleAead, ...part }), SelfTestError);
  });
}

Deno.test("testScrypt() rejects when the key differs in one bit", async () => {
  const broken: ScryptBackend = {
    name: "broken",
    derive: async (...a) => flipped(await nobleScrypt.derive(...a), 31),
  };
  await assert.rejects(testScrypt(broken), SelfTestError);
});

/** Replaces what the engine compiles by a module that exports the same names and does nothing. */
async function withSpoiledWasm<T>(action: () => Promise<T>): Promise<T> {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, parameters) {
      const real = new target(...parameters as [WebAssembly.Module, WebAssembly.Imports]);
      const exports = Object.fromEntries(
        Object.entries(real.exports).map(([name, value]) => [name, typeof value === "function" ? () => 0 : value]),
      );
      return { exports };
    },
  });
  try {
    return await action();
  } finally {
    WebAssembly.Instance = Instance;
  }
}

Deno.test("aeadBackend() throws, every time, rather than fall back when WebAssembly computes wrongly", async () => {
  const face: typeof import("../../../core/crypto/aead.ts") = await import("../../../core/crypto/aead.ts" + "?spoiled");
  await withSpoiledWasm(() => {
    assert.throws(() => face.aeadBackend(), SelfTestError);
    assert.throws(() => face.aeadBackend(), SelfTestError);
    return Promise.resolve();
  });
});

Deno.test("scrypt() rejects, every time, rather than fall back when WebAssembly computes wrongly", async () => {
  const face: typeof import("../../../core/crypto/scrypt.ts") = await import(
    "../../../core/crypto/scrypt.ts" + "?spoiled"
  );
  const derive = () => face.scrypt(new Uint8Array(1), new Uint8Array(1), { logN: 4, r: 8, p: 1, length: 32 });
  await withSpoiledWasm(async () => {
    await assert.rejects(derive(), SelfTestError);
  });
  await assert.rejects(derive(), SelfTestError);
});
