/** What every `Provider` does. Each implementation's test calls `providerContract` once. */
import assert from "node:assert/strict";
import { Fault, type FaultCode } from "../../core/fault.ts";
import { type SecretName } from "../../core/name.ts";
import { can } from "../../core/providers/ability.ts";
import {
  type ProvidedValue,
  type Provider,
  type Source,
  SOURCE_KINDS,
  type WritableProvider,
} from "../../core/providers/provider.ts";
import { Secret } from "../../core/secret.ts";
import type { NewValue } from "../../core/stack/stack.ts";
import { assertFault } from "../fixture/assert_fault.ts";
import { AWKWARD_NAMES } from "../fixture/secret_names.ts";

export interface ProviderUnderTest extends AsyncDisposable {
  /** With nothing in it. */
  readonly provider: Provider;
  /** The same secrets through another instance, where the implementation can have two. */
  readonly second: Provider;
}

/** What an implementation may be excused from, with the reason. */
type Part =
  | "persist"
  | "change"
  | "persistAll"
  | "list"
  | "remove"
  | "history"
  | "bytes"
  | "fields"
  | "any key"
  | "large";

/** Keys that are no names, or that look like paths. Porter makes keys of what bundles call their parameters. */
export const AWKWARD_KEYS: readonly string[] = [
  "x/../../../f",
  "/etc/passwd",
  "../f",
  "..",
  ".",
  ".hidden",
  "a//b",
  "a/",
  "CON",
  "con.txt",
  "with space",
  " leading",
  "trailing.",
  "a%2Fb",
  "a%b",
  "%a",
  "nul\0byte",
  "new\nline",
  "schlüssel/日本",
  "a_b c",
  "_key/x",
  "_key/_x",
  "a\\b",
  "c:\\windows",
  "a*b?",
  "x".repeat(300),
  "x".repeat(301),
  "ü".repeat(300),
  "01J9ZV6XQ4T7N0B8K3M5R2WYCD-db password",
];

