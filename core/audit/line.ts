/**
 * The lines of the audit log (docs/audit.md §2): one JSON object per line in one form, so that a line has no room for
 * what this file does not list, and what a parser would quietly tolerate is refused.
 */
import { digestSha256 } from "../crypto/hkdf.ts";
import { EXIT, type FaultCode } from "../fault.ts";
import { isSecretName, isStackName } from "../name.ts";
import type { AuditEntry } from "./entry.ts";

export const FORMAT = "coffer/1 audit";

/** Where a chain has come to: its last line's number, 0 before the first, and hash (lower-case hex). */
export interface ChainState {
  readonly seq: number;
  readonly hash: string;
}

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

export function entryContent(entry: AuditEntry, { time, pid, uid }: Stamp): LineContent {
  const { actor, operation, kind, stack, secrets, missing, outcome } = entry;
  return {
    time,
    actor: actor.kind,
    ...(actor.kind === "server" && { via: actor.via }),
    ...(actor.kind === "server" && actor.accessor !== undefined && { accessor: actor.accessor }),
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

/** The text of a file's first line, without its line end. */
export function headerText({ seq, hash }: ChainState): string {
  return JSON.stringify({ format: FORMAT, seq, hash });
}

/**
 * The text of the line that comes next, without its line end, and what the chain has come to with it.
 * @throws {TypeError} when a member is not what the format allows: a bug, and not a place for a value to get in
 */
export function nextLine(before: ChainState, content: LineContent): { text: string; state: ChainState } {
  const seq = before.seq + 1;
  const hashed = JSON.stringify({ seq, ...content }).slice(0, -1);
  const hash = hashOf(before.hash, hashed);
  const text = `${hashed},"hash":"${hash}"}`;
  if (!parseLine(text)) throw new TypeError("the audit log has no place for this entry");
  return { text, state: { seq, hash } };
}

/** The hash that a line must have after one with the hash `before`. @param text a line that `parseLine` takes */
export function expectedHash(before: string, text: string): string {
  return hashOf(before, text.slice(0, -HASH_MEMBER_LENGTH));
}

/** The line that a text without line end is; undefined when it is none in the one form that there is. */
export function parseLine(text: string): AuditLine | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  const line = ENTRY(given) ?? REPAIRED(given) ?? HEADER(given);
  return JSON.stringify(line) === text ? line as AuditLine : undefined;
}

/** `,"hash":"…"}` */
const HASH_MEMBER_LENGTH = 75;
const encoder = new TextEncoder();

/** SHA-256 over two texts of ASCII, the first always 64 long; in hex, so that a shell's tools can follow. */
function hashOf(before: string, hashed: string): string {
  const digest = digestSha256(encoder.encode(before + hashed));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Takes a value out of parsed JSON; undefined when it is not what it has to be. */
type Reader = (given: unknown) => unknown;

const when = (isRight: (given: unknown) => boolean): Reader => (given) => isRight(given) ? given : undefined;
const textThat = (isRight: (given: string) => boolean) => when((given) => typeof given === "string" && isRight(given));
const matching = (pattern: RegExp) => textThat((given) => pattern.test(given));
const oneOf = (...values: readonly unknown[]) => when((given) => values.includes(given));
const numberFrom = (least: number) => when((given) => Number.isSafeInteger(given) && (given as number) >= least);
const either = (first: Reader, second: Reader): Reader => (given) => first(given) ?? second(given);

function arrayOf(read: Reader): Reader {
  return (given) => {
    const elements = Array.isArray(given) ? given.map(read) : [undefined];
    return elements.includes(undefined) ? undefined : elements;
  };
}

/** These members and no others, in this order. A name that ends in `?` may be left out. */
function members(readers: Readonly<Record<string, Reader>>): Reader {
  const all = Object.entries(readers).map(([name, read]) => [name.replace("?", ""), name.endsWith("?"), read] as const);
  return (given) => {
    if (typeof given !== "object" || given === null) return undefined;
    const line: Record<string, unknown> = {};
    for (const [name, optional, read] of all) {
      const member = (given as Record<string, unknown>)[name];
      if (member === undefined && optional) continue;
      if ((line[name] = read(member)) === undefined) return undefined;
    }
    return line;
  };
}

const TIME = textThat((given) => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(given)) return false;
  const date = new Date(given);
  return !Number.isNaN(date.getTime()) && date.toISOString() === given; // refuses the 31st of February
});
const HASH = matching(/^[0-9a-f]{64}$/);
const WRITER = { pid: numberFrom(1), uid: either(numberFrom(0), oneOf(null)) };

const ENTRY = members({
  seq: numberFrom(1),
  time: TIME,
  actor: oneOf("cli", "server"),
  "via?": oneOf("unix", "loopback", "network"),
  "accessor?": matching(/^[A-Za-z0-9-]{1,64}$/),
  // Whatever later versions add is still one word or two.
  operation: matching(/^[a-z]{1,16}( [a-z]{1,16})?$/),
  access: matching(/^[a-z]{1,16}$/),
  "stack?": textThat(isStackName),
  "id?": matching(/^[0-9a-f]{32}$/),
  secrets: arrayOf(members({ name: textThat(isSecretName), "version?": numberFrom(1) })),
  missing: numberFrom(0),
  outcome: oneOf("ok", ...Object.keys(EXIT)),
  ...WRITER,
  hash: HASH,
});

const REPAIRED = members({
  seq: numberFrom(1),
  time: TIME,
  repaired: members({
    torn: numberFrom(0),
    ahead: numberFrom(0),
    lost: numberFrom(0),
    headless: when((given) => typeof given === "boolean"),
  }),
  ...WRITER,
  hash: HASH,
});

const HEADER = members({ format: oneOf(FORMAT), seq: numberFrom(0), hash: HASH });
