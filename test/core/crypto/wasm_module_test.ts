import assert from "node:assert/strict";
import { AEAD_WASM, SCRYPT_WASM } from "../../../core/crypto/wasm.generated.ts";
import { compile, hasRelaxedSimd, hasSimd } from "../../../core/crypto/wasm_module.ts";

const modules = { SCRYPT_WASM, AEAD_WASM };

for (const [name, base64] of Object.entries(modules)) {
  Deno.test(`${name} imports its memory and nothing else`, () => {
    const imports = WebAssembly.Module.imports(compile(base64));
    assert.deepEqual(imports, [{ module: "env", name: "memory", kind: "memory" }]);
  });

  Deno.test(`${name} has the digest that its comment says`, async () => {
    const source = await Deno.readTextFile(new URL("../../../core/crypto/wasm.generated.ts", import.meta.url));
    const [, size, digest] = source.match(
      new RegExp(`(\\d+) bytes, SHA-256 ([0-9a-f]{64}) \\*/\nexport const ${name}`),
    )!;
    const wasm = Uint8Array.fromBase64(base64);
    assert.equal(wasm.length, Number(size));
    assert.equal(new Uint8Array(await crypto.subtle.digest("SHA-256", wasm)).toHex(), digest);
  });

  Deno.test(`${name} compiles to the same exports when Uint8Array.fromBase64 is missing`, () => {
    const native = Object.getOwnPropertyDescriptor(Uint8Array, "fromBase64")!;
    const exports = WebAssembly.Module.exports(compile(base64));
    Reflect.deleteProperty(Uint8Array, "fromBase64");
    try {
      assert.deepEqual(WebAssembly.Module.exports(compile(base64)), exports);
    } finally {
      Object.defineProperty(Uint8Array, "fromBase64", native);
    }
  });
}

Deno.test("both modules together stay below 12 KiB", () => {
  const size = Object.values(modules).reduce((sum, base64) => sum + Uint8Array.fromBase64(base64).length, 0);
  assert.ok(size > 0 && size < 12 * 1024, `${size} bytes`);
});

Deno.test("SCRYPT_WASM exports step() so that the hot code stays a leaf that an engine can replace", () => {
  const exports = WebAssembly.Module.exports(compile(SCRYPT_WASM));
  assert.ok(exports.some(({ name, kind }) => name === "step" && kind === "function"));
});

Deno.test("hasSimd() and hasRelaxedSimd() are true here and false when compilation is forbidden", () => {
  assert.deepEqual([hasSimd(), hasRelaxedSimd()], [true, true]);
  const { Module } = WebAssembly;
  WebAssembly.Module = new Proxy(Module, {
    construct() {
      throw new WebAssembly.CompileError("disallowed by the embedder");
    },
  });
  try {
    assert.deepEqual([hasSimd(), hasRelaxedSimd()], [false, false]);
  } finally {
    WebAssembly.Module = Module;
  }
});
