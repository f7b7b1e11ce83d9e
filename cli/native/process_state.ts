/** What the kernel keeps of this process, where it has to be changed for a child or hidden from others. */
import { cString, fixed, libc } from "./libc.ts";

/** One table: it is opened at the start, and the right to open another may be given up after that. */
const SYMBOLS = {
  prctl: { parameters: ["usize", "usize", "usize", "usize", "usize"], result: "i32" },
  getenv: { parameters: ["buffer"], result: "pointer" },
  prlimit: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
} as const;

const PR_SET_DUMPABLE = 4n, PR_SET_CHILD_SUBREAPER = 36n;
const RLIMIT_NOFILE = 7, OURSELVES = 0;

/**
 * No core file of this process is written, and other processes of the same user can read neither its memory nor
 * `/proc/PID/environ`, where a passphrase may be (prctl(2), proc(5)). A child is what it is by default.
 */
export function makeUndumpable(): void {
  prctl(PR_SET_DUMPABLE, 0n);
}

/** What a child leaves behind becomes our child, and not the first process's, so that it can be found. */
export function adoptOrphans(): void {
  prctl(PR_SET_CHILD_SUBREAPER, 1n);
}

/** Overwrites a variable's value where the kernel put it when this process started: `/proc/PID/environ` shows that. */
export function wipeVariable(name: string): void {
  const value = libc(SYMBOLS)?.getenv(cString(name));
  if (!value) return;
  const view = new Deno.UnsafePointerView(value);
  let length = 0;
  while (view.getUint8(length) !== 0) length++;
  if (length > 0) new Uint8Array(view.getArrayBuffer(length)).fill(0);
}

/**
 * Takes the limit of open files back to what it was: our runtime raises it, a child inherits that, and programs that
 * use select(2) or close every descriptor up to the limit suffer. Our parent's limit is what ours was.
 */
export function restoreFileLimit(): void {
  const functions = libc(SYMBOLS);
  const before = parentFileLimit();
  if (!functions || before === undefined) return;
  const limit = fixed(16);
  if (functions.prlimit(OURSELVES, RLIMIT_NOFILE, null, limit) !== 0) return;
  const [soft, hard] = new BigUint64Array(limit.buffer) as unknown as [bigint, bigint];
  if (before >= soft) return;
  new BigUint64Array(limit.buffer).set([before, hard]);
  functions.prlimit(OURSELVES, RLIMIT_NOFILE, limit, null);
}

function parentFileLimit(): bigint | undefined {
  try {
    const limits = Deno.readTextFileSync(`/proc/${Deno.ppid}/limits`);
    const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? undefined : BigInt(soft);
  } catch {
    return undefined; // a container's first process has a parent that it cannot see
  }
}

function prctl(option: bigint, value: bigint): void {
  libc(SYMBOLS)?.prctl(option, value, 0n, 0n, 0n);
}
