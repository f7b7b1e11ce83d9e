/**
 * scrypt, slowly: the text of RFC 7914 as plain TypeScript, PBKDF2 from Web Crypto. It shares no code with core; core
 * has to agree with it. Blocks are arrays of 32-bit words in wire order, nothing is fused or reordered.
 */

function rotl(x: number, n: number): number {
  return (x << n) | (x >>> (32 - n));
}

/** RFC 7914 §3: Salsa20/8 on sixteen words. */
export function salsa20_8(input: Uint32Array): Uint32Array {
  const x = input.slice();
  const step = (to: number, a: number, b: number, n: number) => x[to]! ^= rotl((x[a]! + x[b]!) | 0, n);
  const quarter = (a: number, b: number, c: number, d: number) => {
    step(b, a, d, 7);
    step(c, b, a, 9);
    step(d, c, b, 13);
    step(a, d, c, 18);
  };
  for (let i = 0; i < 4; i++) {
    quarter(0, 4, 8, 12);
    quarter(5, 9, 13, 1);
    quarter(10, 14, 2, 6);
    quarter(15, 3, 7, 11);
    quarter(0, 1, 2, 3);
    quarter(5, 6, 7, 4);
    quarter(10, 11, 8, 9);
    quarter(15, 12, 13, 14);
  }
  return x.map((w, i) => w + input[i]!);
}

/** §4: 2r chunks of sixteen words, mixed, then the even ones before the odd ones. */
export function blockMix(block: Uint32Array): Uint32Array {
  const chunks = block.length / 16;
  const out = new Uint32Array(block.length);
  let x: Uint32Array = block.slice(-16);
  for (let i = 0; i < chunks; i++) {
    x = salsa20_8(x.map((w, k) => w ^ block[16 * i + k]!));
    out.set(x, 16 * (i % 2 === 0 ? i / 2 : chunks / 2 + (i - 1) / 2));
  }
  return out;
}

/** §5, on words. N below 2^32 makes the low word of Integerify enough. */
function romix(block: Uint32Array, n: number): Uint32Array {
  let x = block;
  const v: Uint32Array[] = [];
  for (let i = 0; i < n; i++) {
    v.push(x);
    x = blockMix(x);
  }
  for (let i = 0; i < n; i++) {
    const vj = v[x[x.length - 16]! % n]!;
    x = blockMix(x.map((w, k) => w ^ vj[k]!));
  }
  return x;
}

async function pbkdf2(passphrase: Uint8Array, salt: Uint8Array, length: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", passphrase.slice(), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: salt.slice(), iterations: 1 };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 8 * length));
}

/** §6. */
export async function scrypt(
  passphrase: Uint8Array,
  salt: Uint8Array,
  { n, r, p, length }: { n: number; r: number; p: number; length: number },
): Promise<Uint8Array> {
  const blocks = await pbkdf2(passphrase, salt, p * 128 * r);
  const view = new DataView(blocks.buffer);
  for (let at = 0; at < blocks.length; at += 128 * r) {
    const block = Uint32Array.from({ length: 32 * r }, (_, i) => view.getUint32(at + 4 * i, true));
    romix(block, n).forEach((w, i) => view.setUint32(at + 4 * i, w, true));
  }
  return await pbkdf2(passphrase, blocks, length);
}
