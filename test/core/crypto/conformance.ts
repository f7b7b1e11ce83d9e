/**
 * What the crypto core promises, checked with nothing but Web APIs: the same code runs under Deno, Node and a browser
 * (see portability_test.ts). It throws at the first broken promise and returns what it counted, for the caller to
 * compare.
 */
import { aeadBackend, open, seal } from "../../../core/crypto/aead.ts";
import type { AeadBackend, ScryptBackend } from "../../../core/crypto/backend.ts";
import { hkdfSha256, hmacSha256 } from "../../../core/crypto/hkdf.ts";
import { nobleAead, nobleScrypt } from "../../../core/crypto/noble.ts";
import { scrypt, scryptBackend } from "../../../core/crypto/scrypt.ts";
import { testAead, testScrypt } from "../../../core/crypto/self_test.ts";
import { WasmAead } from "../../../core/crypto/wasm_aead.ts";
import { hasRelaxedSimd, hasSimd } from "../../../core/crypto/wasm_module.ts";
import { WasmScrypt } from "../../../core/crypto/wasm_scrypt.ts";
import * as reference from "../../reference/xchacha20poly1305.ts";
import { fromHex, fromText, Seeded, toHex } from "./bytes_from.ts";
import { BORDERS } from "./lengths.ts";
import { SCRYPT, XCHACHA20_POLY1305 } from "./rfc_vectors.ts";
import { runAead, runHkdf, runHmac } from "./wycheproof.ts";

/** The Wycheproof documents, parsed; how to get at them differs by runtime. */
export interface Documents {
  readonly xchacha20poly1305: unknown;
  readonly hkdf: unknown;
  readonly hmac: unknown;
}

export interface Report {
  readonly aead: string;
  readonly scrypt: string;
  readonly wycheproof: number;
  readonly vectors: number;
  readonly differential: number;
  /** Memories that were found to be all zeros after use: one for each WebAssembly backend that works here. */
  readonly wiped: number;
}

export async function conformance(documents: Documents): Promise<Report> {
  testAead(nobleAead);
  await testScrypt(nobleScrypt);
  return {
    aead: aeadBackend().name,
    scrypt: scryptBackend().name,
    wycheproof: runAead(documents.xchacha20poly1305, { seal, open }) +
      runHkdf(documents.hkdf, hkdfSha256) +
      runHmac(documents.hmac, hmacSha256),
    vectors: publishedAead() + await publishedScrypt(),
    differential: againstNoble(aeadBackend()) + againstReference() + await scryptAgainstNoble(scryptBackend()),
    wiped: await wiped(),
  };
}

function same(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  if (!actual || toHex(actual) !== toHex(expected)) throw new Error(`${what}: the bytes differ`);
}

function publishedAead(): number {
  const { key, nonce, aad, plaintextText, sealed } = XCHACHA20_POLY1305;
  const [k, n, a, text] = [fromHex(key), fromHex(nonce), fromHex(aad), fromText(plaintextText)];
  same(seal(k, n, text, a), fromHex(sealed), "draft-irtf-cfrg-xchacha §A.3.1, sealing");
  same(open(k, n, fromHex(sealed), a), text, "draft-irtf-cfrg-xchacha §A.3.1, opening");
  return 1;
}

/** All vectors of RFC 7914 §12 but the one that takes 1 GiB. */
async function publishedScrypt(): Promise<number> {
  const vectors = SCRYPT.filter(({ logN }) => logN < 20);
  for (const { passphraseText, saltText, logN, r, p, key } of vectors) {
    const derived = await scrypt(fromText(passphraseText), fromText(saltText), { logN, r, p, length: key.length / 2 });
    same(derived, fromHex(key), `RFC 7914 §12, N = 2^${logN}`);
  }
  return vectors.length;
}

/** Every border length of text with some AAD, and the other way round; and that a flipped bit is refused. */
function againstNoble(backend: AeadBackend): number {
  const random = new Seeded(1);
  let ran = 0;
  for (const length of BORDERS) {
    const [key, nonce, text, aad] = [
      random.bytes(32),
      random.bytes(24),
      random.bytes(length),
      random.bytes(length % 37),
    ];
    const sealed = nobleAead.seal(key, nonce, text, aad);
    same(backend.seal(key, nonce, text, aad), sealed, `sealing ${length} bytes`);
    same(backend.open(key, nonce, sealed, aad), text, `opening ${length} bytes`);
    same(
      backend.seal(key, nonce, aad, text),
      nobleAead.seal(key, nonce, aad, text),
      `sealing with ${length} bytes of AAD`,
    );
    sealed[random.below(sealed.length)]! ^= 1 << random.below(8);
    if (backend.open(key, nonce, sealed, aad)) throw new Error(`a forgery of ${length} bytes opens`);
    ran += 4;
  }
  return ran;
}

function againstReference(): number {
  const random = new Seeded(2);
  let ran = 0;
  for (const length of BORDERS.filter((n) => n < 2048)) {
    const [key, nonce, text, aad] = [
      random.bytes(32),
      random.bytes(24),
      random.bytes(length),
      random.bytes(length % 53),
    ];
    same(seal(key, nonce, text, aad), reference.seal(key, nonce, text, aad), `sealing ${length} bytes`);
    ran++;
  }
  return ran;
}

async function scryptAgainstNoble(backend: ScryptBackend): Promise<number> {
  const random = new Seeded(3);
  const cases = 60;
  for (let i = 0; i < cases; i++) {
    const [passphrase, salt] = [random.bytes(random.below(80)), random.bytes(random.below(40))];
    const options = {
      logN: 1 + random.below(9),
      r: 1 + random.below(32),
      p: 1 + random.below(3),
      length: 1 + random.below(99),
    };
    const [actual, expected] = await Promise.all([
      backend.derive(passphrase, salt, options),
      nobleScrypt.derive(passphrase, salt, options),
    ]);
    same(actual, expected, `scrypt with ${JSON.stringify(options)}`);
  }
  return cases;
}

async function wiped(): Promise<number> {
  const memories: WebAssembly.Memory[] = [];
  const random = new Seeded(16);
  if (hasRelaxedSimd()) {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const backend = new WasmAead(memory);
    const [key, nonce] = [random.bytes(32), random.bytes(24)];
    const sealed = backend.seal(key, nonce, random.bytes(100_000), random.bytes(1000));
    if (backend.open(key, nonce, sealed, random.bytes(1000))) throw new Error("other associated data open it");
    memories.push(memory);
  }
  if (hasSimd()) {
    const backend = new WasmScrypt({
      allocate(initial) {
        const memory = new WebAssembly.Memory({ initial });
        memories.push(memory);
        return memory;
      },
    });
    await backend.derive(random.bytes(10), random.bytes(16), { logN: 12, r: 8, p: 1, length: 32 });
  }
  for (const memory of memories) {
    if (new Uint8Array(memory.buffer).some((byte) => byte !== 0)) throw new Error("something is left in memory");
  }
  return memories.length;
}
