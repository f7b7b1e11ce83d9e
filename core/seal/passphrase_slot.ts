/**
 * The passphrase key slot (docs/format.md §3): scrypt turns the passphrase into a key-encryption key, which wraps the
 * stack keys.
 *
 * Poly1305 does not commit to its key: one ciphertext can be made to open under two. The slot therefore stores a
 * commitment derived from the key-encryption key; it is also what tells a wrong passphrase from a damaged slot.
 */
import { NONCE_BYTES, open, seal, TAG_BYTES } from "../crypto/aead.ts";
import { concat, constantTimeEqual, randomBytes } from "../crypto/bytes.ts";
import { hkdfSha256 } from "../crypto/hkdf.ts";
import { scrypt } from "../crypto/scrypt.ts";
import { Fault } from "../fault.ts";
import type { Secret } from "../secret.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { malformed, tampered } from "./canonical.ts";
import { frame } from "./frame.ts";
import { type Keyring, STACK_KEY_BYTES } from "./keyring.ts";

/** The work factors a file may ask for: 2^10 (1 MiB) for tests, up to 2^20 (1 GiB). */
export const LOG_N = { least: 10, most: 20, default: 17 } as const;
const R = 8;
const P = 1;
const SALT_BYTES = 32;
const COMMITMENT_BYTES = 32;
const encoder = new TextEncoder();

export interface PassphraseSlot {
  readonly type: "passphrase";
  readonly kdf: "scrypt";
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  /** base64 of 32 bytes */
  readonly salt: string;
  /** base64 of 32 bytes */
  readonly commitment: string;
  /** base64 of nonce (24) ‖ ciphertext of the stack keys ‖ tag (16) */
  readonly wrapped: string;
}

/** What a slot is bound to: it opens in this stack only, with these keys. `id` is the stack's, 16 bytes and as hex. */
export interface SlotContext {
  readonly id: Uint8Array;
  readonly idHex: string;
  readonly keys: readonly number[];
}

/** A slot's derived key, kept while a stack is open: a re-key wraps new stack keys without running the KDF again. */
export interface SlotKey {
  readonly kek: Uint8Array;
  readonly parameters: Pick<PassphraseSlot, "logN" | "r" | "p" | "salt">;
}

/** Derives the key-encryption key for a new slot, with a fresh salt. */
export async function newSlotKey(
  passphrase: Secret,
  logN: number,
  onProgress?: (done: number) => void,
): Promise<SlotKey> {
  const parameters = { logN, r: R, p: P, salt: encodeBase64(randomBytes(SALT_BYTES)) };
  return { kek: await deriveKek(passphrase, parameters, onProgress), parameters };
}

/** Wraps the stack keys of `keyring`. */
export function wrapKeys(slotKey: SlotKey, keyring: Keyring, context: SlotContext): PassphraseSlot {
  const { logN, r, p, salt } = slotKey.parameters;
  const bound = { type: "passphrase", kdf: "scrypt", logN, r, p, salt } as const;
  const [wrapKey, commitment] = expand(slotKey.kek, context.id);
  const keys = keyring.export();
  try {
    const nonce = randomBytes(NONCE_BYTES);
    const wrapped = concat(nonce, seal(wrapKey, nonce, keys, associatedData(bound, context)));
    return { ...bound, commitment: encodeBase64(commitment), wrapped: encodeBase64(wrapped) };
  } finally {
    keys.fill(0);
    wrapKey.fill(0);
  }
}

/** Derives the key-encryption key of a slot that has passed `parseSlot`. This is the slow step. */
export async function slotKeyOf(
  slot: PassphraseSlot,
  passphrase: Secret,
  onProgress?: (done: number) => void,
): Promise<SlotKey> {
  const { logN, r, p, salt } = slot;
  return { kek: await deriveKek(passphrase, slot, onProgress), parameters: { logN, r, p, salt } };
}

/**
 * Opens a slot that has passed `parseSlot`. Returns the stack keys by number.
 * @throws {Fault} LOCKED when the passphrase was wrong; TAMPERED when it was right and the slot does not authenticate
 */
