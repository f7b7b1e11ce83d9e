/** The same operations by other libraries. */
import { scryptSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { scrypt as nobleScrypt } from "@noble/hashes/scrypt.js";
import { scrypt as hashWasmScrypt } from "hash-wasm";
import sodium from "libsodium-wrappers-sumo";

await sodium.ready;

type Derive = (passphrase: Uint8Array, salt: Uint8Array, logN: number) => unknown;

/** scrypt with r = 8, p = 1 to 32 bytes. */
export const SCRYPT_PEERS: Record<string, Derive> = {
  "@noble/hashes": (passphrase, salt, logN) => nobleScrypt(passphrase, salt, { N: 2 ** logN, r: 8, p: 1, dkLen: 32 }),
  "hash-wasm": (password, salt, logN) =>
    hashWasmScrypt({
      password,
      salt,
      costFactor: 2 ** logN,
      blockSize: 8,
      parallelism: 1,
      hashLength: 32,
      outputType: "binary",
    }),
  "libsodium.js": (passphrase, salt, logN) =>
    sodium.crypto_pwhash_scryptsalsa208sha256_ll(passphrase, salt, 2 ** logN, 8, 1, 32),
  "node:crypto": (passphrase, salt, logN) =>
    scryptSync(passphrase, salt, 32, { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** (logN + 11) }),
};

type Aead = (key: Uint8Array, nonce: Uint8Array, text: Uint8Array, aad: Uint8Array) => unknown;

/** XChaCha20-Poly1305. hash-wasm and node:crypto do not have it. */
export const AEAD_PEERS: Record<string, Record<"seal" | "open", Aead>> = {
  "@noble/ciphers": {
    seal: (key, nonce, text, aad) => xchacha20poly1305(key, nonce, aad).encrypt(text),
    open: (key, nonce, text, aad) => xchacha20poly1305(key, nonce, aad).decrypt(text),
  },
  "libsodium.js": {
    seal: (key, nonce, text, aad) => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(text, aad, null, nonce, key),
    open: (key, nonce, text, aad) => sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, text, aad, nonce, key),
  },
};
