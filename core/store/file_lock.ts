/** An exclusive lock between processes: flock(2) on a folder. It needs no lock file, and dies with its holder. */
import { Fault } from "../fault.ts";
import { hostFault } from "./file_guard.ts";

const PATIENCE_MS = 60_000;
/** Whoever had it before us may hold it on a folder that is no longer there under this name. */
const TURN_MS = 1000;

/**
 * The last of this process that waits for a folder's lock or has it. Its writers take turns, as they came: with polling
 * alone the busiest of sixteen got the lock again and again, and others waited for seconds.
 */
const lastOf = new Map<string, Promise<void>>();

/**
 * Waits for the lock on `folder` and returns it; disposing unlocks.
 * @throws {Fault} UNAVAILABLE when another process holds it for a minute; NOT_FOUND when the folder is gone
 */
export async function lockFolder(folder: string): Promise<Disposable> {
  const started = performance.now();
  const before = lastOf.get(folder);
  const { promise, resolve } = Promise.withResolvers<void>();
  lastOf.set(folder, promise);
  const pass = () => {
    if (lastOf.get(folder) === promise) lastOf.delete(folder);
    resolve();
  };
  if (before) await atMost(before, TURN_MS);
  try {
    const handle = await lock(folder, started);
    return {
      [Symbol.dispose]() {
        handle.close();
        pass();
      },
    };
  } catch (error) {
    pass();
    throw error;
  }
}

async function atMost(promise: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}

/** @param started when its caller began to wait */
async function lock(folder: string, started: number): Promise<Deno.FsFile> {
  let pauseMs = 0.5;
  for (;;) {
    const handle = openFolder(folder);
    // Polling, rather than a blocking flock: that one can neither time out nor be interrupted.
    if (tryLock(handle, folder)) {
      if (isStill(handle, folder)) return handle;
      handle.close(); // the folder was removed and made anew while we waited
      continue;
    }
    handle.close();
    if (performance.now() - started > PATIENCE_MS) {
      throw new Fault("UNAVAILABLE", `another process has been writing in ${folder} for a minute`, {
        hint: "wait for it to end, or look for a hanging `coffer` process",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
    pauseMs = Math.min(pauseMs * 1.5, 20);
  }
}

function openFolder(folder: string): Deno.FsFile {
  try {
    return Deno.openSync(folder, { read: true });
  } catch (error) {
    throw hostFault(error, folder);
  }
}

function tryLock(handle: Deno.FsFile, folder: string): boolean {
  try {
    return handle.tryLockSync(true);
  } catch (error) {
    handle.close();
    throw hostFault(error, folder); // a network file system without locks
  }
}

function isStill(handle: Deno.FsFile, folder: string): boolean {
  try {
    const [held, named] = [handle.statSync(), Deno.lstatSync(folder)];
    return held.ino === named.ino && held.dev === named.dev;
  } catch {
    return false;
  }
}
