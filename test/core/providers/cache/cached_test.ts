/** Values that are handed out while a provider cannot be reached: for as long as it was said, and to nobody else. */
import assert from "node:assert/strict";
import { Fault } from "../../../../core/fault.ts";
import type { SecretName } from "../../../../core/name.ts";
import { cachedProvider } from "../../../../core/providers/cache/cached.ts";
import { CacheFile } from "../../../../core/providers/cache/cache_file.ts";
import { MemoryProvider } from "../../../../core/providers/memory.ts";
import type { ProvidedValue, Source } from "../../../../core/providers/provider.ts";
import { Secret } from "../../../../core/secret.ts";
import { register, type Registration, registrationOf, unregister } from "../../../../core/stack/registration.ts";
import { rekey } from "../../../../core/stack/rekey.ts";
import type { Stack } from "../../../../core/stack/stack.ts";
import { codeOf, persist, providerContract, secret, take, textOf } from "../../../contract/provider.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { filesBelow } from "../../../fixture/coffer_cli.ts";
import { StackOnDisk } from "../../../fixture/stack_on_disk.ts";
import { temporaryFolder } from "../../../fixture/temporary_folder.ts";

const TTL = 60;

/** A provider that can be away, or refuse. */
class Unreliable extends MemoryProvider {
  fault: Fault | undefined;

  override resolve(sources: readonly Source[]): Promise<(ProvidedValue | Fault)[]> {
    return this.fault ? Promise.reject(this.fault) : super.resolve(sources);
  }

  override list(): Promise<SecretName[]> {
    return this.fault ? Promise.reject(this.fault) : super.list();
  }
}

class Given implements AsyncDisposable {
  readonly disk: StackOnDisk;
  readonly stack: Stack;
  readonly registration: Registration;
  readonly inner = new Unreliable();
  readonly warnings: string[] = [];
  time = 1_000_000;

  constructor(disk: StackOnDisk, stack: Stack, registration: Registration) {
    this.disk = disk;
    this.stack = stack;
    this.registration = registration;
  }

  static async make(): Promise<Given> {
    const disk = await StackOnDisk.create({}, temporaryFolder("memory"));
    const stack = await disk.unlock();
    using config = Secret.fromText('{"config":{"url":"https://one.example"}}');
    await register(stack, "vault", config);
    return new Given(disk, stack, (await registrationOf(stack))!);
  }

  get home(): string {
    return `${this.disk.project}/home`;
  }

  cached(offline = false, registration = this.registration, stack = this.stack) {
    const cache = new CacheFile(stack, this.home, registration);
    const options = {
      seconds: TTL,
      offline,
      now: () => this.time,
      warn: (text: string) => void this.warnings.push(text),
    };
    return cachedProvider(this.inner, cache, options);
  }

  goAway(): void {
    this.inner.fault = new Fault("UNAVAILABLE", "it is away");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.inner[Symbol.asyncDispose]();
    this.registration.config.dispose();
    this.stack.dispose();
    this.disk[Symbol.dispose]();
  }
}

providerContract("a cached provider", async () => {
  const given = await Given.make();
  const [provider, second] = [given.cached(), given.cached()];
  return { provider, second, [Symbol.asyncDispose]: () => given[Symbol.asyncDispose]() };
}, {
  persistAll: "as the provider that is cached",
  history: "as the provider that is cached",
});

Deno.test("cachedProvider() hands out what was fetched while the provider is away, and says so", async () => {
  await using given = await Given.make();
  const provider = given.cached();
  await persist(provider, "a", "one");
  await persist(provider, "b", '{"x":1}');
  assert.equal(await textOf(provider, "a"), "one");
  assert.deepEqual(await provider.list(), ["a", "b"]);
  given.goAway();
  given.time += TTL * 1000;
  assert.equal(await textOf(given.cached(), "a"), "one");
  assert.deepEqual(await given.cached().list(), ["a", "b"]);
  assert.equal(given.warnings.length, 2);
  // What was never read is not there, and then none is.
  await assertFault("UNAVAILABLE", () => provider.resolve([secret("a"), secret("b")]));
  given.inner.fault = undefined;
  assert.equal(await textOf(provider, "b"), '{"x":1}');
  given.goAway();
  assert.equal(await textOf(provider, "b"), '{"x":1}');
});

Deno.test("cachedProvider() hands out nothing that is too old, or from the future", async () => {
  await using given = await Given.make();
  const provider = given.cached();
  await persist(provider, "a", "one");
  await textOf(provider, "a");
  await provider.list();
  given.goAway();
  const start = given.time;
  for (const time of [start + TTL * 1000 + 1, start - 1]) {
    given.time = time;
    const { message } = await assertFault("UNAVAILABLE", () => provider.resolve([secret("a")]));
    assert.equal(message, "it is away", "the provider's own fault");
    await assertFault("UNAVAILABLE", () => provider.list());
    await assertFault("UNAVAILABLE", () => given.cached(true).resolve([secret("a")]));
  }
  assert.deepEqual(given.warnings, []);
});

