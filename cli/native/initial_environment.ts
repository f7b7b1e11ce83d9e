/**
 * The environment that this process was started with, byte for byte. The runtime's own is text, and changed: where there
 * is no `node`, it puts one that is itself in front of `PATH`.
 */

/** In /proc/self/stat, counted from the field behind the program's name (proc(5): fields 50 and 51). */
const ENV_START = 47, ENV_END = 48;

/**
 * Entries, each with a NUL byte at its end. Undefined where the system does not show it.
 *
 * From memory, since `/proc/self/environ` belongs to root once this process cannot be dumped.
 */
export function initialEnvironment(): Uint8Array | undefined {
  try {
    if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return Deno.readFileSync("/proc/self/environ");
    const stat = Deno.readTextFileSync("/proc/self/stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [start, end] = [fields[ENV_START], fields[ENV_END]].map((field) => BigInt(field!)) as [bigint, bigint];
    const pointer = Deno.UnsafePointer.create(start);
    if (!pointer) return undefined;
    return new Uint8Array(new Deno.UnsafePointerView(pointer).getArrayBuffer(Number(end - start))).slice();
  } catch {
    return undefined; // no such files on this system
  }
}
