/** What a crypto backend offers. The faces (`aead.ts`, `scrypt.ts`) check lengths and types once and then trust it. */

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), the tag appended to the ciphertext.
 * Neither method keeps a reference to its arguments, and both leave no copy of key or plaintext but the one returned.
 */
export interface AeadBackend {
  /** Shown by `coffer doctor`. */
  readonly name: string;
  /** Returns ciphertext ‖ tag. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array;
  /** Returns the plaintext, or undefined when the tag does not match. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined;
}

/** Cost and size of one scrypt derivation (RFC 7914). */
export interface ScryptOptions {
  /** log2 of N. */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  /** Bytes to derive. */
  readonly length: number;
  /** Called now and then with 0…1 while the derivation runs. */
  readonly onProgress?: (done: number) => void;
}

/** scrypt in slices: the event loop turns while it runs, so that a progress bar and Ctrl-C live. */
export interface ScryptBackend {
  /** Shown by `coffer doctor`. */
  readonly name: string;
  /**
   * Reads passphrase and salt until it settles; an exception of `onProgress` ends the derivation, which cleans up and
   * rejects.
   */
  derive(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array>;
}
