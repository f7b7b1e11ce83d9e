/** What fast-check draws from, for tests of the format. */
import fc from "fast-check";
import { isSecretName, type SecretName } from "../../../core/name.ts";
import type { KvEntry, KvFile, KvSealed } from "../../../core/seal/kv_file.ts";
import { formatTimestamp } from "../../../core/seal/timestamp.ts";

/** Any valid name, short ones mostly. */
export const secretName: fc.Arbitrary<SecretName> = fc.stringMatching(
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,20}){0,4}$/,
).filter(isSecretName);

/** Any time a file can have. */
export const timestamp: fc.Arbitrary<string> = fc.date({
  min: new Date("0000-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59Z"),
  noInvalidDate: true,
}).map(formatTimestamp);

/** Numbers of keys and versions. */
export const count: fc.Arbitrary<number> = fc.integer({ min: 1, max: 999_999_999 });

/** One change of a file's text, somewhere. */
export interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** Small changes: what a slip, a tool or an attacker does to one place. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(4000),
  remove: fc.nat(2),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 2 }),
    fc.constantFrom(" ", "\n", "\r", "0", "1", "a", "A", "=", '"', ",", "\\", "\ufeff", "{", "}")
      .map((text) => new TextEncoder().encode(text)),
  ),
});

/** The bytes with the change; the same bytes now and then. */
export function mutate(bytes: Uint8Array, { at, remove, insert }: Mutation): Uint8Array<ArrayBuffer> {
  const start = at % (bytes.length + 1);
  return Uint8Array.from([...bytes.subarray(0, start), ...insert, ...bytes.subarray(start + remove)]);
}

/** Every change of one byte that is worth trying: another bit, another case, gone, doubled. */
export function* singleByteChanges(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [bytes[at]! ^ 1, bytes[at]! ^ 0x20, bytes[at]! ^ 0x80, 0x20, 0]) {
      if (byte === bytes[at]) continue;
      const changed = new Uint8Array(bytes);
      changed[at] = byte;
      yield changed;
    }
    yield mutate(bytes, { at, remove: 1, insert: new Uint8Array() });
    yield mutate(bytes, { at, remove: 0, insert: bytes.slice(at, at + 1) });
  }
}

/** What a KV file can say of versions, newest first. */
const kvEntries: fc.Arbitrary<KvEntry[]> = fc.uniqueArray(count, { maxLength: 8 }).chain((numbers) =>
  fc.tuple(
    ...numbers.sort((a, b) => b - a).map((version) =>
      fc.record({
        version: fc.constant(version),
        created: timestamp,
        deletion: fc.option(timestamp),
        destroyed: fc.boolean(),
      }, { noNullPrototype: true }).map((entry) => ({
        ...entry,
        destroyed: entry.destroyed || entry.deletion === null,
      }))
    ),
  )
);

/** What a secret's KV file can say in the clear. */
export const kvText: fc.Arbitrary<Omit<KvFile, "stack" | "name" | "key">> = fc.record({
  created: timestamp,
  updated: timestamp,
  removed: fc.constant(false),
  latest: fc.constant(999_999_999),
  versions: kvEntries,
}, { noNullPrototype: true });

const shortText = fc.string({ unit: "binary", minLength: 1, maxLength: 30 });

/** What a secret's KV file can seal. */
export const kvSealed: fc.Arbitrary<KvSealed> = fc.record({
  customMetadata: fc.dictionary(fc.oneof(shortText, fc.constantFrom("__proto__", "10", "9", "a")), shortText, {
    maxKeys: 8,
    noNullPrototype: true,
  }),
  casRequired: fc.boolean(),
  maxVersions: fc.integer({ min: 0, max: 100 }),
  deleteVersionAfter: fc.integer({ min: 0, max: 9_999_999_999 }),
}, { noNullPrototype: true });
