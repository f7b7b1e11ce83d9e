/*
 * Poly1305 (RFC 8439 §2.5) with 32-bit limbs in 64-bit registers: 16 multiplications per block.
 *
 *   h = h0 + h1·2^32 + h2·2^64 + h3·2^96      h3 keeps bits 96 and up: 34 of them between blocks
 *   r = r0 + r1·2^32 + r2·2^64 + r3·2^96      clamped (§2.5.1): every limb < 2^28, and r1, r2, r3 multiples of 4
 *
 * Reduction modulo p = 2^130 − 5. A product h_i·r_j with i + j ≥ 4 weighs 2^128·2^(32(i+j−4)). As r_j is a multiple of
 * 4, 2^128·r_j = 2^130·(r_j/4) ≡ 5·(r_j/4) =: s_j, exactly; so s_j = r_j + r_j/4 < 1.25·2^28, and no fifth limb is
 * needed. (With 26-bit or 44-bit limbs: 25 products, or 128-bit ones that WebAssembly lacks.)
 *
 * No sum overflows 64 bits. In units of 2^32, after a block is added:
 *     h0 < 2.25 + 1 = 3.25      between blocks h0 < 1 + 1.25: its low word, plus 5·(y3 >> 34) where y3 < 2^64
 *     h1, h2 < 1 + 1 = 2
 *     h3 < 4 + 1 + 1 = 6        34 bits, plus a message word, plus the 2^128 bit that marks a full block
 * and in units of 2^60 = 2^32·2^28:
 *     y0 = h0·r0 + h1·s3 + h2·s2 + h3·s1   < 3.25 + 2.5 + 2.5 + 7.5 = 15.75
 *     y1 = h0·r1 + h1·r0 + h2·s3 + h3·s2   < 3.25 + 2   + 2.5 + 7.5 = 15.25
 *     y2 = h0·r2 + h1·r1 + h2·r0 + h3·s3   < 3.25 + 2   + 2   + 7.5 = 14.75
 *     y3 = h0·r3 + h1·r2 + h2·r1 + h3·r0   < 3.25 + 2   + 2   + 6   = 13.25
 * A carry from the limb below adds less than 2^32, i.e. 2^−28 units: all stay below 16·2^60 = 2^64. ∎
 *
 * Time does not depend on values: no branch and no address comes from h, r or the message, and 64-bit multiplication
 * takes constant time on the processors Coffer runs on.
 */
import { BLOCKS, H, R, TAG } from "./memory";

const LOW: u64 = 0xffffffff;

/**
 * Takes r from the first half of keystream block 0, clamped (§2.5.1), and sets h to zero. s stays where it is, in the
 * second half.
 */
export function start(): void {
  store<u64>(R, <u64> (load<u32>(BLOCKS) & 0x0fffffff));
  store<u64>(R, <u64> (load<u32>(BLOCKS, 4) & 0x0ffffffc), 8);
  store<u64>(R, <u64> (load<u32>(BLOCKS, 8) & 0x0ffffffc), 16);
  store<u64>(R, <u64> (load<u32>(BLOCKS, 12) & 0x0ffffffc), 24);
  memory.fill(H, 0, 32);
}

/** Adds `count` whole 16-byte blocks at `at`. */
export function blocks(at: usize, count: u32): void {
  const r0 = load<u64>(R), r1 = load<u64>(R, 8), r2 = load<u64>(R, 16), r3 = load<u64>(R, 24);
  const s1 = r1 + (r1 >> 2), s2 = r2 + (r2 >> 2), s3 = r3 + (r3 >> 2);
  let h0 = load<u64>(H), h1 = load<u64>(H, 8), h2 = load<u64>(H, 16), h3 = load<u64>(H, 24);
  for (; count > 0; count--, at += 16) {
    h0 += <u64> load<u32>(at);
    h1 += <u64> load<u32>(at, 4);
    h2 += <u64> load<u32>(at, 8);
    h3 += <u64> load<u32>(at, 12) | (LOW + 1);
    const y0 = h0 * r0 + h1 * s3 + (h2 * s2 + h3 * s1);
    const y1 = h0 * r1 + h1 * r0 + (h2 * s3 + h3 * s2) + (y0 >> 32);
    const y2 = h0 * r2 + h1 * r1 + (h2 * r0 + h3 * s3) + (y1 >> 32);
    const y3 = h0 * r3 + h1 * r2 + (h2 * r1 + h3 * r0) + (y2 >> 32);
    // Bits 130 and up of the product are y3's bits 34 and up: they come back multiplied by 5.
    h0 = (y0 & LOW) + (y3 >> 34) * 5;
    h1 = y1 & LOW;
    h2 = y2 & LOW;
    h3 = y3 & 0x3ffffffff;
  }
  store<u64>(H, h0);
  store<u64>(H, h1, 8);
  store<u64>(H, h2, 16);
  store<u64>(H, h3, 24);
}

/**
 * Adds n bytes, filled up with zeros to a whole block as the AEAD wants it (§2.8: pad16). Writes the padding behind the
 * text.
 */
export function padded(at: usize, n: u32): void {
  const rest: u32 = n & 15;
  if (rest) memory.fill(at + n, 0, 16 - rest);
  blocks(at, (n + 15) >> 4);
}

/** Reduces h fully, adds s (§2.5: "(a + s) mod 2^128") and leaves the tag at TAG. */
export function finish(): void {
  let h0 = load<u64>(H), h1 = load<u64>(H, 8), h2 = load<u64>(H, 16), h3 = load<u64>(H, 24);
  let h4 = h3 >> 32;
  h3 &= LOW;
  // One pass of carries makes h < 2^130. Before it h0 < 2.25·2^32 and h4 < 4. If it carries into bit 130, the carry
  // rippled through h1, h2 and h3, which are then at most 1, 0 and 0, so that adding 5 to h0 overflows nothing; h0 may
  // need a 33rd bit, which the additions below carry on.
  h1 += h0 >> 32;
  h2 += h1 >> 32;
  h3 += h2 >> 32;
  h4 += h3 >> 32;
  h0 = (h0 & LOW) + (h4 >> 2) * 5;
  h1 &= LOW;
  h2 &= LOW;
  h3 &= LOW;
  h4 &= 3;
  // g = h + 5. It reaches 2^130 exactly when h ≥ p, and then g mod 2^130 = h − p. Select by mask, not by branch: h is
  // secret.
  const g0 = h0 + 5;
  const g1 = h1 + (g0 >> 32);
  const g2 = h2 + (g1 >> 32);
  const g3 = h3 + (g2 >> 32);
  const g4 = h4 + (g3 >> 32);
  const reduced: u64 = 0 - (g4 >> 2);
  const kept = ~reduced;
  h0 = (h0 & kept) | (g0 & reduced & LOW);
  h1 = (h1 & kept) | (g1 & reduced & LOW);
  h2 = (h2 & kept) | (g2 & reduced & LOW);
  h3 = (h3 & kept) | (g3 & reduced & LOW);
  h0 += <u64> load<u32>(BLOCKS, 16);
  h1 += <u64> load<u32>(BLOCKS, 20) + (h0 >> 32);
  h2 += <u64> load<u32>(BLOCKS, 24) + (h1 >> 32);
  h3 += <u64> load<u32>(BLOCKS, 28) + (h2 >> 32);
  store<u32>(TAG, <u32> h0);
  store<u32>(TAG, <u32> h1, 4);
  store<u32>(TAG, <u32> h2, 8);
  store<u32>(TAG, <u32> h3, 12);
}
