/** scrypt (RFC 7914): the face that checks parameters once and before anything is allocated. */
import type { ScryptBackend, ScryptOptions } from "./backend.ts";
import { nobleScrypt } from "./noble.ts";
import { testScrypt } from "./self_test.ts";
import { hasSimd } from "./wasm_module.ts";
import { WasmScrypt } from "./wasm_scrypt.ts";

export type { ScryptOptions } from "./backend.ts";

let chosen: ScryptBackend | undefined;
let tested: Promise<void> | undefined;

/** The backend in use: WebAssembly where SIMD works, else @noble. Chosen and compiled on the first call. */
export function scryptBackend(): ScryptBackend {
  return chosen ??= hasSimd() ? new WasmScrypt() : nobleScrypt;
}

/** WebAssembly addresses 4 GiB, and the table of N·r·128 bytes has to share them with the working blocks. */
const MAX_TABLE_UNITS = 2 ** 25;

/**
 * Derives `length` bytes from a passphrase. Passphrase and salt are copied: the caller may wipe them as soon as this
 * returns its promise.
 * @throws {TypeError} for something that is not bytes; {RangeError} for parameters outside logN 1…20, r 1…32, p 1…16,
 * length 1…1024, or N·r ≥ 2^25. (What a *file* may ask for is narrower and is the format's business.)
 */
export function scrypt(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array> {
  for (const bytes of [passphrase, salt]) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("scrypt: expected a Uint8Array");
  }
  range("logN", options.logN, 1, 20);
  range("r", options.r, 1, 32);
  range("p", options.p, 1, 16);
  range("length", options.length, 1, 1024);
  if (2 ** options.logN * options.r >= MAX_TABLE_UNITS) throw new RangeError("scrypt: N·r must be below 2^25");
  // Not `slice`: on Node's Buffer, which is a Uint8Array, that is a view, and the wipe would hit the caller's bytes.
  return derive(new Uint8Array(passphrase), new Uint8Array(salt), options);
}

async function derive(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array> {
  try {
    const backend = scryptBackend();
    await (tested ??= testScrypt(backend)); // a failure stays: every later call rejects with it as well
    return await backend.derive(passphrase, salt, options);
  } finally {
    passphrase.fill(0);
  }
}

function range(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`scrypt: ${name} must be an integer from ${low} to ${high}`);
  }
}
