/** Byte-array steps that every format and primitive here shares. */

/** Joins byte arrays into one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Compares two byte arrays in time that depends on their lengths only.
 * The lengths are public wherever this is used (tags, MACs and commitments have fixed sizes).
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** `n` bytes from the platform's cryptographic generator. `n` ≤ 65536 (Web Crypto's quota per call). */
export function randomBytes(n: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(n));
}

/** Lower-case hexadecimal digits; built in where the runtime has it. */
export function hexOf(bytes: Uint8Array): string {
  const native = (bytes as { toHex?(): string }).toHex;
  return native ? native.call(bytes) : Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
