/** Tokens that clients send: made here, never stored; the server keeps their hashes. */
import { digestSha256 } from "../core/crypto/hkdf.ts";
import { randomBytes } from "../core/crypto/bytes.ts";
import { encodeBase64 } from "../core/seal/base64.ts";
import { Secret } from "../core/secret.ts";

/** Not `s.`, `b.`, `hvs.` or `hvb.`, which Vault's clients know; and something that scanners for leaked ones can find. */
const PREFIX = "cfr.";
/** Of 62 characters: 190 bits. */
const TOKEN_LENGTH = 32;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The largest multiple of 62 in a byte: above it, the first characters would be likelier than the rest. */
const FAIR = 248;

export function newBearerToken(): Secret {
  return Secret.fromText(PREFIX + randomBase62(TOKEN_LENGTH));
}

/** `length` characters from `[0-9A-Za-z]`, 5.95 bits each. They can stand on a command line: none is a hyphen. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < FAIR && text.length < length) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

/**
 * SHA-256 of a token, in base64: what it is stored and looked up under.
 *
 * A look-up by hash takes its time from the hash alone. How far a guess's hash agrees with a stored one may show in the
 * time that a map takes, but says nothing about the token: whoever could steer a hash towards another one, character by
 * character, could invert SHA-256. Neither a slow hash nor a salt would add anything to 190 random bits.
 */
export function hashOfToken(token: Secret): string {
  return token.use((bytes) => encodeBase64(digestSha256(bytes)));
}
