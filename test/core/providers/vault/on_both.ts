/** Tests of the provider that run on the double, and on a real OpenBao where there is one. */
import assert from "node:assert/strict";
import type { ProviderConfig } from "../../../../core/providers/kind.ts";
import type { VaultProvider } from "../../../../core/providers/vault/vault_provider.ts";
import { NO_BAO, type SharedBao } from "./bao_place.ts";
import { tokenAuth, VaultDouble } from "./vault_double.ts";

export interface VaultUnderTest {
  readonly mount: string;
  /** A provider of its own; the caller disposes of it. The root's unless `token` says otherwise. */
  open(config?: ProviderConfig & { readonly prefix?: string; readonly token?: string }): Promise<VaultProvider>;
  /** A request that has to succeed, as the root; returns what is in `data` or `auth`. */
  // deno-lint-ignore no-explicit-any
  call(method: string, path: string, body?: unknown): Promise<any>;
  /** A token with a policy of this text. */
  client(policy: string): Promise<string>;
}

let policies = 0;

/** @returns the function that registers tests */
export function onBoth(bao: SharedBao): (name: string, test: (vault: VaultUnderTest) => Promise<void>) => void {
  return (name, test) => {
    Deno.test(`${name} [in this process]`, () => onDouble(test));
    Deno.test({
      name: `${name} [OpenBao${NO_BAO ? `, ignored: ${NO_BAO}` : ""}]`,
      ignore: NO_BAO !== undefined,
      fn: () => onBao(bao, test),
    });
  };
}

async function onDouble(test: (vault: VaultUnderTest) => Promise<void>): Promise<void> {
  const double = await VaultDouble.start();
  using served = double.served;
  await test({
    mount: "secret",
    open: ({ prefix = "", token } = {}) =>
      Promise.resolve(double.provider({ prefix }, token === undefined ? {} : { auth: tokenAuth(token) })),
    async call(method, path, body) {
      const { status, text, json } = await served.send(method, path, { body });
      assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
      return json?.auth ?? json?.data;
    },
    client: (policy) => served.client(policy),
  });
}

async function onBao(bao: SharedBao, test: (vault: VaultUnderTest) => Promise<void>): Promise<void> {
  const mount = await bao.mount(2);
  const { client } = bao;
  await test({
    mount,
    open: (config = {}) => bao.provider({ mount, ...config }),
    call: (method, path, body) => client.get(method, path, body),
    async client(policy) {
      const name = `on-both-${policies++}`;
      await client.get("PUT", `sys/policies/acl/${name}`, { policy });
      return (await client.get("POST", "auth/token/create", { policies: [name] })).client_token;
    },
  });
}
