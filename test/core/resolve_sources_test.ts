import assert from "node:assert/strict";
import { Fault } from "../../core/fault.ts";
import { describeOrigin, keyOfOrigin, type Origin } from "../../core/origin.ts";
import { HostProvider } from "../../core/providers/host.ts";
import { MemoryProvider } from "../../core/providers/memory.ts";
import type { ProvidedValue, Provider, Source, SourceKind } from "../../core/providers/provider.ts";
import { parseReference } from "../../core/reference.ts";
import { lookUp, resolve } from "../../core/resolve.ts";
import { Secret } from "../../core/secret.ts";
import { persist } from "../contract/provider.ts";
import { assertFault } from "../fixture/assert_fault.ts";

const noStack = () => Promise.resolve({ find: () => Promise.resolve(new Map()) });
const source = (kind: SourceKind, hint: string): Source => ({ kind, hint });

/** A provider that notes what it is asked. */
class Asked<P extends Provider> implements Provider {
  readonly calls: (readonly Source[])[] = [];
  readonly provider: P;

  constructor(provider: P) {
    this.provider = provider;
  }

  resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    this.calls.push(sources);
    return this.provider.resolve(sources);
  }

  [Symbol.asyncDispose]() {
    return this.provider[Symbol.asyncDispose]();
  }
}

async function stores(env: Record<string, string>, secrets: Record<string, string>) {
  const memory = new MemoryProvider();
  for (const [key, text] of Object.entries(secrets)) await persist(memory, key, text);
  const [store, host] = [new Asked(memory), new Asked(new HostProvider((name) => env[name]))];
  return { store, host, providerOf: (kind: SourceKind) => Promise.resolve(kind === "secret" ? store : host) };
}

Deno.test("resolve() asks each provider once, and gives every source its value", async () => {
  const { store, host, providerOf } = await stores({ A: "of a" }, { key: "of key", "x/../y": "odd" });
  const origins: Origin[] = [
    source("secret", "key"),
    source("env", "A"),
    source("value", "A"),
    source("secret", "x/../y"),
    source("command", "echo A"),
    source("secret", "key"),
  ];
  using resolved = await resolve(origins, noStack, providerOf);
  const texts = origins.map((origin) => resolved.of(origin).revealText());
  assert.deepEqual(texts, ["of key", "of a", "A", "odd", "A\n", "of key"]);
  assert.deepEqual([store.calls.map((call) => call.length), host.calls.map((call) => call.length)], [[2], [3]]);
  assert.equal(resolved.values.length, 5);
  assert.equal(resolved.masked.length, 5);
});

Deno.test("resolve() takes name#field for a field of a secret, as Coffer does as Porter's plugin", async () => {
  const { store, providerOf } = await stores({}, {});
  using fields = Secret.fromText('{"password":"hunter2"}');
  await store.provider.persist(source("secret", "db"), { value: fields, type: "json" });
  const origins = [source("secret", "db#password"), source("secret", "db")];
  using resolved = await resolve(origins, noStack, providerOf);
  assert.equal(resolved.of(origins[0]!).revealText(), "hunter2");
  await assertFault("NOT_FOUND", () => resolve([source("secret", "db#user")], noStack, providerOf));
});

Deno.test("lookUp() tries every source, and says of each what became of it", async () => {
  const { providerOf } = await stores({ A: "a" }, {});
  const origins = [source("env", "A"), source("env", "B"), source("secret", "none"), source("command", "false")];
  using resolved = await lookUp([...origins, parseReference("coffer:///gone")], noStack, providerOf);
  assert.equal(resolved.of(origins[0]!).revealText(), "a");
  const codes = [...resolved.failed].map(([key, { code }]) => [key, code]);
  assert.deepEqual(Object.fromEntries(codes), {
    "env B": "NOT_FOUND",
    "secret none": "NOT_FOUND",
    "command false": "UNAVAILABLE",
  });
  assert.deepEqual([...resolved.missing.keys()], ["gone"]);
});

Deno.test("a provider that fails as a whole fails for each of its sources, and for no other", async () => {
  const host = new HostProvider(() => "value");
  const failure = new Fault("UNAVAILABLE", "not there");
  const failing: Provider = { resolve: () => Promise.reject(failure), [Symbol.asyncDispose]: () => Promise.resolve() };
  const origins = [source("secret", "a"), source("secret", "b"), source("env", "C")];
  for (const store of [() => Promise.resolve(failing), () => Promise.reject(failure)]) {
    using resolved = await lookUp(origins, noStack, (kind) => kind === "secret" ? store() : Promise.resolve(host));
    assert.deepEqual([...resolved.failed.values()], [failure, failure]);
    assert.equal(resolved.of(origins[2]!).revealText(), "value");
    await assertFault(
      "UNAVAILABLE",
      () => resolve(origins, noStack, (kind) => kind === "secret" ? store() : Promise.resolve(host)),
    );
  }
  const bug = new TypeError("a bug");
  await assert.rejects(lookUp(origins, noStack, () => Promise.reject(bug)), bug);
});

Deno.test("resolve() wipes what it had when a source has no value", async () => {
  const { providerOf, host } = await stores({ A: "a" }, {});
  const values: ProvidedValue[] = [];
  const spying = async (kind: SourceKind): Promise<Provider> => {
    const provider = await providerOf(kind);
    return {
      async resolve(sources) {
        const results = await provider.resolve(sources);
        values.push(...results.filter((result): result is ProvidedValue => !(result instanceof Fault)));
        return results;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };
  const origins = [source("env", "A"), source("env", "B")];
  const { message } = await assertFault("NOT_FOUND", () => resolve(origins, noStack, spying));
  assert.ok(message.includes("B"));
  assert.equal(host.calls.length, 1);
  assert.throws(() => values[0]!.value.size);
});

Deno.test("origins are told apart by their keys, and described without literal values", () => {
  const origins: Origin[] = [
    parseReference("coffer:///a"),
    parseReference("coffer://a/a"),
    parseReference("coffer:///a#a"),
    ...(["secret", "env", "path", "command", "value"] as const).map((kind) => source(kind, "a")),
    source("value", "hunter2"),
  ];
  assert.equal(new Set(origins.map(keyOfOrigin)).size, origins.length);
  assert.ok(!origins.map(describeOrigin).join().includes("hunter2"));
  assert.equal(describeOrigin(source("env", "A")), "env A");
});
