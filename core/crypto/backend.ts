/** What a crypto backend offers. The faces (`aead.ts`, `scrypt.ts`) check lengths and types once and then trust it. */

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). Key 32 bytes, nonce 24 bytes, tag 16 bytes, appended. */
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
  readonly name: string;
  derive(passphrase: Uint8Array, salt: Uint8Array, options: ScryptOptions): Promise<Uint8Array>;
}