interface Unusual extends Pick<NewValue, "type"> {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const ALL_BYTES = Uint8Array.from({ length: 512 }, (_, i) => i);
const FIELDS = new TextEncoder().encode('{"password":"hunter2","user":"ada"}');
const MEBIBYTE = new TextEncoder().encode("0123456789abcdef".repeat(65_536));

/** What an implementation may be excused from holding. */
const UNUSUAL = {
  bytes: [{ key: "key", bytes: ALL_BYTES, type: "bytes" }],
  fields: [{ key: "key", bytes: FIELDS, type: "json" }],
  large: [{ key: "key", bytes: MEBIBYTE, type: "bytes" }],
  "any key": AWKWARD_KEYS.map((key) => ({ key, bytes: FIELDS, type: "bytes" })),
} as const satisfies Partial<Record<Part, readonly Unusual[]>>;

export function providerContract(
  title: string,
  make: () => Promise<ProviderUnderTest>,
  exceptions: Partial<Record<Part, string>> = {},
  ignore = false,
): void {
  const test = (name: string, parts: readonly Part[], check: (under: ProviderUnderTest) => Promise<void>) => {
    if (parts.some((part) => exceptions[part] !== undefined)) return;
    Deno.test({
      name: `${title}: ${name}`,
      ignore,
      async fn() {
        await using under = await make();
        await check(under);
      },
    });
  };
  const writable = (name: string, parts: readonly Part[], check: (under: Writable) => Promise<void>) =>
    test(name, ["persist", ...parts], (under) => check(under as Writable));

  // What it is excused from it refuses, or does not offer: it does not lose anything in silence.
  for (const [part, values] of Object.entries(UNUSUAL) as [keyof typeof UNUSUAL, readonly Unusual[]][]) {
    if (exceptions[part] === undefined) continue;
    writable(`it refuses what it is excused from: ${part}`, [], async ({ provider }) => {
      for (const { key, bytes, type } of values) {
        using value = new Secret(bytes.slice());
        await assertFault("UNSUPPORTED", () => provider.persist(secret(key), { value, type }));
        const [found] = await provider.resolve([secret(key)]);
        assert.ok(found instanceof Fault, key);
      }
    });
  }

  Deno.test({
    name: `${title}: it can do all but what it is excused from`,
    ignore,
    async fn() {
      await using under = await make();
      using value = Secret.fromText("value");
      const [name, next] = ["name" as SecretName, { value, type: "bytes" }] as const;
      const { provider } = under;
      const attempts = {
        persist: () => can(provider, "persist") && provider.persist(secret(name), next),
        change: () => can(provider, "change") && provider.change(name, () => next),
        persistAll: () => can(provider, "persistAll") && provider.persistAll(new Map([[name, next]])),
        list: () => can(provider, "list") && provider.list(),
        remove: () => can(provider, "remove") && provider.remove([name]),
        history: () => can(provider, "history") && provider.history(name),
      };
      for (const [ability, attempt] of Object.entries(attempts) as [keyof typeof attempts, () => unknown][]) {
        if (exceptions[ability] === undefined) assert.ok(can(provider, ability), ability);
        // It may be there to refuse, where only the backend knows what it can do.
        else if (can(provider, ability)) await assertFault("UNSUPPORTED", attempt);
      }
    },
  });

  test("resolve() says of each source why it has no value, in order", [], async ({ provider }) => {
    const results = await provider.resolve([secret("none"), secret("none/other"), secret("none")]);
    assert.deepEqual(results.map(codeOf), ["NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]);
    assert.deepEqual(await provider.resolve([]), []);
  });

  writable("resolve() refuses kinds that are not its own, one by one", [], async ({ provider }) => {
    await persist(provider, "a", "value");
    const results = await provider.resolve(SOURCE_KINDS.map((kind) => ({ kind, hint: "a" })));
    assert.deepEqual(results.map(codeOf), ["ok", "UNSUPPORTED", "UNSUPPORTED", "UNSUPPORTED", "UNSUPPORTED"]);
    results.forEach(dispose);
    for (const kind of SOURCE_KINDS.filter((kind) => kind !== "secret")) {
      using value = Secret.fromText("value");
      await assertFault("UNSUPPORTED", () => provider.persist({ kind, hint: "b" }, { value, type: "bytes" }));
    }
    assert.equal(await textOf(provider, "b"), undefined);
  });

  writable("resolve() gives what persist() kept, here and through another instance", [], async (under) => {
    const texts = ["", "value", "line\n", "\n\n  é\t", "ü日本🙂", '{"a":"b"}', " ", "x".repeat(10_000), "*******"];
    for (const [i, text] of texts.entries()) await persist(under.provider, `key-${i}`, text);
    for (const provider of [under.provider, under.second]) {
      const results = await provider.resolve(texts.map((_, i) => secret(`key-${i}`)));
      assert.deepEqual(results.map(take), texts);
    }
  });

  writable("persist() puts a value in the place of another", [], async ({ provider, second }) => {
    for (const text of ["first", "second", "", "third"]) {
      await persist(provider, "key", text);
      assert.equal(await textOf(provider, "key"), text);
    }
    await persist(second, "key", "fourth");
    assert.equal(await textOf(provider, "key"), "fourth");
  });

  writable("persist() and resolve() share no memory with their callers", [], async ({ provider }) => {
    const value = Secret.fromText("borrowed");
    await provider.persist(secret("key"), { value, type: "bytes" });
    assert.equal(value.revealText(), "borrowed");
    value.dispose();
    const [first, again] = await provider.resolve([secret("key"), secret("key")]);
    dispose(first!);
    assert.equal(take(again!), "borrowed");
    assert.equal(await textOf(provider, "key"), "borrowed");
  });

  writable("bytes that are no text stay what they are", ["bytes"], async ({ provider, second }) => {
    using value = new Secret(ALL_BYTES.slice());
    await provider.persist(secret("key"), { value, type: "bytes" });
    const [found] = await second.resolve([secret("key")]);
    assert.ok(!(found instanceof Fault));
    assert.deepEqual(found!.value.reveal(), ALL_BYTES);
    dispose(found!);
  });

  writable("a value with fields stays one", ["fields"], async ({ provider, second }) => {
    using value = new Secret(FIELDS.slice());
    await provider.persist(secret("db"), { value, type: "json" });
    const [found] = await second.resolve([secret("db")]);
    assert.ok(!(found instanceof Fault) && found!.type === "json");
    assert.deepEqual(JSON.parse(take(found!)), { password: "hunter2", user: "ada" });
  });

  writable("a mebibyte goes there and back", ["large"], async ({ provider, second }) => {
    const text = new TextDecoder().decode(MEBIBYTE);
    await persist(provider, "key", text);
    assert.equal(await textOf(second, "key"), text);
  });

  writable("names that look alike are kept apart", [], async ({ provider, second }) => {
    const names = AWKWARD_NAMES.filter((name) => !AWKWARD_NAMES.some((other) => other.startsWith(`${name}/`)));
    for (const name of names) await persist(provider, name, `of ${name}`);
    const results = await second.resolve(names.map(secret));
    assert.deepEqual(results.map(take), names.map((name) => `of ${name}`));
  });

  writable("keys that are no names are kept apart, and inside", ["any key"], async ({ provider, second }) => {
    for (const key of AWKWARD_KEYS) await persist(provider, key, `of ${key}`);
    const results = await second.resolve(AWKWARD_KEYS.map(secret));
    assert.deepEqual(results.map(take), AWKWARD_KEYS.map((key) => `of ${key}`));
  });

  writable("change() reads and writes with no other writer in between", ["change"], async ({ provider, second }) => {
    if (!can(provider, "change") || !can(second, "change")) return assert.fail();
    const name = "counter" as SecretName;
    const increment = (current: ProvidedValue | undefined): NewValue => ({
      value: Secret.fromText(String(Number(current?.value.revealText() ?? 0) + 1)),
      type: "bytes",
    });
    await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? provider : second).change(name, increment)));
    assert.equal(await textOf(provider, name), "8");
    assert.equal(await provider.change(name, () => undefined), undefined);
    const refusal = new Fault("CONFLICT", "no");
    const refuse = () => {
      throw refusal;
    };
    await assert.rejects(provider.change(name, refuse), refusal);
    assert.equal(await textOf(provider, name), "8");
  });

