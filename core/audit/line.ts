/**
 * The lines of the audit log (docs/audit.md §2): one JSON object per line in one form, with no room for what this file
 * does not list.
 */
import { hexOf } from "../crypto/bytes.ts";
import { digestSha256 } from "../crypto/hkdf.ts";
import type { FaultCode } from "../fault.ts";
import { isSecretName } from "../name.ts";
import type { AuditEntry } from "./entry.ts";

export const FORMAT = "coffer/1 audit";

/** Where a chain has come to: its last line's number, 0 before the first, and hash (lower-case hex). */
export interface ChainState {
  readonly seq: number;
  readonly hash: string;
}

/** A token's public name. A token itself has a dot. */
export const ACCESSOR = /^[A-Za-z0-9-]{1,64}$/;

export const GENESIS: ChainState = { seq: 0, hash: "0".repeat(64) };

/** Who writes a line, and when. */
export interface Stamp {
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly pid: number;
  /** null on systems without users' numbers. */
  readonly uid: number | null;
}

/** The first line of a file: what the chain had come to before it. */
export interface HeaderLine extends ChainState {
  readonly format: typeof FORMAT;
}

/** An access. */
export interface EntryLine extends ChainState, Stamp {
  readonly actor: "cli" | "server";
  readonly via?: "unix" | "loopback" | "network";
  readonly accessor?: string;
  readonly operation: string;
  readonly access: AuditEntry["kind"];
  readonly stack?: string;
  readonly id?: string;
  readonly secrets: readonly { readonly name: string; readonly version?: number }[];
  readonly missing: number;
  readonly outcome: "ok" | FaultCode;
}

/** What a writer found that was not as the one before it had left it. */
export interface Repair {
  /** Bytes of an unfinished line, which were cut off. */
  readonly torn: number;
  /** Lines that were written, but not yet confirmed by the head. */
  readonly ahead: number;
  /** Lines that the head had confirmed, and that are gone. */
  readonly lost: number;
  /** Whether the head itself was gone or could not be read. */
  readonly headless: boolean;
}

export interface RepairLine extends ChainState, Stamp {
  readonly repaired: Repair;
}

export type AuditLine = HeaderLine | EntryLine | RepairLine;

/** The members of a line but for its number and its hash. */
export type LineContent = Omit<EntryLine, "seq" | "hash"> | Omit<RepairLine, "seq" | "hash">;

/** @throws {TypeError} when a text is not what the format allows: a bug, and not a way in for a value or a token */
export function checkEntry({ actor, secrets }: AuditEntry): void {
  const accessor = actor.kind === "server" ? actor.accessor : undefined;
  if ([...secrets.keys()].every(isSecretName) && (accessor === undefined || ACCESSOR.test(accessor))) return;
  throw new TypeError("the audit log has no place for this entry");
}

/** @param entry one that was checked */
export function entryContent(entry: AuditEntry, { time, pid, uid }: Stamp): LineContent {
  const { actor, operation, kind, stack, secrets, missing, outcome } = entry;
  const accessor = actor.kind === "server" ? actor.accessor : undefined;
  return {
    time,
    actor: actor.kind,
    ...(actor.kind === "server" && { via: actor.via }),
    ...(accessor !== undefined && { accessor }),
    operation,
    access: kind,
    ...(stack && { stack: stack.name }),
    ...(stack?.id !== undefined && { id: stack.id }),
    secrets: [...secrets].map(([name, version]) => ({ name, ...(version !== undefined && { version }) })),
    missing,
    outcome,
    pid,
    uid,
  };
}

export function repairContent({ torn, ahead, lost, headless }: Repair, { time, pid, uid }: Stamp): LineContent {
  return { time, repaired: { torn, ahead, lost, headless }, pid, uid };
}

/** The text of a file's first line, without its line end. */
export function headerText({ seq, hash }: ChainState): string {
  return JSON.stringify({ format: FORMAT, seq, hash });
}

/** The text of the line that comes next, without its line end, and what the chain has come to with it. */
export function nextLine(before: ChainState, content: LineContent): { text: string; state: ChainState } {
  const seq = before.seq + 1;
  const hashed = JSON.stringify({ seq, ...content }).slice(0, -1);
  const hash = hashOf(before.hash, hashed);
  return { text: `${hashed},"hash":"${hash}"}`, state: { seq, hash } };
}

/** The hash that a line must have after one with the hash `before`. @param text a line that was parsed */
export function expectedHash(before: string, text: string): string {
  return hashOf(before, text.slice(0, -HASH_MEMBER_LENGTH));
}

/** `,"hash":"…"}` */
const HASH_MEMBER_LENGTH = 75;
const encoder = new TextEncoder();

/** SHA-256 over two texts of ASCII, the first always 64 long; in hex, so that a shell's tools can follow. */
function hashOf(before: string, hashed: string): string {
  return hexOf(digestSha256(encoder.encode(before + hashed)));
}
