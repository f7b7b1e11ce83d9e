/**
 * The audit log of this user, on by default and with nothing that turns it off: in `$COFFER_HOME/audit`. Every process
 * appends to it under one lock.
 */
import { breathe } from "../crypto/event_loop.ts";
import { Fault } from "../fault.ts";
import { ownUid } from "../store/file_guard.ts";
import { lockFolder } from "../store/file_lock.ts";
import { HeldFolder } from "../store/held_folder.ts";
import type { AuditEntry, AuditTrail } from "./entry.ts";
import { checkEntry, entryContent } from "./line.ts";
import { LogFolder } from "./log_folder.ts";
import { OpenLog } from "./open_log.ts";

const ROTATE_BYTES = 64 * 1024 * 1024;

/**
 * Changes are flushed to the disk, as the files that they change are: what has changed for good has its line for good.
 * Reads are not: it would cost each between 0.3 and 5 ms, and a reader who can cut the power has the machine anyway.
 */
const READS: ReadonlySet<AuditEntry["kind"]> = new Set(["read", "verify", "unlock", "list", "authenticate"]);

interface Waiting {
  readonly entry: AuditEntry;
  resolve(): void;
  reject(error: unknown): void;
}

export class AuditLog implements AuditTrail, Disposable {
  readonly #folder: LogFolder;
  readonly #rotateAt: number;
  /** Whether its files stay open between two writes. */
  #stays = false;
  #open: OpenLog | undefined;
  #held: HeldFolder | undefined;
  #waiting: Waiting[] = [];
  #writing = false;

  private constructor(folder: LogFolder, rotateAt: number) {
    this.#folder = folder;
    this.#rotateAt = rotateAt;
  }

  /**
   * Makes the folder if need be.
   * @param home the user's own folder, absolute
   * @param rotateAt the size in bytes from which on a file is left and the next one begun
   * @throws {Fault} as `append`
   */
  static open(home: string, rotateAt: number = ROTATE_BYTES): AuditLog {
    const folder = new LogFolder(home);
    try {
      folder.make();
    } catch (error) {
      throw refusal(error, folder);
    }
    return new AuditLog(folder, rotateAt);
  }

  /**
   * As `open`, for a process that appends often: half of what an entry costs is opening files. They stay open until it
   * is disposed of; whether they are still the log's is looked at each time.
   */
  static staying(home: string, rotateAt?: number): AuditLog {
    const log = AuditLog.open(home, rotateAt);
    log.#stays = true;
    return log;
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
    this.#letGo();
  }

  /**
   * Entries that come while others are being written, or in the same turn of the event loop, are written together, with
   * one lock and one flush. The first never waits for others.
   */
  append(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      checkEntry(entry); // here, so that a wrong one does not take others with it
      this.#waiting.push({ entry, resolve, reject });
      if (!this.#writing) this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batch.map(({ entry }) => entry));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      // Where nobody else holds the lock a write never lets go of the event loop, and nothing would come together.
      await breathe();
    }
    this.#writing = false;
  }

  /** Anew, with all guards, and with patience for others. */
  async #lock(): Promise<Disposable> {
    this.#letGo();
    this.#folder.make();
    const lock = await lockFolder(this.#folder.path);
    if (this.#stays) this.#held = new HeldFolder(this.#folder.path, "private");
    return lock;
  }

  #letGo(): void {
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
  }

  async #write(entries: readonly AuditEntry[]): Promise<void> {
    try {
      using _lock = this.#held?.tryLock() ?? await this.#lock();
      this.#open ??= new OpenLog(this.#folder, this.#rotateAt);
      const stamp = { time: new Date().toISOString(), pid: Deno.pid, uid: ownUid() };
      await this.#open.append(
        entries.map((entry) => entryContent(entry, stamp)),
        stamp,
        entries.some(({ kind }) => !READS.has(kind)),
      );
      if (!this.#stays) this[Symbol.dispose]();
    } catch (error) {
      this[Symbol.dispose](); // the next one begins anew, whatever this was
      throw refusal(error, this.#folder);
    }
  }
}

/** What the host refuses becomes UNAVAILABLE; what the guard refuses, and a bug, stays what it is. */
function refusal(error: unknown, { path }: LogFolder): unknown {
  const cause = error instanceof Fault ? error.cause : error;
  if (cause === undefined || cause instanceof TypeError) return error;
  const { code, name } = cause as Error & { readonly code?: string };
  const full = code === "ENOSPC" || code === "EDQUOT";
  const message = `the audit log in ${path} cannot be written (${code ?? name}): nothing was handed out or changed`;
  return new Fault("UNAVAILABLE", message, {
    hint: full
      ? "free some space there"
      : "make that folder writable for you, or set COFFER_HOME to one that is: export COFFER_HOME=…",
    cause,
  });
}