  writable("list() has every name once, in order", ["list"], async ({ provider, second }) => {
    if (!can(second, "list")) return assert.fail();
    assert.deepEqual(await second.list(), []);
    for (const name of ["b", "a/c", "a/b/c", "B", "b"]) await persist(provider, name, "value");
    assert.deepEqual(await second.list(), ["B", "a/b/c", "a/c", "b"]);
  });

  writable("remove() removes all of several, or none", ["remove"], async ({ provider, second }) => {
    if (!can(provider, "remove")) return assert.fail();
    const [a, b, none] = ["a", "b/c", "none"] as SecretName[];
    for (const name of [a!, b!]) await persist(provider, name, "value");
    await assertFault("NOT_FOUND", () => provider.remove([a!, none!]));
    assert.equal(await textOf(second, a!), "value");
    await provider.remove([a!, b!]);
    assert.deepEqual((await second.resolve([secret(a!), secret(b!)])).map(codeOf), ["NOT_FOUND", "NOT_FOUND"]);
    await persist(provider, a!, "back");
    assert.equal(await textOf(second, a!), "back");
  });

  writable("versions are numbered, kept, and come back", ["history"], async ({ provider }) => {
    if (!can(provider, "history")) return assert.fail();
    const name = "versioned" as SecretName;
    await assertFault("NOT_FOUND", () => provider.history(name));
    assert.deepEqual([await persist(provider, name, "one"), await persist(provider, name, "two")], [1, 2]);
    assert.deepEqual((await provider.history(name)).map(({ version }) => version), [2, 1]);
    assert.equal(take(await provider.at(name, 1)), "one");
    assert.equal(take(await provider.at(name)), "two");
    await assertFault("NOT_FOUND", () => provider.at(name, 3));
    assert.equal(await provider.rollback(name, 1), 3);
    assert.equal(await textOf(provider, name), "one");
    await assertFault("NOT_FOUND", () => provider.rollback(name, 9));
  });

  writable("persistAll() says what became of each", ["persistAll"], async ({ provider, second }) => {
    if (!can(provider, "persistAll")) return assert.fail();
    await persist(provider, "same", "value");
    await persist(provider, "other", "value");
    using value = Secret.fromText("value");
    using changed = Secret.fromText("changed");
    const values = { same: value, other: changed, new: changed };
    const outcome = await provider.persistAll(
      new Map(Object.entries(values).map(([name, value]) => [name as SecretName, { value, type: "bytes" }])),
    );
    assert.deepEqual(Object.fromEntries(outcome), { same: "unchanged", other: "updated", new: "added" });
    assert.equal(await textOf(second, "other"), "changed");
  });
}

interface Writable extends ProviderUnderTest {
  readonly provider: WritableProvider;
  readonly second: WritableProvider;
}

export function secret(hint: string): Source {
  return { kind: "secret", hint };
}

export async function persist(provider: WritableProvider, key: string, text: string): Promise<number | undefined> {
  using value = Secret.fromText(text);
  return await provider.persist(secret(key), { value, type: "bytes" });
}

/** The text of a value, which is wiped; undefined when there is none. */
export async function textOf(provider: Provider, key: string): Promise<string | undefined> {
  const [found] = await provider.resolve([secret(key)]);
  return found instanceof Fault && found.code === "NOT_FOUND" ? undefined : take(found!);
}

export function take(found: ProvidedValue | Fault): string {
  if (found instanceof Fault) throw found;
  using value = found.value;
  return value.revealText();
}

export function codeOf(found: ProvidedValue | Fault): FaultCode | "ok" {
  return found instanceof Fault ? found.code : "ok";
}

function dispose(found: ProvidedValue | Fault): void {
  if (!(found instanceof Fault)) found.value.dispose();
}
