/** Mounts and sessions in a real OpenBao. */
import { Secret } from "../../../../core/secret.ts";
import { readVaultConfig, type VaultConfig } from "../../../../core/providers/vault/config.ts";
import { openVault } from "../../../../core/providers/vault/vault.ts";
import type { VaultSession } from "../../../../core/providers/vault/session.ts";
import { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import type { ProviderConfig } from "../../../../core/providers/kind.ts";
import { type BaoDevServer, openBao, startBaoDevServer } from "../../../fixture/openbao.ts";
import { BaoClient } from "../../../server/openbao/bao_client.ts";

const { lacking } = await openBao();
let mounts = 0;

/** One server for all tests of a file. */
export class SharedBao {
  #server: BaoDevServer | undefined;

  constructor() {
    Deno.test.beforeAll(async () => {
      if (lacking === undefined) this.#server = await startBaoDevServer();
    });
    Deno.test.afterAll(async () => {
      await this.#server?.[Symbol.asyncDispose]();
    });
  }

  get server(): BaoDevServer {
    return this.#server!;
  }

  get client(): BaoClient {
    return new BaoClient(this.server);
  }

  /** An empty engine of its own. */
  async mount(version: 1 | 2): Promise<string> {
    const mount = `kv-${version}-${mounts++}`;
    await this.client.get("POST", `sys/mounts/${mount}`, { type: "kv", options: { version: `${version}` } });
    return mount;
  }

  /** The root's unless the configuration says otherwise. */
  async session(config: ProviderConfig = {}): Promise<VaultSession> {
    return await openVault(this.#config(config), { cwd: "/" });
  }

  async provider(config: ProviderConfig): Promise<VaultProvider> {
    const parsed = this.#config(config);
    return new VaultProvider(await openVault(parsed, { cwd: "/" }), parsed);
  }

  #config(config: ProviderConfig): VaultConfig {
    const { address, token } = this.server;
    const login = "auth" in config ? {} : { token: Secret.fromText(token) };
    return readVaultConfig({ url: address, ...login, ...config });
  }
}

/** A test that needs a real OpenBao. */
export function withBao(name: string, test: () => Promise<void>): void {
  Deno.test({ name: `${name}${lacking ? ` (ignored: ${lacking})` : ""}`, ignore: lacking !== undefined, fn: test });
}

export const NO_BAO: string | undefined = lacking;
