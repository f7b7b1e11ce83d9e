/** The reference and core/seal read each other's stacks, and refuse the same changes for the same reasons. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { parseSecretName } from "../../../core/name.ts";
import { encodeKvFile, parseKvFile } from "../../../core/seal/kv_file.ts";
import { parseProviderFile } from "../../../core/seal/provider_file.ts";
import { parseSecretFile } from "../../../core/seal/secret_file.ts";
import { parseStackFile } from "../../../core/seal/stack_file.ts";
import { kvSealed, kvText, mutate, mutation, secretName, timestamp } from "../../core/seal/arbitraries.ts";
import {
  readKvWithCore,
  readProviderWithCore,
  readSecretWithCore,
  readWithCore,
  unlockWithCore,
  writeWithCore,
} from "../../core/seal/core_stack.ts";
import { readKv, readKvText } from "./kv_reader.ts";
import { readProvider, readProviderText } from "./provider_reader.ts";
import { pad } from "./derive.ts";
import { Refusal, toHex } from "./layout.ts";
import { readSecret, readSecretText, type Version } from "./secret_reader.ts";
import { seededRandom } from "./seeded_random.ts";
import { readStack, readStackText, type Secrets, unlock } from "./stack_reader.ts";
import { closeKv, closeProvider, kvContent, writeStack } from "./stack_writer.ts";

const PASSPHRASE = "pass phräse 🔑";
const utf8 = new TextEncoder();

const version = fc.record({
  created: timestamp,
  type: fc.constantFrom("bytes" as const, "json" as const),
  value: fc.uint8Array({ maxLength: 3000, size: "max" }),
});
const secrets: fc.Arbitrary<Secrets> = fc.dictionary(
  secretName,
  fc.array(version, { minLength: 1, maxLength: 4 }),
  { minKeys: 1, maxKeys: 4 },
).map((record) =>
  new Map(
    Object.entries(record).map(([name, versions]): [string, Version[]] => [
      name,
      versions.map((v, i) => ({ version: versions.length - i, created: v.created, type: v.type, value: v.value })),
    ]),
  )
);

/** Equal whatever the order of the files. */
function assertSame(actual: Secrets, expected: Secrets): void {
  const sorted = (all: Secrets) => [...all].sort(([a], [b]) => a < b ? -1 : 1);
  assert.deepEqual(sorted(actual), sorted(expected));
}

Deno.test("readStack() opens a stack when core/seal wrote it", async () => {
  await fc.assert(
    fc.asyncProperty(secrets, async (expected) => {
      assertSame(readStack(await writeWithCore(expected, PASSPHRASE), PASSPHRASE), expected);
    }),
    { numRuns: 30 },
  );
});

Deno.test("core/seal opens a stack when writeStack() wrote it", async () => {
  await fc.assert(
    fc.asyncProperty(secrets, fc.constantFrom([1], [2, 1]), async (expected, keys) => {
      const { files } = writeStack({
        passphrase: PASSPHRASE,
        logN: 10,
        created: "2026-01-31T23:59:59Z",
        keys,
        secrets: [...expected].map(([name, versions], i) => ({ name, key: keys[i % keys.length]!, versions })),
        random: seededRandom("interop"),
      });
      const bytes = new Map([...files].map(([path, text]) => [path, utf8.encode(text)]));
      assertSame(await readWithCore(bytes, PASSPHRASE), expected);
    }),
    { numRuns: 30 },
  );
});

Deno.test("core/seal and the reference agree when a value is as large as a value may be", async () => {
  const value = new Uint8Array(16 * 1024 * 1024).fill(0xa5);
  const expected: Secrets = new Map([["big", [{ version: 1, created: "2026-01-31T23:59:59Z", type: "bytes", value }]]]);
  const files = await writeWithCore(expected, PASSPHRASE);
  const [read] = readStack(files, PASSPHRASE).get("big")!;
  assert.ok(toHexDigest(read!.value) === toHexDigest(value) && read!.value.length === value.length);
});

/** Enough to compare 16 MiB without printing them on a failure. */
function toHexDigest(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, 64)) + bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0);
}

