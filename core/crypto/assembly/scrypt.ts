/*
 * scrypt's ROMix (RFC 7914 §5) on 128-bit vectors. PBKDF2 (§6 steps 1 and 3) stays outside: it is 1 % of the work.
 *
 * Memory map (imported memory, sized by the caller for one N and r; nothing else lives in it):
 *
 *        0  SINK   4 bytes      where the prefetch loads of `step` end up
 *     4096  X      128·r bytes  the working block                            (r ≤ 32: at most 4096 bytes)
 *     8192  Y      128·r bytes  its partner in `mix`; also where a block enters and leaves, in wire order
 *    12288  ZERO   128·r bytes  never written, so that `fill` can share the code of `mix`
 *    16384  V      N·128·r      the table, one block after the other
 *
 * Everything from SINK on is secret-dependent. A V left behind would let an attacker test a guessed passphrase
 * without paying for the memory, which is the whole point of scrypt: `wipe` clears all of it.
 *
 * Word order. Salsa20 (RFC 7914 §3) works on a 4×4 matrix of words by columns and by rows. Here word i of a 64-byte
 * chunk is wire word 5·i mod 16, i.e. a vector holds a *diagonal* of the matrix. Then the four columns of a round are
 * one vector operation per step, and turning columns into rows is three lane rotations which are off the dependency
 * chain. Blocks keep that order from `load` to `unload`; xor and addition by word do not care about it. Word 0 stays in
 * place, so Integerify (§5) reads it where it always is.
 */

import { rotl } from "./rotate";

const SINK: usize = 0;
const X: usize = 4096;
export const Y: usize = 8192;
const ZERO: usize = 12288;
export const V: usize = 16384;

/**
 * to = BlockMix(from xor other), RFC 7914 §4 with the xor of §5 step 3 folded in. Returns Integerify's low word.
 *
 * Exported although only `fill` and `mix` call it: an engine with a baseline tier replaces wasm code at call boundaries
 * only, never inside a running loop. The hot code must therefore be a leaf that is called often, and an export cannot
 * be inlined into its callers. (All in one function: 394 ms instead of 302 ms on a first derivation.)
 */
export function step(from: usize, other: usize, to: usize, r: u32): u32 {
  const half: usize = (<usize> r) << 6;
  const last: usize = (half << 1) - 64;

  // Start loading every cache line of `other` now. The Salsa20 chain below is serial, so each miss met later would be
  // waited for in full; issued together they overlap (a quarter of the time of `mix`). The result must be stored or the
  // compiler drops the loads. `other` is data-dependent: scrypt leaks it to the cache by design, as scrypt does
  // everywhere.
  let touched: u32 = 0;
  for (let line = other, end = other + (half << 1); line < end; line += 128) {
    touched |= load<u32>(line) | load<u32>(line, 64);
  }
  store<u32>(SINK, touched);

  // §4 step 1: X = B[2r-1].
  let a = v128.xor(v128.load(from + last), v128.load(other + last));
  let b = v128.xor(v128.load(from + last, 16), v128.load(other + last, 16));
  let c = v128.xor(v128.load(from + last, 32), v128.load(other + last, 32));
  let d = v128.xor(v128.load(from + last, 48), v128.load(other + last, 48));

  // §4 step 3: even chunks go to the first half of the result, odd ones to the second. `even` and `odd` swap every
  // turn.
  let even = to;
  let odd = to + half;
  for (let chunk: u32 = r << 1; chunk > 0; chunk--) {
    // §4 step 2: T = X xor B[i]
    const a0 = v128.xor(a, v128.xor(v128.load(from), v128.load(other)));
    const b0 = v128.xor(b, v128.xor(v128.load(from, 16), v128.load(other, 16)));
    const c0 = v128.xor(c, v128.xor(v128.load(from, 32), v128.load(other, 32)));
    const d0 = v128.xor(d, v128.xor(v128.load(from, 48), v128.load(other, 48)));
    a = a0;
    b = b0;
    c = c0;
    d = d0;

    // Salsa20/8 (§3): four double rounds. Not unrolled further: measured equal, at a third of the bytes.
    for (let round: u32 = 0; round < 4; round++) {
      b = v128.xor(b, rotl(i32x4.add(a, d), 7));
      c = v128.xor(c, rotl(i32x4.add(b, a), 9));
      d = v128.xor(d, rotl(i32x4.add(c, b), 13));
      a = v128.xor(a, rotl(i32x4.add(d, c), 18));
      // columns to rows
      b = v128.shuffle<i32>(b, b, 3, 0, 1, 2);
      c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
      d = v128.shuffle<i32>(d, d, 1, 2, 3, 0);
      d = v128.xor(d, rotl(i32x4.add(a, b), 7));
      c = v128.xor(c, rotl(i32x4.add(d, a), 9));
      b = v128.xor(b, rotl(i32x4.add(c, d), 13));
      a = v128.xor(a, rotl(i32x4.add(b, c), 18));
      // rows to columns
      b = v128.shuffle<i32>(b, b, 1, 2, 3, 0);
      c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
      d = v128.shuffle<i32>(d, d, 3, 0, 1, 2);
    }
    a = i32x4.add(a, a0);
    b = i32x4.add(b, b0);
    c = i32x4.add(c, c0);
    d = i32x4.add(d, d0);

    v128.store(even, a);
    v128.store(even, b, 16);
    v128.store(even, c, 32);
    v128.store(even, d, 48);
    from += 64;
    other += 64;
    const next = odd;
    odd = even + 64;
    even = next;
  }
  return i32x4.extract_lane(a, 0);
}

/** Takes the block at Y, in wire order, as V[0] (§5 step 1). */
export function load_block(r: u32): void {
  for (let chunk: usize = 0, end = (<usize> r) << 7; chunk < end; chunk += 64) {
    for (let i: usize = 0; i < 16; i++) store<u32>(V + chunk + (i << 2), load<u32>(Y + chunk + ((i * 5 & 15) << 2)));
  }
}

/** Puts the block at X back into wire order, at Y (§5 step 4). */
export function unload_block(r: u32): void {
  for (let chunk: usize = 0, end = (<usize> r) << 7; chunk < end; chunk += 64) {
    for (let i: usize = 0; i < 16; i++) store<u32>(Y + chunk + ((i * 5 & 15) << 2), load<u32>(X + chunk + (i << 2)));
  }
}

/** §5 step 2 for start ≤ i < end: V[i+1] = BlockMix(V[i]), written straight to its place; the last one, V[N], is X. */
export function fill(r: u32, n: u32, start: u32, end: u32): void {
  const size: usize = (<usize> r) << 7;
  let block: usize = V + <usize> start * size;
  for (let i = start; i < end; i++, block += size) {
    step(block, ZERO, i + 1 === n ? X : block + size, r);
  }
}

/**
 * §5 step 3 for start ≤ i < end, both even: X → Y → X, so that nothing is copied.
 * N is a power of two below 2^32, so "mod N" is a mask and Integerify needs its lowest word only.
 */
export function mix(r: u32, n: u32, start: u32, end: u32): void {
  const size: usize = (<usize> r) << 7;
  const mask: u32 = n - 1;
  let j: u32 = load<u32>(X + size - 64) & mask;
  for (let i = start; i < end; i += 2) {
    j = step(X, V + <usize> j * size, Y, r) & mask;
    j = step(Y, V + <usize> j * size, X, r) & mask;
  }
}

/** Clears everything that a derivation with these parameters wrote. */
export function wipe(r: u32, n: u32): void {
  memory.fill(0, 0, V + <usize> n * ((<usize> r) << 7));
}
