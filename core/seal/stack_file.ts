/** `stack.json` (docs/format.md §3): who the stack is and how its keys are unwrapped. */
import { constantTimeEqual } from "../crypto/bytes.ts";
import { digestSha256, hmacSha256 } from "../crypto/hkdf.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import {
  decodeText,
  layOut,
  malformed,
  type Members,
  parseObject,
  requireCanonical,
  tampered,
  textBefore,
} from "./canonical.ts";
import type { Keyring } from "./keyring.ts";
import { parseSlot, type PassphraseSlot, type SlotContext } from "./passphrase_slot.ts";
import { isTimestamp } from "./timestamp.ts";

const FORMAT = "coffer/1 stack";
/** A file larger than this is refused unread. */
export const MAX_STACK_FILE_BYTES = 64 * 1024;
const encoder = new TextEncoder();

export interface StackHeader {
  /** 16 random bytes as 32 lower-case hex digits. */
  readonly id: string;
  readonly created: string;
  /** Numbers of the stack keys, newest first: one, or two while the stack is being re-keyed. */
  readonly keys: readonly number[];
  readonly slot: PassphraseSlot;
}

/** A header as it was read: its MAC can be checked once the keys are known. */
export interface ReadHeader {
  readonly header: StackHeader;
  readonly authenticated: Uint8Array;
  readonly mac: Uint8Array;
}

export function slotContextOf(header: Pick<StackHeader, "id" | "keys">): SlotContext {
  return { id: bytesOfId(header.id), idHex: header.id, keys: header.keys };
}

function bytesOfId(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}

/** The file's bytes, authenticated under the newest stack key. */
export function encodeStackFile(header: StackHeader, keyring: Keyring): Uint8Array<ArrayBuffer> {
  const members = membersOf(header);
  const mac = hmacSha256(keyring.derive(keyring.newest, "coffer/1 mac stack"), textBefore(members, "mac"));
  return encoder.encode(complete(members, encodeBase64(mac)));
}

/**
 * Parses the file without a key.
 *
 * The checksum is no protection against an attacker, who can recompute it. It tells damage from a wrong passphrase:
 * with a flipped bit in the salt, no passphrase would fit, and the user would be told to try another one.
 *
 * @throws {Fault} CONFIG when it does not parse; TAMPERED when the checksum does not match
 */
export function parseStackFile(bytes: Uint8Array, where: string): ReadHeader {
  const text = decodeText(bytes, where);
  const { format, id, created, keys, slots, mac, checksum } = parseObject(text, where);
  if (format !== FORMAT) throw malformed(where, `its format is not ${JSON.stringify(FORMAT)}`);
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) throw malformed(where, "id must be 32 hex digits");
  if (!isTimestamp(created)) throw malformed(where, "created must be a UTC time");
  if (!isKeyNumbers(keys)) throw malformed(where, "keys must be one or two key numbers, newest first");
  if (!Array.isArray(slots) || slots.length !== 1) throw malformed(where, "slots must hold one key slot");
  if (typeof mac !== "string" || typeof checksum !== "string") throw malformed(where, "mac or checksum is missing");
  const header: StackHeader = { id, created, keys, slot: parseSlot(slots[0], keys.length, where) };
  const members = membersOf(header);
  const canonicalMac = decodeBase64(mac);
  if (canonicalMac?.length !== 32) throw malformed(where, "mac must be the base64 of 32 bytes");
  const expected = complete(members, encodeBase64(canonicalMac));
  // Compared without a well-formed checksum, so that a wrong checksum is told apart from a wrong layout.
  const layout = (t: string) => t.replace(/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="\n}\n$/, "");
  requireCanonical(layout(text), layout(expected), where);
  if (text !== expected) throw tampered(where, "its checksum does not match");
  return { header, authenticated: textBefore(members, "mac"), mac: canonicalMac };
}

/** @throws {Fault} TAMPERED when the header was not written with these keys */
export function authenticateHeader({ authenticated, mac }: ReadHeader, keyring: Keyring, where: string): void {
  const expected = hmacSha256(keyring.derive(keyring.newest, "coffer/1 mac stack"), authenticated);
  if (!constantTimeEqual(expected, mac)) throw tampered(where, "its MAC does not match");
}

function membersOf({ id, created, keys, slot }: StackHeader): Members {
  return [["format", FORMAT], ["id", id], ["created", created], ["keys", keys], ["slots", [slot]]];
}

function complete(members: Members, mac: string): string {
  const withMac: Members = [...members, ["mac", mac]];
  const checksum = encodeBase64(digestSha256(textBefore(withMac, "checksum")));
  return layOut([...withMac, ["checksum", checksum]]).join("");
}

function isKeyNumbers(value: unknown): value is number[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return false;
  const valid = value.every((n) => Number.isSafeInteger(n) && n >= 1 && n <= 999_999_999);
  return valid && (value.length === 1 || value[0] === value[1] + 1);
}