/** The code of what a step throws, or "accepted". */
function outcome(step: () => unknown): string {
  try {
    step();
    return "accepted";
  } catch (error) {
    if (error instanceof Fault || error instanceof Refusal) return error.code;
    throw error;
  }
}

const { files } = writeStack({
  passphrase: PASSPHRASE,
  logN: 10,
  created: "2026-01-31T23:59:59Z",
  keys: [2, 1],
  secrets: [{
    name: "db/Password",
    versions: [{ value: utf8.encode("b"), type: "json" }, { value: utf8.encode("a") }],
  }],
  kvs: [{
    name: "db/Password",
    latest: 3,
    versions: [
      { version: 3, created: "2026-01-31T23:59:59Z", deletion: null, destroyed: true },
      { version: 2, created: "2026-01-31T23:59:59Z", deletion: "2026-02-01T00:00:00Z", destroyed: false },
    ],
    content: kvContent({ custom: { owner: "ops", "é 🔑": '"' }, maxVersions: 5, deleteVersionAfter: 60 }),
  }],
  provider: { provider: "vault", config: '{"a":[1,1e+21,"é\\n"],"b":{"c":null}}' },
  random: seededRandom("interop mutation"),
});
const stackFile = utf8.encode(files.get("stack.json")!);
const secretFile = utf8.encode(files.get("secrets/db+=p=assword.json")!);
const kvFile = utf8.encode(files.get("kv/db+=p=assword.json")!);
const providerFile = utf8.encode(files.get("provider.json")!);

