import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import { scrypt as hashWasmScrypt } from "hash-wasm";
import sodium from "libsodium-wrappers-sumo";
import type { ScryptBackend, ScryptOptions } from "../../../core/crypto/backend.ts";
import { nobleScrypt } from "../../../core/crypto/noble.ts";
import { scrypt, scryptBackend } from "../../../core/crypto/scrypt.ts";
import { WasmScrypt } from "../../../core/crypto/wasm_scrypt.ts";
import { scrypt as reference } from "../../reference/scrypt.ts";
import { fromHex, fromText, Seeded } from "./bytes_from.ts";
import { SCRYPT } from "./rfc_vectors.ts";

await sodium.ready;

const SMALL: ScryptOptions = { logN: 4, r: 1, p: 1, length: 32 };
const nothing = new Uint8Array(0);
const slowTests = Deno.env.get("COFFER_SLOW_TESTS") === "1";

Deno.test("scryptBackend() is the WebAssembly one when SIMD works", () => {
  assert.equal(scryptBackend().name, "wasm-simd");
});

for (const { passphraseText, saltText, logN, r, p, key } of SCRYPT) {
  const isSlow = logN === 20;
  Deno.test({
    name: `scrypt() agrees with RFC 7914 §12 for N = 2^${logN}, r = ${r}, p = ${p}` +
      (isSlow && !slowTests ? ": 1 GiB, set COFFER_SLOW_TESTS=1" : ""),
    ignore: isSlow && !slowTests,
    async fn() {
      const options = { logN, r, p, length: key.length / 2 };
      assert.deepEqual(await scrypt(fromText(passphraseText), fromText(saltText), options), fromHex(key));
    },
  });
}

Deno.test("derive() agrees with RFC 7914 §12 when @noble backs it", async () => {
  for (const { passphraseText, saltText, logN, r, p, key } of SCRYPT.slice(0, 3)) {
    const options = { logN, r, p, length: key.length / 2 };
    assert.deepEqual(await nobleScrypt.derive(fromText(passphraseText), fromText(saltText), options), fromHex(key));
  }
});

function randomOptions(random: Seeded, maxLogN: number): ScryptOptions {
  const [logN, r] = [1 + random.below(maxLogN), 1 + random.below(32)];
  return { logN, r, p: 1 + random.below(3), length: 1 + random.below(130) };
}

Deno.test("derive() agrees with @noble and libsodium in 300 random cases", async () => {
  const random = new Seeded(13);
  const wasm = new WasmScrypt();
  for (let i = 0; i < 300; i++) {
    const [passphrase, salt] = [random.bytes(random.below(130)), random.bytes(random.below(70))];
    const options = randomOptions(random, 8);
    const { logN, r, p, length } = options;
    const derived = await wasm.derive(passphrase, salt, options);
    assert.deepEqual(derived, await nobleScrypt.derive(passphrase, salt, options), JSON.stringify(options));
    const native = sodium.crypto_pwhash_scryptsalsa208sha256_ll(passphrase, salt, 2 ** logN, r, p, length);
    assert.deepEqual(derived, native, JSON.stringify(options));
  }
});

Deno.test("derive() agrees with the reference in random cases", async () => {
  const random = new Seeded(14);
  for (let i = 0; i < 30; i++) {
    const [passphrase, salt] = [random.bytes(1 + random.below(70)), random.bytes(random.below(70))];
    const options = { ...randomOptions(random, 5), r: 1 + random.below(9) };
    const expected = await reference(passphrase, salt, { n: 2 ** options.logN, ...options });
    assert.deepEqual(await scrypt(passphrase, salt, options), expected, JSON.stringify(options));
  }
});

Deno.test("scrypt() agrees with hash-wasm and node:crypto at the default cost", async () => {
  const random = new Seeded(15);
  const [passphrase, salt] = [random.bytes(12), random.bytes(16)];
  const derived = await scrypt(passphrase, salt, { logN: 17, r: 8, p: 1, length: 32 });
  const common = { costFactor: 2 ** 17, blockSize: 8, parallelism: 1, hashLength: 32, outputType: "binary" } as const;
  assert.deepEqual(derived, await hashWasmScrypt({ password: passphrase, salt, ...common }));
  const native = scryptSync(passphrase, salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 });
  assert.deepEqual(derived, Uint8Array.from(native));
});

