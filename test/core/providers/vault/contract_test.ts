/** The provider over everything that speaks Vault's API here. */
import type { Provider } from "../../../../core/providers/provider.ts";
import { openVault } from "../../../../core/providers/vault/vault.ts";
import { readVaultConfig } from "../../../../core/providers/vault/config.ts";
import { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import { Coffer, TARGETS } from "../../../fixture/coffer_cli.ts";
import { type CofferServer, serve } from "../../../fixture/coffer_server.ts";
import { providerContract, type ProviderUnderTest } from "../../../contract/provider.ts";
import { NO_BAO, SharedBao } from "./bao_place.ts";
import { kvV1InFront } from "./kv_v1_double.ts";
import { VaultDouble } from "./vault_double.ts";

const ONE_BY_ONE = { persistAll: "a Vault takes one by one" };
const NO_LARGE = { large: "Coffer's own server takes requests of at most 1 MiB" };
const VERSION_1 = {
  change: "version 1 has no check-and-set",
  history: "version 1 keeps the newest value only",
};

providerContract("VaultProvider on a server in this process", async () => {
  const double = await VaultDouble.start();
  return under(double.provider(), double.provider(), () => double.served[Symbol.dispose]());
}, { ...ONE_BY_ONE, ...NO_LARGE });

providerContract("VaultProvider on version 1, in this process", async () => {
  const double = await VaultDouble.start();
  double.inFront = kvV1InFront();
  const [one, two] = [double.provider({ mount: "kv1" }), double.provider({ mount: "kv1", prefix: "" })];
  return under(one, two, () => double.served[Symbol.dispose]());
}, { ...ONE_BY_ONE, ...VERSION_1 });

const bao = new SharedBao();
const ignored = NO_BAO ? ` (ignored: ${NO_BAO})` : "";

for (const version of [1, 2] as const) {
  providerContract(
    `VaultProvider on OpenBao, version ${version}${ignored}`,
    async () => {
      const mount = await bao.mount(version);
      return under(await bao.provider({ mount }), await bao.provider({ mount }));
    },
    { ...ONE_BY_ONE, ...(version === 1 && VERSION_1) },
    NO_BAO !== undefined,
  );
}

providerContract(
  `VaultProvider in a folder of an engine of OpenBao${ignored}`,
  async () => {
    const mount = await bao.mount(2);
    const config = { mount, prefix: "team/web" };
    return under(await bao.provider(config), await bao.provider(config));
  },
  ONE_BY_ONE,
  NO_BAO !== undefined,
);

const target = TARGETS.find(({ name }) => name === "bundle");
const lackingBundle = target?.command ? undefined : target?.reason ?? "not among the targets";
let coffer: Coffer | undefined;
let server: CofferServer | undefined;

Deno.test.beforeAll(async () => {
  if (lackingBundle) return;
  coffer = new Coffer(target!);
  await coffer.given();
  server = await serve(coffer, ["--listen", "0"]);
});

Deno.test.afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  coffer?.[Symbol.dispose]();
});

providerContract(
  `VaultProvider on coffer serve${lackingBundle ? ` (ignored: ${lackingBundle})` : ""}`,
  async () => {
    const open = async () => {
      const config = readVaultConfig({ url: `${server!.url}/dev`, token: server!.token.trim() });
      return new VaultProvider(await openVault(config, { cwd: "/" }), config);
    };
    const [provider, second] = [await open(), await open()];
    await provider.remove(await provider.list());
    return under(provider, second);
  },
  { ...ONE_BY_ONE, ...NO_LARGE },
  lackingBundle !== undefined,
);

function under(provider: Provider, second: Provider, end: () => void = () => {}): ProviderUnderTest {
  return {
    provider,
    second,
    async [Symbol.asyncDispose]() {
      for (const one of [provider, second]) await one[Symbol.asyncDispose]();
      end();
    },
  };
}
