/** Whatever happens, the modules' memory is left full of zeros: no key, no text, no block, no table. */
import assert from "node:assert/strict";
import { WasmAead } from "../../../core/crypto/wasm_aead.ts";
import { WasmScrypt } from "../../../core/crypto/wasm_scrypt.ts";
import { Seeded } from "./bytes_from.ts";
import { BORDERS } from "./lengths.ts";

/** All of it, as 64-bit words: a byte-wise search of 128 MiB would take a second. */
function assertZero(memory: WebAssembly.Memory, what: string): void {
  const at = new BigUint64Array(memory.buffer).findIndex((word) => word !== 0n);
  assert.equal(at, -1, `${what}: memory is not zero at byte ${8 * at}`);
}

const random = new Seeded(11);
const key = random.bytes(32);
const nonce = random.bytes(24);

function aead(): { backend: WasmAead; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  return { backend: new WasmAead(memory), memory };
}

Deno.test("assertZero() fails when a single byte is set", () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  new Uint8Array(memory.buffer)[131071] = 1;
  assert.throws(() => assertZero(memory, "a byte"), assert.AssertionError);
});

Deno.test("the AEAD really works in the memory that it is given", () => {
  const { backend, memory } = aead();
  let used = false;
  // Text that looks into the memory while it is being read.
  class Spy extends Uint8Array {
    override subarray(start?: number, end?: number): Uint8Array<ArrayBuffer> {
      used ||= new Uint8Array(memory.buffer).some((byte) => byte !== 0);
      return Uint8Array.prototype.subarray.call(this, start, end) as Uint8Array<ArrayBuffer>;
    }
  }
  backend.seal(key, nonce, new Spy(70_000), new Uint8Array(0));
  assert.ok(used);
});

Deno.test("seal() and open() leave zeros when they succeed and when the tag is wrong", () => {
  const { backend, memory } = aead();
  for (const length of BORDERS) {
    const text = random.bytes(length);
    const aad = random.bytes(random.below(100));
    const sealed = backend.seal(key, nonce, text, aad);
    assertZero(memory, `sealing ${length} bytes`);
    assert.ok(backend.open(key, nonce, sealed, aad));
    assertZero(memory, `opening ${length} bytes`);
    sealed[sealed.length - 1]! ^= 1;
    assert.equal(backend.open(key, nonce, sealed, aad), undefined);
    assertZero(memory, `refusing ${length} bytes`);
  }
});

Deno.test("seal() and open() leave zeros when the associated data is longer than the text", () => {
  const { backend, memory } = aead();
  for (const length of BORDERS) {
    const aad = random.bytes(length);
    const sealed = backend.seal(key, nonce, random.bytes(5), aad);
    assertZero(memory, `sealing with ${length} bytes of AAD`);
    assert.ok(backend.open(key, nonce, sealed, aad));
    assertZero(memory, `opening with ${length} bytes of AAD`);
  }
});

/** Bytes that fail when the second chunk is asked for, with key, keystream and text of the first in memory. */
class Failing extends Uint8Array {
  override subarray(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    if (start) throw new Error("cannot be read");
    return Uint8Array.prototype.subarray.call(this, start, end) as Uint8Array<ArrayBuffer>;
  }
}

Deno.test("seal() and open() leave zeros when reading their arguments throws", () => {
  const { backend, memory } = aead();
  const nothing = new Uint8Array(0);
  const failing = new Failing(random.bytes(200_000));
  for (const operation of ["seal", "open"] as const) {
    assert.throws(() => backend[operation](key, nonce, failing, nothing), /cannot be read/);
    assertZero(memory, `${operation} of failing text`);
    assert.throws(() => backend[operation](key, nonce, new Uint8Array(100), failing), /cannot be read/);
    assertZero(memory, `${operation} with failing AAD`);
  }
  assert.ok(backend.open(key, nonce, backend.seal(key, nonce, nothing, nothing), nothing), "and work afterwards");
});

Deno.test("open() keeps no plaintext in any array when the tag of a long message is wrong", () => {
  const { backend } = aead();
  const sealed = backend.seal(key, nonce, random.bytes(200_000), new Uint8Array(0));
  sealed[199_999]! ^= 1;
  const made: Uint8Array[] = [];
  const original = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(original, {
    construct(target, parameters) {
      const array = Reflect.construct(target, parameters) as Uint8Array<ArrayBuffer>;
      made.push(array);
      return array;
    },
  });
  try {
    assert.equal(backend.open(key, nonce, sealed, original.of()), undefined);
  } finally {
    globalThis.Uint8Array = original;
  }
  assert.deepEqual(made.map(({ length }) => length), [200_000]);
  assert.ok(made[0]!.every((byte) => byte === 0));
});

/** A backend, and the memories that it was given. */
function scryptBackend(): { backend: WasmScrypt; memories: WebAssembly.Memory[] } {
  const memories: WebAssembly.Memory[] = [];
  const backend = new WasmScrypt({
    allocate(initial) {
      const memory = new WebAssembly.Memory({ initial });
      memories.push(memory);
      return memory;
    },
  });
  return { backend, memories };
}

const passphrase = random.bytes(20);
const salt = random.bytes(16);

for (const { logN, r, p } of [{ logN: 1, r: 1, p: 1 }, { logN: 10, r: 8, p: 2 }, { logN: 13, r: 32, p: 1 }]) {
  Deno.test(`derive() leaves zeros when it succeeds with N = 2^${logN}, r = ${r}, p = ${p}`, async () => {
    const { backend, memories } = scryptBackend();
    await backend.derive(passphrase, salt, { logN, r, p, length: 32 });
    assert.equal(memories.length, 1);
    assert.ok(memories[0]!.buffer.byteLength >= 2 ** logN * 128 * r, "and it was this memory that it used");
    assertZero(memories[0]!, "after a derivation");
  });
}

Deno.test("derive() leaves zeros and goes on working when onProgress throws", async () => {
  const { backend, memories } = scryptBackend();
  const options = { logN: 15, r: 8, p: 1, length: 32 };
  let dirty = false;
  const onProgress = () => {
    dirty = new Uint8Array(memories[0]!.buffer).some((byte) => byte !== 0);
    throw new Error("enough");
  };
  await assert.rejects(backend.derive(passphrase, salt, { ...options, onProgress }), /enough/);
  assert.ok(dirty, "there was something to wipe");
  assertZero(memories[0]!, "after a failed derivation");
  assert.equal((await backend.derive(passphrase, salt, options)).length, 32);
  assertZero(memories[0]!, "after the next one");
});

Deno.test("derive() leaves zeros when a large derivation is followed by a small one", async () => {
  const { backend, memories } = scryptBackend();
  await backend.derive(passphrase, salt, { logN: 14, r: 8, p: 1, length: 32 });
  await backend.derive(passphrase, salt, { logN: 4, r: 1, p: 1, length: 32 });
  for (const memory of memories) assertZero(memory, "after both");
});