const outside: Record<string, Partial<ScryptOptions>> = {
  "logN 0": { logN: 0 },
  "logN 21": { logN: 21 },
  "logN 10.5": { logN: 10.5 },
  "logN NaN": { logN: NaN },
  "r 0": { r: 0 },
  "r 33": { r: 33 },
  "p 0": { p: 0 },
  "p 17": { p: 17 },
  "length 0": { length: 0 },
  "length 1025": { length: 1025 },
  "4 GiB of table": { logN: 20, r: 32 },
};
for (const [what, part] of Object.entries(outside)) {
  Deno.test(`scrypt() throws a RangeError before it allocates when asked for ${what}`, () => {
    assert.throws(() => scrypt(nothing, nothing, { ...SMALL, ...part }), RangeError);
  });
}

Deno.test("scrypt() throws a TypeError when passphrase or salt is not bytes", () => {
  for (const wrong of ["text", [1], new ArrayBuffer(8), null, undefined] as unknown as Uint8Array[]) {
    assert.throws(() => scrypt(wrong, nothing, SMALL), TypeError);
    assert.throws(() => scrypt(nothing, wrong, SMALL), TypeError);
  }
});

Deno.test("scrypt() is unharmed when the caller wipes its arguments at once", async () => {
  const [passphrase, salt] = [fromText("correct horse"), fromText("battery")];
  const expected = await scrypt(passphrase, salt, { ...SMALL, logN: 12 });
  const promise = scrypt(passphrase, salt, { ...SMALL, logN: 12 });
  passphrase.fill(0);
  salt.fill(0);
  assert.deepEqual(await promise, expected);
});

Deno.test("scrypt() leaves the caller's passphrase alone when slice() is a view, as it is on a Buffer", async () => {
  class Bufferish extends Uint8Array {
    override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
      return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
    }
  }
  const passphrase = new Bufferish(fromText("correct horse"));
  await scrypt(passphrase, nothing, SMALL);
  assert.deepEqual(Uint8Array.from(passphrase), fromText("correct horse"));
});

const LONG: ScryptOptions = { logN: 16, r: 8, p: 2, length: 32 };
const backends: readonly ScryptBackend[] = [new WasmScrypt(), nobleScrypt];

for (const backend of backends) {
  Deno.test(`derive() lets timers run while it works (${backend.name})`, async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await backend.derive(fromText("x"), fromText("y"), LONG);
    clearInterval(timer);
    assert.ok(ticks >= 3, `${ticks} ticks`);
  });

  Deno.test(`derive() reports progress from above 0 up to 1 and never back (${backend.name})`, async () => {
    const reports: number[] = [];
    await backend.derive(fromText("x"), fromText("y"), { ...LONG, onProgress: (done) => reports.push(done) });
    assert.ok(reports.length >= 3, `${reports.length} reports`);
    assert.deepEqual(reports, reports.toSorted((a, b) => a - b));
    assert.ok(reports[0]! >= 0 && reports[0]! < 1);
    assert.equal(reports.at(-1), 1);
  });
}

Deno.test("derive() gives each its own key and uses one memory when many are started at once", async () => {
  const memories: WebAssembly.Memory[] = [];
  const backend = new WasmScrypt({
    allocate(initial) {
      const memory = new WebAssembly.Memory({ initial });
      memories.push(memory);
      return memory;
    },
  });
  const passphrases = Array.from({ length: 4 }, (_, i) => fromText(`passphrase ${i}`));
  // Long enough that each is interrupted between slices, where another one could get in.
  const options = (i: number) => ({ logN: 14 + i % 2, r: 8, p: 1, length: 32 });
  const together = await Promise.all(passphrases.map((word, i) => backend.derive(word, nothing, options(i))));
  for (const [i, word] of passphrases.entries()) {
    assert.deepEqual(together[i], await nobleScrypt.derive(word, nothing, options(i)));
  }
  assert.equal(memories.length, 1);
});

Deno.test("derive() goes on with the next in line when one fails", async () => {
  const backend = new WasmScrypt();
  const onProgress = () => {
    throw new Error("enough");
  };
  const failing = backend.derive(fromText("x"), nothing, { ...LONG, onProgress });
  const next = backend.derive(fromText("x"), nothing, SMALL);
  await assert.rejects(failing, /enough/);
  assert.deepEqual(await next, await nobleScrypt.derive(fromText("x"), nothing, SMALL));
});
