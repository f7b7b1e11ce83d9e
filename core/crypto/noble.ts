/**
 * The reference backend: @noble in plain JavaScript. It runs everywhere, and everything faster is tested against it.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { AeadBackend, ScryptBackend } from "./backend.ts";

export const nobleAead: AeadBackend = {
  name: "noble",
  seal: (key, nonce, plaintext, aad) => xchacha20poly1305(key, nonce, aad).encrypt(plaintext),
  open(key, nonce, sealed, aad) {
    try {
      return xchacha20poly1305(key, nonce, aad).decrypt(sealed);
    } catch {
      return undefined; // the lengths were checked before, so the tag is what did not match
    }
  },
};

export const nobleScrypt: ScryptBackend = {
  name: "noble",
  async derive(passphrase, salt, { logN, r, p, length, onProgress }) {
    // Loaded here because a host that runs WebAssembly never needs it.
    const { scryptAsync } = await import("@noble/hashes/scrypt.js");
    return await scryptAsync(passphrase, salt, {
      N: 2 ** logN,
      r,
      p,
      dkLen: length,
      // @noble refuses to allocate above 1 GiB + 1 KiB by default; the bounds on logN are ours (see scrypt.ts).
      maxmem: 2 ** 32,
      ...(onProgress && { onProgress }),
    });
  },
};
