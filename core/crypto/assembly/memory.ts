/*
 * Memory map of the AEAD module: imported memory of two 64 KiB pages. Nothing is ever allocated.
 *
 *       0  KEY       32   the caller's key; dead after HChaCha20
 *      32  NONCE     24   the caller's nonce
 *      64  TAG       16   the lengths block (RFC 8439 §2.8), then the tag computed from it
 *      80  EXPECTED  16   the tag that came with a message to open
 *      96  MASKS     32   byte orders that rotate 32-bit lanes by 16 and by 8
 *     128  STATE     64   ChaCha20 state (RFC 8439 §2.3): constants, subkey, counter, nonce
 *     192  R         32   Poly1305 r, four 32-bit limbs as u64
 *     224  H         32   Poly1305 accumulator, four limbs as u64
 *     256  BLOCKS   256   keystream blocks 0…3
 *     512  TEXT   65728   one chunk of the message, in place; FIRST (192) + 64 KiB
 *   66240  slack    256   the cipher works in whole groups of 256 bytes and overruns the text into here
 *
 * Block 0 of the keystream is the one-time Poly1305 key; blocks 1…3 cipher the first 192 bytes. That is why the first
 * chunk is FIRST bytes longer than the others: from there on, text and keystream both come in whole groups.
 *
 * All of it depends on secrets, except MASKS. `wipe` clears everything, MASKS too, so that a test can ask for zeros
 * everywhere.
 */

export const KEY: usize = 0;
export const NONCE: usize = 32;
export const TAG: usize = 64;
export const EXPECTED: usize = 80;
export const MASKS: usize = 96;
export const STATE: usize = 128;
export const R: usize = 192;
export const H: usize = 224;
export const BLOCKS: usize = 256;
export const TEXT: usize = 512;

/** Keystream made by one turn of the cipher: four blocks, one per vector lane. */
export const GROUP: u32 = 256;
/** What is left of the first group for the text, after the Poly1305 key's block. */
export const FIRST: u32 = 192;
/** Text per chunk after the first one. 64 KiB stays in a level-2 cache. */
export const CHUNK: u32 = 65536;
