/*
 * HChaCha20 (draft-irtf-cfrg-xchacha-03 §2.2): a subkey from the key and the first 16 bytes of the nonce. One block, so
 * the four rows of the state are the four vectors; diagonal rounds rotate the lanes of rows b, c, d. It runs once per
 * message: shifts are fast enough here.
 */
import { KEY, NONCE, STATE } from "./memory";
import { rotl } from "./rotate";

/** "expand 32-byte k" as little-endian words (RFC 8439 §2.3). */
function constants(): v128 {
  return i32x4(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
}

/** Leaves the ChaCha20 state of XChaCha20 at STATE: the subkey, counter 0, and the nonce 0000 ‖ nonce[16…24] (§2.3). */
export function subkey(): void {
  let a = constants();
  let b = v128.load(KEY), c = v128.load(KEY, 16), d = v128.load(NONCE);
  for (let round: u32 = 0; round < 10; round++) {
    // column round
    a = i32x4.add(a, b);
    d = rotl(v128.xor(d, a), 16);
    c = i32x4.add(c, d);
    b = rotl(v128.xor(b, c), 12);
    a = i32x4.add(a, b);
    d = rotl(v128.xor(d, a), 8);
    c = i32x4.add(c, d);
    b = rotl(v128.xor(b, c), 7);
    // diagonals to columns
    b = v128.shuffle<i32>(b, b, 1, 2, 3, 0);
    c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
    d = v128.shuffle<i32>(d, d, 3, 0, 1, 2);
    // diagonal round
    a = i32x4.add(a, b);
    d = rotl(v128.xor(d, a), 16);
    c = i32x4.add(c, d);
    b = rotl(v128.xor(b, c), 12);
    a = i32x4.add(a, b);
    d = rotl(v128.xor(d, a), 8);
    c = i32x4.add(c, d);
    b = rotl(v128.xor(b, c), 7);
    // and back
    b = v128.shuffle<i32>(b, b, 3, 0, 1, 2);
    c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
    d = v128.shuffle<i32>(d, d, 1, 2, 3, 0);
  }
  // HChaCha20 returns rows a and d *without* adding the input: the first and the last 16 bytes.
  v128.store(STATE, constants());
  v128.store(STATE, a, 16);
  v128.store(STATE, d, 32);
  store<u64>(STATE, 0, 48);
  store<u64>(STATE, load<u64>(NONCE, 16), 56);
}