Deno.test("cachedProvider() takes no refusal for being away", async () => {
  await using given = await Given.make();
  const provider = given.cached();
  await persist(provider, "a", "one");
  await textOf(provider, "a");
  for (const code of ["DENIED", "LOCKED", "CONFIG", "TAMPERED"] as const) {
    given.inner.fault = new Fault(code, "no");
    await assertFault(code, () => provider.resolve([secret("a")]));
  }
});

Deno.test("cachedProvider() asks nobody when it is offline, and changes nothing", async () => {
  await using given = await Given.make();
  await persist(given.cached(), "a", "one");
  await textOf(given.cached(), "a");
  await given.cached().list();
  await persist(given.inner, "a", "two");
  const offline = given.cached(true);
  assert.equal(await textOf(offline, "a"), "one");
  assert.deepEqual(await offline.list(), ["a"]);
  await assertFault("UNAVAILABLE", () => offline.resolve([secret("none")]));
  await assertFault("UNAVAILABLE", () => persist(offline, "a", "three"));
  await assertFault("UNAVAILABLE", () => offline.remove(["a" as SecretName]));
  await assertFault("UNAVAILABLE", () => offline.change("a" as SecretName, () => undefined));
  assert.equal(await textOf(given.inner, "a"), "two");
  assert.deepEqual(given.warnings, []);
});

Deno.test("cachedProvider() forgets what was changed, removed, denied, or is gone", async () => {
  await using given = await Given.make();
  const provider = given.cached();
  const steps: [string, () => Promise<unknown>][] = [
    ["persist", () => persist(provider, "a", "two")],
    ["remove", () => provider.remove(["a" as SecretName])],
    ["change", () => provider.change("a" as SecretName, () => undefined)],
    ["gone", async () => {
      await given.inner.remove(["a" as SecretName]);
      assert.equal(await textOf(provider, "a"), undefined);
    }],
  ];
  for (const [name, step] of steps) {
    await persist(given.inner, "a", "one");
    await textOf(provider, "a");
    await provider.list();
    await step();
    given.goAway();
    await assertFault("UNAVAILABLE", () => provider.resolve([secret("a")]));
    if (name !== "gone") await assertFault("UNAVAILABLE", () => provider.list());
    given.inner.fault = undefined;
  }
});

Deno.test("a cache is of no use to another registration, another stack, or after a re-key", async () => {
  await using given = await Given.make();
  await persist(given.cached(), "a", "one");
  await textOf(given.cached(), "a");
  given.goAway();
  using other = Secret.fromText('{"config":{"url":"https://two.example"}}');
  await unregister(given.stack);
  await register(given.stack, "vault", other);
  const registration = (await registrationOf(given.stack))!;
  using _config = registration.config;
  await assertFault("UNAVAILABLE", () => given.cached(true, registration).resolve([secret("a")]));
  assert.equal(await textOf(given.cached(true), "a"), "one");
  await rekey(given.stack);
  await assertFault("UNAVAILABLE", () => given.cached(true).resolve([secret("a")]));
});

Deno.test("a cache that was changed, cut or exchanged is taken for none", async () => {
  await using given = await Given.make();
  await persist(given.cached(), "a", "canary-value");
  await textOf(given.cached(), "a");
  const [[path, bytes]] = [...filesBelow(given.home)] as [[string, Uint8Array<ArrayBuffer>]];
  assert.ok(!new TextDecoder("latin1").decode(bytes).includes("canary"));
  assert.equal(Deno.lstatSync(path).mode! & 0o777, 0o600);
  const attempts = [
    ...bytes.keys().map((at) => bytes.with(at, bytes[at]! ^ 1)),
    ...[0, 1, 4, 27, 43, bytes.length - 1].map((length) => bytes.slice(0, length)),
    new Uint8Array([...bytes, 0]),
  ];
  const [found] = await given.cached(true).resolve([secret("a")]);
  assert.equal(take(found!), "canary-value");
  for (const attempt of attempts) {
    Deno.writeFileSync(path, attempt);
    await assertFault("UNAVAILABLE", () => given.cached(true).resolve([secret("a")]));
  }
  given.inner.fault = undefined;
  assert.equal(codeOf((await given.cached().resolve([secret("a")]))[0]!), "ok", "filled again");
  assert.equal(await textOf(given.cached(true), "a"), "canary-value");
  Deno.chmodSync(path, 0o644);
  await assertFault("DENIED", () => given.cached(true).resolve([secret("a")]));
});

Deno.test("values that are no text, and what is known of them, come back", async () => {
  await using given = await Given.make();
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  using value = new Secret(bytes.slice());
  await given.inner.persist(secret("bytes"), { value, type: "bytes" });
  using fields = Secret.fromText('{"a":"b"}');
  await given.inner.persist(secret("fields"), { value: fields, type: "json" });
  const sources = [secret("bytes"), secret("fields")];
  for (const result of await given.cached().resolve(sources)) take1(result);
  given.goAway();
  const [first, second] = await given.cached().resolve(sources);
  assert.ok(!(first instanceof Fault) && !(second instanceof Fault));
  assert.deepEqual(first!.value.reveal(), bytes);
  assert.deepEqual([first!.type, second!.type], ["bytes", "json"]);
});

function take1(found: ProvidedValue | Fault): void {
  if (found instanceof Fault) throw found;
  found.value.dispose();
}
