/** With whom a stack's secrets are: kept with the stack, whatever becomes of its keys. */
import assert from "node:assert/strict";
import { Secret } from "../../../core/secret.ts";
import { LockedStack } from "../../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../../core/stack/passphrase.ts";
import { register, registrationOf, unregister } from "../../../core/stack/registration.ts";
import { rekey } from "../../../core/stack/rekey.ts";
import type { Access } from "../../../core/stack/access.ts";
import type { Stack } from "../../../core/stack/stack.ts";
import { verify } from "../../../core/stack/verify.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { QUICK, StackOnDisk } from "../../fixture/stack_on_disk.ts";

const CONFIG = '{"token":"canary","url":"https://vault.example"}';

async function given(): Promise<StackOnDisk> {
  const disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  using config = Secret.fromText(CONFIG);
  await register(stack, "vault", config);
  return disk;
}

async function configIn(stack: Stack): Promise<string | undefined> {
  const registration = await registrationOf(stack);
  using config = registration?.config;
  return config?.revealText();
}

const kindIn = async (disk: StackOnDisk) => await (await LockedStack.load(disk.store())).provider();

Deno.test("registrationOf() tells what register() kept, and the secrets stay as they are", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  const before = disk.digests();
  assert.equal(await registrationOf(stack), undefined);
  assert.equal(await kindIn(disk), undefined);
  using config = Secret.fromText(CONFIG);
  await register(stack, "vault", config);
  assert.equal(config.revealText(), CONFIG, "borrowed");
  using again = await disk.unlock();
  assert.equal(await configIn(again), CONFIG);
  assert.equal(await kindIn(disk), "vault");
  await unregister(again);
  assert.equal(await registrationOf(stack), undefined);
  assert.deepEqual(disk.digests(), before);
});

Deno.test("register() takes no other's place, and unregister() wants one", async () => {
  using disk = await given();
  using stack = await disk.unlock();
  using other = Secret.fromText('{"url":"https://other.example"}');
  await assertFault("CONFLICT", () => register(stack, "vault", other));
  assert.equal(await configIn(stack), CONFIG);
  await unregister(stack);
  await assertFault("NOT_FOUND", () => unregister(stack));
  await register(stack, "plugin", other);
  assert.equal(await kindIn(disk), "plugin");
});

Deno.test("a registration outlives a change of passphrase and of keys", async () => {
  using disk = await given();
  using stack = await disk.unlock();
  using elsewhere = await disk.unlock();
  await changePassphrase(stack, Secret.fromText("another passphrase"), QUICK);
  await rekey(stack);
  using again = await disk.unlock("another passphrase");
  assert.deepEqual(again.header.keys, [2]);
  assert.equal(await configIn(again), CONFIG);
  await assertFault("LOCKED", () => registrationOf(elsewhere));
});

Deno.test("a stack that is unlocked meanwhile reads a registration under the new key", async () => {
  using disk = await given();
  using stack = await disk.unlock();
  using other = await disk.unlock();
  await rekey(other);
  assert.equal(await configIn(stack), CONFIG);
});

Deno.test("rekey() goes on with a registration that is left under the old key", async () => {
  using disk = await given();
  const before = disk.files().get("provider.json")!;
  using stack = await disk.unlock();
  await rekey(stack);
  Deno.writeFileSync(disk.path("provider.json"), before);
  await assertFault("TAMPERED", () => registrationOf(stack));
  await assertFault("TAMPERED", () => rekey(stack));
});

Deno.test("verify() finds a registration that was changed", async () => {
  using disk = await given();
  using stack = await disk.unlock();
  assert.equal((await verify(stack)).problems.size, 0);
  const text = Deno.readTextFileSync(disk.path("provider.json"));
  Deno.writeTextFileSync(disk.path("provider.json"), text.replace('"vault"', '"plugin"'));
  const { problems } = await verify(stack);
  assert.deepEqual([...problems].map(([name, { code }]) => [name, code]), [[".provider", "TAMPERED"]]);
  await assertFault("TAMPERED", () => registrationOf(stack));
  await unregister(stack); // a damaged one has to go as well
  assert.equal((await verify(stack)).problems.size, 0);
});

Deno.test("a change of registration is recorded before it takes effect", async () => {
  using disk = await given();
  using stack = await disk.unlock();
  const accesses: Access[] = [];
  const recorded = stack.recordedBy((access) => Promise.resolve(void accesses.push(access)));
  await unregister(recorded);
  using config = Secret.fromText(CONFIG);
  await register(recorded, "vault", config);
  await assertFault("CONFLICT", () => register(recorded, "vault", config));
  assert.deepEqual(accesses.map(({ kind, outcome }) => [kind, outcome]), [
    ["provider", "ok"],
    ["provider", "ok"],
    ["provider", "CONFLICT"],
  ]);
  const refusing = stack.recordedBy(() => Promise.reject(new Error("full")));
  await assert.rejects(unregister(refusing), /full/);
  assert.equal(await configIn(stack), CONFIG);
});
