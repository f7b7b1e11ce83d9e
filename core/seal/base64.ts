/**
 * Base64 (RFC 4648 §4, with padding). The built-in codec where the runtime has it; `atob` and `btoa` elsewhere.
 *
 * Decoding here need not be canonical: every file format re-encodes what it parsed and compares it with what it read
 * (see `canonical.ts`), so stray bits and white space are refused there.
 */
type Base64Codec = { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
type Base64Bytes = { toBase64?(): string };

export function encodeBase64(bytes: Uint8Array): string {
  const native = (bytes as Base64Bytes).toBase64;
  if (native) return native.call(bytes);
  let binary = "";
  // Slices keep the argument list of fromCharCode far below every engine's limit.
  for (let i = 0; i < bytes.length; i += 0x2000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x2000));
  return btoa(binary);
}

/** Returns undefined when `text` is not base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const native = (Uint8Array as Base64Codec).fromBase64;
    return native ? native.call(Uint8Array, text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}
