/** Reads Wycheproof documents and runs them against anything with the shape of core's faces. Runs in every runtime. */
import { fromHex, toHex } from "./bytes_from.ts";

/** What these functions need of a document; the rest of it is for people. */
interface Document<Group> {
  readonly numberOfTests: number;
  readonly testGroups: readonly Group[];
}

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid" | "acceptable";
}

interface AeadGroup {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tagSize: number;
  readonly tests: readonly (Case & Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string>)[];
}

interface HkdfGroup {
  readonly tests: readonly (Case & Record<"ikm" | "salt" | "info" | "okm", string> & { readonly size: number })[];
}

interface HmacGroup {
  readonly tagSize: number;
  readonly tests: readonly (Case & Record<"key" | "msg" | "tag", string>)[];
}

export interface Aead {
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array;
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined;
}

/** The groups of a document, if it is whole: a corpus that went missing must not look like a pass. */
function groups<Group extends { readonly tests: readonly unknown[] }>(
  json: unknown,
  expected: number,
): readonly Group[] {
  const document = json as Document<Group>;
  const found = document.testGroups.reduce((sum, group) => sum + group.tests.length, 0);
  if (found !== expected || document.numberOfTests !== expected) {
    throw new Error(`expected ${expected} Wycheproof cases, found ${found}`);
  }
  return document.testGroups;
}

function fail(test: Case, what: string): never {
  throw new Error(`Wycheproof case ${test.tcId} (${test.comment}): ${what}`);
}

/**
 * All 315 cases. Valid ones must seal and open to the byte; invalid ones must open to undefined, and those whose nonce
 * has another length than 24 bytes must be refused with a RangeError by both. Returns how many cases ran.
 */
export function runAead(json: unknown, aead: Aead): number {
  let ran = 0;
  for (const group of groups<AeadGroup>(json, 315)) {
    for (const test of group.tests) {
      const [key, nonce, aad, message] = [fromHex(test.key), fromHex(test.iv), fromHex(test.aad), fromHex(test.msg)];
      const sealed = fromHex(test.ct + test.tag);
      if (group.ivSize !== 192) {
        if (test.result !== "invalid") fail(test, "is expected to be invalid");
        if (!throwsRangeError(() => aead.seal(key, nonce, message, aad))) {
          fail(test, "seal takes a nonce of this length");
        }
        if (!throwsRangeError(() => aead.open(key, nonce, sealed, aad))) {
          fail(test, "open takes a nonce of this length");
        }
      } else if (test.result === "valid") {
        if (toHex(aead.seal(key, nonce, message, aad)) !== toHex(sealed)) fail(test, "seals to something else");
        const opened = aead.open(key, nonce, sealed, aad);
        if (!opened || toHex(opened) !== test.msg) fail(test, "does not open");
      } else if (aead.open(key, nonce, sealed, aad) !== undefined) {
        fail(test, "opens");
      }
      ran++;
    }
  }
  return ran;
}

function throwsRangeError(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    return error instanceof RangeError;
  }
}

/** All 86 cases of HKDF-SHA256; the invalid ones ask for more than 255 blocks. */
export function runHkdf(
  json: unknown,
  hkdf: (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) => Uint8Array,
): number {
  let ran = 0;
  for (const { tests } of groups<HkdfGroup>(json, 86)) {
    for (const test of tests) {
      const [secret, salt, info] = [fromHex(test.ikm), fromHex(test.salt), fromHex(test.info)];
      if (test.result === "invalid") {
        if (!throwsRangeError(() => hkdf(secret, salt, info, test.size))) fail(test, "is derived");
      } else if (toHex(hkdf(secret, salt, info, test.size)) !== test.okm) {
        fail(test, "derives something else");
      }
      ran++;
    }
  }
  return ran;
}

/** All 174 cases of HMAC-SHA256. Shorter tags are prefixes. */
export function runHmac(json: unknown, hmac: (key: Uint8Array, message: Uint8Array) => Uint8Array): number {
  let ran = 0;
  for (const { tagSize, tests } of groups<HmacGroup>(json, 174)) {
    for (const test of tests) {
      const tag = toHex(hmac(fromHex(test.key), fromHex(test.msg)).subarray(0, tagSize / 8));
      if ((tag === test.tag) !== (test.result === "valid")) fail(test, "has the wrong tag, or the right one");
      ran++;
    }
  }
  return ran;
}
