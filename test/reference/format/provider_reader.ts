/** `provider.json`: docs/format.md §9. */

import { open, unpad } from "./derive.ts";
import { Cursor, Refusal, toHex } from "./layout.ts";
import type { OpenStack } from "./stack_reader.ts";

/** What the file says in the clear, before any of it is believed. */
export interface ProviderText {
  /** Id of the stack, in hex. */
  readonly stack: string;
  /** Number of the stack key. */
  readonly key: number;
  /** Kind of provider. */
  readonly provider: string;
  /** Time of its registration. */
  readonly created: string;
  /** Nonce, ciphertext and tag, and what else they authenticate. */
  readonly sealed: { readonly value: Uint8Array; readonly with: Uint8Array };
}

/** All that the file says. */
export interface ProviderPart extends Pick<ProviderText, "provider" | "created"> {
  /** The configuration's text. */
  readonly config: string;
}

/** Reads the layout; needs no key. */
export function readProviderText(bytes: Uint8Array): ProviderText {
  const at = new Cursor(bytes, 262_144);
  at.literal('{\n  "format": "coffer/1 provider",\n  "stack": ');
  const stack = at.stringLike(/[0-9a-f]{32}/);
  at.literal(',\n  "key": ');
  const key = at.number(1, 999_999_999);
  at.literal(',\n  "provider": ');
  const provider = at.stringLike(/[a-z][a-z0-9-]{0,31}/);
  at.literal(',\n  "created": ');
  const created = at.time();
  at.literal(",\n");
  const sealedWith = bytes.subarray(0, at.offset);
  at.literal('  "sealed": ');
  const sealed = at.base64();
  at.literal("\n}\n");
  at.end();
  if (sealed.length < 24 + 64 + 16) throw new Refusal("CONFIG", "shorter than anything sealed");
  return { stack, key, provider, created, sealed: { value: sealed, with: sealedWith } };
}

/** All that the stack's `provider.json` says. */
export function readProvider(bytes: Uint8Array, stack: OpenStack): ProviderPart {
  const { sealed, ...text } = readProviderText(bytes);
  if (text.stack !== toHex(stack.id)) throw new Refusal("TAMPERED", "a file of another stack");
  const keys = stack.keys.get(text.key);
  if (keys === undefined) throw new Refusal("TAMPERED", "a key that the stack does not have");
  const plaintext = unpad(open(keys.sealProvider, sealed.value, sealed.with));
  if (plaintext.length > 65_536) throw new Refusal("CONFIG", "a configuration that is too long");
  return { provider: text.provider, created: text.created, config: requireCanonicalObject(plaintext) };
}

// RFC 8785: what has a short escape has no other, and what needs none has none.
const STRING = /"(?:[^"\\\p{Cc}\p{Cs}]|[\x7f-\x9f]|\\["\\bfnrt]|\\u00(?:0[0-7]|0b|0[ef]|1[0-9a-f]))*"/uy;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][1-9][0-9]*)?/y;

/** Moves over the text one token after the other: each has one spelling. */
function requireCanonicalObject(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("CONFIG", "not UTF-8");
  }
  let position = 0;
  const tryTake = (form: RegExp): string | undefined => {
    form.lastIndex = position;
    const found = form.exec(text)?.[0];
    position += found?.length ?? 0;
    return found;
  };
  const take = (form: RegExp): string => {
    const found = tryTake(form);
    if (found === undefined) throw new Refusal("CONFIG", "other text than an object's");
    return found;
  };
  const value = (depth: number): void => {
    if (tryTake(/\{/y) !== undefined) return members(depth);
    if (tryTake(/\[/y) !== undefined) return elements(depth);
    if (tryTake(STRING) !== undefined || tryTake(/true|false|null/y) !== undefined) return;
    const number = take(NUMBER);
    // ECMAScript's own text of a number is the RFC's.
    if (String(Number(number)) !== number) throw new Refusal("CONFIG", "another spelling of a number");
  };
  const enter = (depth: number) => {
    if (depth > 32) throw new Refusal("CONFIG", "nested too deep");
  };
  const members = (depth: number): void => {
    enter(depth);
    let last: string | undefined;
    while (tryTake(/\}/y) === undefined) {
      if (last !== undefined) take(/,/y);
      const name = JSON.parse(take(STRING)) as string;
      if (last !== undefined && last >= name) throw new Refusal("CONFIG", "names that do not rise");
      last = name;
      take(/:/y);
      value(depth + 1);
    }
  };
  const elements = (depth: number): void => {
    enter(depth);
    for (let first = true; tryTake(/\]/y) === undefined; first = false) {
      if (!first) take(/,/y);
      value(depth + 1);
    }
  };
  take(/\{/y);
  members(1);
  if (position !== text.length) throw new Refusal("CONFIG", "text after the object");
  return text;
}
