/** Talks to a real OpenBao. */
import type { BaoDevServer } from "../../fixture/openbao.ts";

export interface BaoAnswer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

export class BaoClient {
  readonly #server: BaoDevServer;
  #policies = 0;

  constructor(server: BaoDevServer) {
    this.#server = server;
  }

  /** @param token the root token unless it says otherwise */
  async call(method: string, path: string, body?: unknown, token = this.#server.token): Promise<BaoAnswer> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const response = await fetch(`${this.#server.address}/v1/${path}`, {
      method,
      headers: { "X-Vault-Token": token, ...body === undefined ? {} : { "Content-Type": type } },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, json: text === "" ? undefined : JSON.parse(text) };
  }

  /** As {@linkcode call}, for what has to succeed. Returns `auth`, or else `data`. */
  // deno-lint-ignore no-explicit-any
  async get(method: string, path: string, body?: unknown, token?: string): Promise<any> {
    const { status, json } = await this.call(method, path, body, token);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json?.auth ?? json?.data;
  }

  /** Writes a policy under a name of its own. */
  async write(policy: string): Promise<{ readonly name: string; readonly isAccepted: boolean }> {
    const name = `policy-${this.#policies++}`;
    const { status } = await this.call("PUT", `sys/policies/acl/${name}`, { policy });
    if (status !== 204 && status !== 400) throw new Error(`PUT sys/policies/acl: ${status}`);
    return { name, isAccepted: status === 204 };
  }

  /** A token with these policies and no other. Asking for none at all would give it those of root. */
  async tokenWith(policies: readonly string[]): Promise<string> {
    const request = { policies: ["default", ...policies], no_default_policy: true };
    return (await this.get("POST", "auth/token/create", request)).client_token;
  }

  async capabilities(token: string, paths: readonly string[]): Promise<Record<string, string[]>> {
    const data = await this.get("POST", "sys/capabilities", { token, paths });
    return Object.fromEntries(paths.map((path) => [path, data[path]]));
  }
}
