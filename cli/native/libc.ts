/**
 * The C library, for what the runtime has no call for: process groups, pseudo-terminals, exec, core dumps.
 *
 * Constants and structure sizes in this folder are those of Linux with glibc on x86-64 and ARM64. Elsewhere, and where
 * the right to call foreign code was not given, there is none and callers do without.
 */

export type Functions<S extends Deno.ForeignLibraryInterface> = Deno.StaticForeignLibraryInterface<S>;

/** By the table that asked for them; undefined where there is no such library. */
const opened = new Map<Deno.ForeignLibraryInterface, unknown>();

/** The functions of the C library, or undefined. Each file asks for its own few: looking one up takes 0.05 ms. */
export function libc<const S extends Deno.ForeignLibraryInterface>(symbols: S): Functions<S> | undefined {
  if (!opened.has(symbols)) opened.set(symbols, open(symbols));
  return opened.get(symbols) as Functions<S> | undefined;
}

function open<const S extends Deno.ForeignLibraryInterface>(symbols: S): Functions<S> | undefined {
  if (Deno.build.os !== "linux") return undefined;
  // Asked first: without the right, the runtime would stop and ask the person at the terminal.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  try {
    return Deno.dlopen("libc.so.6", symbols).symbols;
  } catch {
    return undefined; // another C library
  }
}

/** Memory that stays where it is while the C library has its address; short typed arrays are moved by the runtime. */
export function fixed(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(bytes));
}

/** As C has it: with a NUL byte at its end. */
export function cString(text: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const out = fixed(bytes.length + 1);
  out.set(bytes);
  return out;
}
