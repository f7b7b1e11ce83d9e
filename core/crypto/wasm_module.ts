/** From an embedded artifact to a WebAssembly module; and whether this host can run one at all. */

/**
 * Compiles an artifact of `wasm.generated.ts`. Synchronous: both are far below the size where an engine insists on
 * async.
 */
export function compile(base64: string): WebAssembly.Module {
  return new WebAssembly.Module(decode(base64));
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  // Not in every runtime that Coffer's core supports (Node 20 lacks it), and not in every version of the DOM types.
  const native = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (native.fromBase64) return native.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A module with one function of type () → (), whose body is the given instructions. */
function probe(...body: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...[1, 4, 1, 0x60, 0, 0], // type section: one function type, nothing in, nothing out
    ...[3, 2, 1, 0], // function section: one function of that type
    ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b], // code section: no locals, body, end
  );
}

/** i32.const 0 · i8x16.splat · drop */
const SIMD = [0x41, 0, 0xfd, 0x0f, 0x1a];
/** i32.const 0 · i8x16.splat · i32.const 0 · i8x16.splat · i8x16.relaxed_swizzle · drop */
const RELAXED_SIMD = [0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x80, 0x02, 0x1a];

/**
 * Compiling is the question, rather than `WebAssembly.validate`: a page's content security policy and most edge
 * runtimes forbid compilation from bytes, and validation does not know it.
 */
function compiles(instructions: number[]): boolean {
  try {
    new WebAssembly.Module(probe(...instructions));
    return true;
  } catch {
    return false; // no WebAssembly, no such instruction, or not allowed: all the same to us
  }
}

/** Whether 128-bit vectors work here (every engine since 2023). */
export function hasSimd(): boolean {
  return compiles(SIMD);
}

/** Whether relaxed vector instructions work here (not in Node 20, nor in Safari yet). */
export function hasRelaxedSimd(): boolean {
  return compiles(RELAXED_SIMD);
}