Deno.test("parseStackFile() and the reference give one verdict when stack.json is changed anywhere", () => {
  fc.assert(
    fc.property(mutation, (change) => {
      const bytes = mutate(stackFile, change);
      const verdict = outcome(() => readStackText(bytes));
      assert.equal(outcome(() => parseStackFile(bytes, "stack.json")), verdict);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("core/seal and the reference give one verdict when a secret's file is changed anywhere", async () => {
  const { header, keyring } = await unlockWithCore(stackFile, PASSPHRASE);
  using _keys = keyring;
  const stack = unlock(readStackText(stackFile), PASSPHRASE);
  fc.assert(
    fc.property(mutation, (change) => {
      const bytes = mutate(secretFile, change);
      const verdict = outcome(() => readSecret(bytes, stack, "db/Password"));
      assert.equal(outcome(() => readSecretWithCore(bytes, header.id, "db/Password", keyring)), verdict);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("readKv() returns what core/seal wrote", async () => {
  const { header, keyring } = await unlockWithCore(stackFile, PASSPHRASE);
  using _keys = keyring;
  const stack = unlock(readStackText(stackFile), PASSPHRASE);
  fc.assert(fc.property(secretName, fc.constantFrom(1, 2), kvText, kvSealed, (name, key, text, content) => {
    const bytes = encodeKvFile({ stack: header.id, name, key, ...text }, content, keyring);
    assert.deepEqual(readKv(bytes, stack, name), readKvWithCore(bytes, header.id, name, keyring));
  }));
});

Deno.test("core/seal and the reference give one verdict when a KV file is changed anywhere", async () => {
  const { header, keyring } = await unlockWithCore(stackFile, PASSPHRASE);
  using _keys = keyring;
  const stack = unlock(readStackText(stackFile), PASSPHRASE);
  fc.assert(
    fc.property(mutation, (change) => {
      const bytes = mutate(kvFile, change);
      const verdict = outcome(() => readKv(bytes, stack, "db/Password"));
      assert.equal(outcome(() => readKvWithCore(bytes, header.id, "db/Password", keyring)), verdict);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("core/seal and the reference give one verdict when what a KV file seals is changed anywhere", async () => {
  const { header, keyring } = await unlockWithCore(stackFile, PASSPHRASE);
  using _keys = keyring;
  const stack = unlock(readStackText(stackFile), PASSPHRASE);
  const purposes = stack.keys.get(2)!;
  const content = utf8.encode(kvContent({ custom: { a: "b", owner: "ops", "é 🔑": '"\\\n' }, maxVersions: 5 }));
  const clear = new TextDecoder().decode(kvFile);
  const before = clear.slice(0, clear.indexOf('  "sealed"'));
  fc.assert(
    fc.property(mutation, (change) => {
      const bytes = utf8.encode(closeKv(before, pad(mutate(content, change)), purposes, new Uint8Array(24)));
      const verdict = outcome(() => readKv(bytes, stack, "db/Password"));
      assert.equal(outcome(() => readKvWithCore(bytes, header.id, "db/Password", keyring)), verdict);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("core/seal and the reference give one verdict when provider.json is changed anywhere", async () => {
  const { header, keyring } = await unlockWithCore(stackFile, PASSPHRASE);
  using _keys = keyring;
  const stack = unlock(readStackText(stackFile), PASSPHRASE);
  const expected = readProvider(providerFile, stack);
  assert.deepEqual(readProviderWithCore(providerFile, header.id, keyring), expected);
  fc.assert(
    fc.property(mutation, (change) => {
      const bytes = mutate(providerFile, change);
      const verdict = outcome(() => readProvider(bytes, stack));
      assert.equal(outcome(() => readProviderWithCore(bytes, header.id, keyring)), verdict);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("core/seal and the reference give one verdict on any configuration", async () => {
  const { header, keyring } = await unlockWithCore(stackFile, PASSPHRASE);
  using _keys = keyring;
  const stack = unlock(readStackText(stackFile), PASSPHRASE);
  const clear = new TextDecoder().decode(providerFile);
  const before = clear.slice(0, clear.indexOf('  "sealed"'));
  const check = (config: Uint8Array) => {
    const bytes = utf8.encode(closeProvider(before, pad(config), stack.keys.get(2)!, new Uint8Array(24)));
    const verdict = outcome(() => readProvider(bytes, stack));
    assert.equal(outcome(() => readProviderWithCore(bytes, header.id, keyring)), verdict);
    return verdict;
  };
  const content = utf8.encode('{"a":[0,-1.5,1e-7,true,null,"\\\\\\n"],"b":{},"é":"\\u001f"}');
  assert.equal(check(content), "accepted");
  fc.assert(fc.property(mutation, (change) => void check(mutate(content, change))), { numRuns: 3000 });
  fc.assert(fc.property(fc.json({ maxDepth: 4 }), (json) => void check(utf8.encode(`{"a":${json}}`))));
  fc.assert(fc.property(fc.json({ maxDepth: 4 }), (json) => void check(utf8.encode(json))));
});

Deno.test("core/seal and the reference give one verdict when members are replaced by arbitrary JSON", () => {
  const places = ["logN", "r", "p", "keys", "key", "version", "id", "name", "created", "type", "format"];
  places.push("provider", "updated", "removed", "latest", "deletion", "destroyed");
  // Values that a loose reader might take, beside any JSON at all.
  const loose = fc.constantFrom("1.0", "1e0", "-0", "01", "1 ", "true", '"1"', "[1]", "[[1]]", '"\\u0061"', "{}");
  const found = { stack: "0".repeat(32), name: parseSecretName("db/Password") };
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.oneof(fc.json({ maxDepth: 2 }), loose), (member, value) => {
      const replace = (bytes: Uint8Array) =>
        utf8.encode(
          new TextDecoder().decode(bytes).replace(
            new RegExp(`"${member}":( ?)("[^"]*"|\\d+|true|false|null|\\[[^\\n]*\\])`),
            (_, space) => `"${member}":${space}${value}`,
          ),
        );
      const stack = replace(stackFile);
      assert.equal(outcome(() => parseStackFile(stack, "stack.json")), outcome(() => readStackText(stack)));
      const secret = replace(secretFile);
      // Names and stacks are compared after parsing, so that TAMPERED here means that it parsed.
      const parsed = outcome(() => parseSecretFile(secret, found, "file")) !== "CONFIG";
      assert.equal(parsed, outcome(() => readSecretText(secret)) === "accepted");
      const kv = replace(kvFile);
      const kvParsed = outcome(() => parseKvFile(kv, found, "file")) !== "CONFIG";
      assert.equal(kvParsed, outcome(() => readKvText(kv)) === "accepted");
      const provider = replace(providerFile);
      const providerParsed = outcome(() => parseProviderFile(provider, found.stack, "file")) !== "CONFIG";
      assert.equal(providerParsed, outcome(() => readProviderText(provider)) === "accepted");
    }),
    { numRuns: 1500 },
  );
});
