/** What can be done to a KV v2 engine, and what it answers, in a form in which three implementations can be compared. */
import fc from "fast-check";
import { parseSecretName, type SecretName } from "../../../../core/name.ts";

export interface Settings {
  readonly maxVersions?: number;
  readonly casRequired?: boolean;
  /** Seconds; in tests 0, an hour, or -1 for a whole engine: nothing ends while a test runs. */
  readonly deleteVersionAfter?: number;
}

/** `right`: the newest version's number. */
export type Cas = "right" | number | undefined;

export type Step =
  | { readonly kind: "read" | "subkeys"; readonly name: SecretName; readonly version: number | undefined }
  | { readonly kind: "put" | "patch"; readonly name: SecretName; readonly data: unknown; readonly cas: Cas }
  | { readonly kind: "delete"; readonly name: SecretName; readonly versions: readonly number[] | undefined }
  | { readonly kind: "undelete" | "destroy"; readonly name: SecretName; readonly versions: readonly number[] }
  | { readonly kind: "metadata" | "remove"; readonly name: SecretName }
  | { readonly kind: "putMetadata"; readonly name: SecretName; readonly change: MetadataChange<string> }
  | { readonly kind: "patchMetadata"; readonly name: SecretName; readonly change: MetadataChange<string | null> }
  | { readonly kind: "list"; readonly prefix: string }
  | { readonly kind: "config" }
  | { readonly kind: "putConfig"; readonly change: Settings };

interface MetadataChange<T> extends Settings {
  readonly customMetadata?: Readonly<Record<string, T>>;
}

/** A version without times: they differ from one engine to another, but not in which of them lie ahead. */
export interface Version {
  readonly version: number;
  readonly deletion: "none" | "past" | "future";
  readonly destroyed: boolean;
}

/** An engine; answers are plain JSON. */
export interface KvUnderTest {
  run(step: Step, cas: number | undefined): Promise<unknown>;
}

export const NAMES: readonly SecretName[] = ["a", "a/b", "a/b/c", "b"].map(parseSecretName);
const name = fc.constantFrom(...NAMES);
const version = fc.integer({ min: 1, max: 7 });
const versions = fc.array(version, { minLength: 1, maxLength: 3 });
const cas: fc.Arbitrary<Cas> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.constant("right" as const) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 4 }) },
);
// No null in an object in an array: OpenBao's merge patch drops it, and RFC 7396 takes arrays as they are.
const leaf = fc.constantFrom<unknown>("x", "", 1, true, null, [1, { a: [] }], { c: "deep", d: {} }, {});
const data = fc.oneof(
  fc.dictionary(fc.constantFrom("a", "b", "value", "__proto__"), leaf, { maxKeys: 3, noNullPrototype: true }),
  fc.constantFrom<Record<string, unknown>>({ value: "text" }, { base64: "/w==" }, { a: { b: { c: 1, e: 2 } } }),
);
const settings = {
  maxVersions: fc.integer({ min: 0, max: 4 }),
  casRequired: fc.boolean(),
  deleteVersionAfter: fc.constantFrom(0, 3600),
};
const partly = { requiredKeys: [] };
const key = fc.constantFrom("owner", "10", "9", "é 🔑");
const custom = fc.dictionary(key, fc.constantFrom("x", "y z"), { maxKeys: 3, noNullPrototype: true });
const customPatch = fc.dictionary(key, fc.constantFrom("x", "z", null), { maxKeys: 3, noNullPrototype: true });

// No metadata patch that sets deleteVersionAfter back to 0: OpenBao takes such a patch for none.
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("put" as const), name, data, cas }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("patch" as const), name, data, cas }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("read" as const, "subkeys" as const),
      name,
      version: fc.option(version, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      name,
      versions: fc.option(versions, { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("undelete" as const, "destroy" as const), name, versions }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("metadata" as const), name }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("putMetadata" as const),
      name,
      change: fc.record({ ...settings, customMetadata: custom }, partly),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("patchMetadata" as const),
      name,
      change: fc.record(
        { ...settings, deleteVersionAfter: fc.constant(3600), customMetadata: customPatch },
        partly,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("list" as const), prefix: fc.constantFrom("", "a", "a/", "a/b/", "b") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("config" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("putConfig" as const),
      change: fc.record({ ...settings, deleteVersionAfter: fc.constantFrom(0, 3600, -1) }, partly),
    }),
  },
);

/** The number to write with. */
export function casOf(step: Step, current: (name: SecretName) => number): number | undefined {
  if (step.kind !== "put" && step.kind !== "patch") return undefined;
  return step.cas === "right" ? current(step.name) : step.cas;
}

/** All that there is to see, to be compared at the end. */
export const LOOKS: readonly Step[] = [
  { kind: "config" },
  ...["", "a", "a/b"].map((prefix): Step => ({ kind: "list", prefix })),
  ...NAMES.flatMap((name): Step[] => [
    { kind: "metadata", name },
    ...[undefined, 1, 2, 3, 4, 5, 6, 7].map((version): Step => ({ kind: "read", name, version })),
  ]),
];