export function openSlot(
  slot: PassphraseSlot,
  slotKey: SlotKey,
  context: SlotContext,
  where: string,
): ReadonlyMap<number, Uint8Array> {
  const [wrapKey, commitment] = expand(slotKey.kek, context.id);
  try {
    if (!constantTimeEqual(commitment, decodeBase64(slot.commitment)!)) {
      throw new Fault("LOCKED", "the passphrase is wrong", {
        hint: "check COFFER_PASSPHRASE or COFFER_PASSPHRASE_FILE, and that --stack names the right stack",
      });
    }
    const wrapped = decodeBase64(slot.wrapped)!;
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    const keys = open(wrapKey, nonce, wrapped.subarray(NONCE_BYTES), associatedData(slot, context));
    if (!keys) throw tampered(where, "its key slot does not authenticate");
    return new Map(context.keys.map((n, i) => [n, keys.subarray(i * STACK_KEY_BYTES, (i + 1) * STACK_KEY_BYTES)]));
  } finally {
    wrapKey.fill(0);
  }
}

/**
 * Checks a slot read from a file, costs before anything else: a file must not make a reader allocate or compute.
 * @param keyCount how many stack keys it must wrap
 */
export function parseSlot(value: unknown, keyCount: number, where: string): PassphraseSlot {
  if (typeof value !== "object" || value === null) throw malformed(where, "a key slot is not an object");
  const slot = value as Partial<Record<keyof PassphraseSlot, unknown>>;
  if (slot.type !== "passphrase" || slot.kdf !== "scrypt") {
    throw malformed(where, "it has a key slot of a kind that this version does not know");
  }
  const { logN, r, p, salt, commitment, wrapped } = slot;
  if (!Number.isInteger(logN) || (logN as number) < LOG_N.least || (logN as number) > LOG_N.most) {
    throw malformed(where, `the work factor logN must be a number from ${LOG_N.least} to ${LOG_N.most}`);
  }
  if (r !== R || p !== P) throw malformed(where, `the scrypt parameters must be r=${R} and p=${P}`);
  return {
    type: "passphrase",
    kdf: "scrypt",
    logN: logN as number,
    r,
    p,
    salt: sized(salt, SALT_BYTES, "salt", where),
    commitment: sized(commitment, COMMITMENT_BYTES, "commitment", where),
    wrapped: sized(wrapped, NONCE_BYTES + keyCount * STACK_KEY_BYTES + TAG_BYTES, "wrapped", where),
  };
}

function sized(value: unknown, bytes: number, member: string, where: string): string {
  if (typeof value === "string") {
    const decoded = decodeBase64(value);
    if (decoded?.length === bytes && encodeBase64(decoded) === value) return value;
  }
  throw malformed(where, `${member} must be the base64 of ${bytes} bytes`);
}

async function deriveKek(
  passphrase: Secret,
  { logN, r, p, salt }: SlotKey["parameters"],
  onProgress?: (done: number) => void,
): Promise<Uint8Array> {
  const bytes = normalise(passphrase);
  try {
    return await scrypt(bytes, decodeBase64(salt)!, { logN, r, p, length: 32, ...(onProgress && { onProgress }) });
  } finally {
    bytes.fill(0);
  }
}

/** NFC, so that one passphrase typed on two systems gives the same bytes (Unicode TR15). */
function normalise(passphrase: Secret): Uint8Array {
  let text: string;
  try {
    text = passphrase.revealText();
  } catch {
    throw new Fault("USAGE", "the passphrase is not valid UTF-8 text", {
      hint: "use a text passphrase; for random bytes, encode them: head -c 32 /dev/urandom | base64",
    });
  }
  if (text === "") {
    throw new Fault("USAGE", "the passphrase is empty", {
      hint: "use `coffer init --generate-passphrase` for a good one",
    });
  }
  // HMAC, and so scrypt, pads keys with zeros: with NUL allowed, "pass" and "pass\0" would be one passphrase.
  if (text.includes("\0")) {
    throw new Fault("USAGE", "the passphrase contains a NUL character", { hint: "use a text passphrase" });
  }
  return encoder.encode(text.normalize("NFC"));
}

function expand(kek: Uint8Array, id: Uint8Array): [wrapKey: Uint8Array, commitment: Uint8Array] {
  return [
    hkdfSha256(kek, id, "coffer/1 slot wrap", 32),
    hkdfSha256(kek, id, "coffer/1 slot commitment", COMMITMENT_BYTES),
  ];
}

function associatedData(slot: Omit<PassphraseSlot, "commitment" | "wrapped">, context: SlotContext): Uint8Array {
  const { type, kdf, logN, r, p, salt } = slot;
  return frame("coffer/1 slot", context.idHex, context.keys.join(","), type, kdf, logN, r, p, salt);
}
