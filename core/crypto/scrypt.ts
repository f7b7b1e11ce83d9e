/** scrypt (RFC 7914): the face that checks parameters once and before anything is allocated. */
import type { ScryptBackend, ScryptOptions } from "./backend.ts";
import { nobleScrypt } from "./noble.ts";

export type { ScryptOptions } from "./backend.ts";

/** The backend in use. */
export function scryptBackend(): ScryptBackend {
  return nobleScrypt;
}

/**
 * Derives `length` bytes from a passphrase.
 * @throws {TypeError} for something that is not bytes; {RangeError} for parameters outside logN 1…20, r 1…32, p 1…16,
 * length 1…1024. (What a *file* may ask for is narrower and is the format's business.)
 */
export function scrypt(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array> {
  for (const bytes of [passphrase, salt]) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("scrypt: expected a Uint8Array");
  }
  range("logN", options.logN, 1, 20);
  range("r", options.r, 1, 32);
  range("p", options.p, 1, 16);
  range("length", options.length, 1, 1024);
  return scryptBackend().derive(passphrase, salt, options);
}

function range(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`scrypt: ${name} must be an integer from ${low} to ${high}`);
  }
}
