/** Version 1 of the KV engine: what it cannot do is refused. */
import assert from "node:assert/strict";
import { parseSecretName } from "../../../../core/name.ts";
import type { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import { Secret } from "../../../../core/secret.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";
import { persist, secret, textOf } from "../../../contract/provider.ts";
import { SharedBao, withBao } from "./bao_place.ts";
import { kvV1InFront } from "./kv_v1_double.ts";
import { tokenAuth, VaultDouble } from "./vault_double.ts";

const NAME = parseSecretName("team/db");
const bao = new SharedBao();

function onBoth(name: string, test: (provider: VaultProvider) => Promise<void>): void {
  Deno.test(`${name} [in this process]`, async () => {
    const double = await VaultDouble.start();
    using _served = double.served;
    double.inFront = kvV1InFront();
    await using provider = double.provider({ mount: "kv1" });
    await test(provider);
  });
  withBao(`${name} [OpenBao]`, async () => {
    await using provider = await bao.provider({ mount: await bao.mount(1) });
    await test(provider);
  });
}

onBoth("version 1 keeps whole values only, and says what it does not", async (provider) => {
  await persist(provider, NAME, "value");
  using value = Secret.fromText('{"a":"b"}');
  let decided = 0;
  const acts = [
    () => provider.change(NAME, () => (decided++, { value, type: "json" })),
    () => provider.history(NAME),
    () => provider.at(NAME, 1),
    () => provider.rollback(NAME, 1),
  ];
  for (const act of acts) await assertFault("UNSUPPORTED", act);
  assert.equal(decided, 0);
  assert.equal(await textOf(provider, NAME), "value");
});

onBoth("version 1 keeps no object without fields, and none that would be read as plain text", async (provider) => {
  for (const text of ["{}", '{"value":"plain"}']) {
    using value = Secret.fromText(text);
    await assertFault("UNSUPPORTED", () => provider.persist(secret(NAME), { value, type: "json" }));
  }
  assert.deepEqual(await provider.list(), []);
});

onBoth("version 1 keeps numbers as they are written", async (provider) => {
  const text = '{"account":12345678901234567890}';
  using value = Secret.fromText(text);
  await provider.persist(secret(NAME), { value, type: "json" });
  assert.equal(await textOf(provider, NAME), text);
});

withBao("version 1 denies what the token may not do, by its policy", async () => {
  const mount = await bao.mount(1);
  await using root = await bao.provider({ mount });
  for (const name of ["a", "b"]) await persist(root, name, "value");
  const { name } = await bao.client.write(`path "${mount}/a" { capabilities = ["read"] }`);
  await using provider = await bao.provider({ mount, token: await bao.client.tokenWith([name]) });
  assert.equal(await textOf(provider, "a"), "value");
  const [a, b] = ["a", "b"].map(parseSecretName) as [typeof NAME, typeof NAME];
  const acts = [
    async () => {
      const [found] = await provider.resolve([secret(b)]);
      throw found;
    },
    () => provider.list(),
    () => persist(provider, a, "other"),
    () => provider.remove([a]),
    () => provider.remove([a, b]),
  ];
  for (const act of acts) await assertFault("DENIED", act);
  assert.equal(await textOf(root, "a"), "value");
});

Deno.test("version 1 asked for as version 2, and the other way round, is a matter of configuration", async () => {
  const double = await VaultDouble.start({ secret: { a: "value" } });
  using served = double.served;
  await using wrong = double.provider({ kvVersion: 1 }, { auth: tokenAuth(served.root) });
  for (const act of [() => wrong.resolve([secret("a")]), () => wrong.list(), () => persist(wrong, "a", "b")]) {
    await assertFault("CONFIG", act);
  }
  await using right = double.provider({ kvVersion: 2 }, { auth: tokenAuth(served.root) });
  assert.equal(await textOf(right, "a"), "value");
  assert.equal(double.sentTo("GET", "sys/internal").length, 0);
});
