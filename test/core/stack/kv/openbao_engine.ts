/** A KV v2 engine of a real OpenBao, spoken to as its clients do. */
import type { BaoDevServer } from "../../../fixture/openbao.ts";
import type { KvUnderTest, Settings, Step, Version } from "./kv_steps.ts";

interface Body {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly string[];
}

const REFUSALS: Readonly<Record<string, string>> = {
  "check-and-set parameter did not match the current version": "cas_mismatch",
  "check-and-set parameter required for this call": "cas_required",
};

export class OpenBaoEngine implements KvUnderTest {
  readonly #server: BaoDevServer;
  readonly #mount: string;

  private constructor(server: BaoDevServer, mount: string) {
    this.#server = server;
    this.#mount = mount;
  }

  /** An empty engine at a path of its own. */
  static async mount(server: BaoDevServer, path: string): Promise<OpenBaoEngine> {
    const engine = new OpenBaoEngine(server, path);
    const body = { type: "kv", options: { version: "2" } };
    const { status } = await engine.#send("POST", `sys/mounts/${path}`, body);
    if (status !== 204) throw new Error(`mount: ${status}`);
    while ((await engine.#send("GET", `${path}/config`)).status !== 200) await new Promise((r) => setTimeout(r, 5));
    return engine;
  }

  async unmount(): Promise<void> {
    await this.#send("DELETE", `sys/mounts/${this.#mount}`);
  }

  async run(step: Step, cas: number | undefined): Promise<unknown> {
    const options = cas === undefined ? {} : { options: { cas } };
    switch (step.kind) {
      case "config":
        return settingsOf((await this.#call("GET", "config")).data!);
      case "putConfig":
        return void await this.#call("POST", "config", vaultSettings(step.change));
      case "list":
        return (await this.#call("LIST", `metadata/${step.prefix}`)).data?.["keys"] ?? [];
      case "read": {
        const { data } = await this.#call("GET", `data/${step.name}${query(step.version)}`);
        return data && { ...shown(data["metadata"]), ...(data["data"] !== null && { data: data["data"] }) };
      }
      case "subkeys": {
        const { data } = await this.#call("GET", `subkeys/${step.name}${query(step.version)}`);
        return data && { ...shown(data["metadata"]), ...(data["subkeys"] !== null && { subkeys: data["subkeys"] }) };
      }
      case "put":
      case "patch": {
        const body = { data: step.data, ...options };
        const { data, errors } = await this.#call(step.kind === "put" ? "POST" : "PATCH", `data/${step.name}`, body);
        const refused = REFUSALS[errors?.[0] ?? ""];
        return refused ? { refused } : data && shown(data);
      }
      case "delete":
        return void await (step.versions
          ? this.#call("POST", `delete/${step.name}`, { versions: step.versions })
          : this.#call("DELETE", `data/${step.name}`));
      case "undelete":
      case "destroy":
        return void await this.#call("POST", `${step.kind}/${step.name}`, { versions: step.versions });
      case "remove":
        return void await this.#call("DELETE", `metadata/${step.name}`);
      case "metadata": {
        const { data } = await this.#call("GET", `metadata/${step.name}`);
        const versions = Object.entries(data?.["versions"] ?? {});
        return data && {
          ...settingsOf(data),
          current: data["current_version"],
          oldest: data["oldest_version"],
          custom: data["custom_metadata"] ?? {},
          versions: versions.map(([version, about]) => versionOf({ version: Number(version), ...about }))
            .sort((a, b) => a.version - b.version),
        };
      }
      case "putMetadata":
      case "patchMetadata": {
        const { customMetadata: custom, ...settings } = step.change;
        const body = { ...vaultSettings(settings), ...(custom && { custom_metadata: custom }) };
        const method = step.kind === "putMetadata" ? "POST" : "PATCH";
        const { status } = await this.#send(method, `${this.#mount}/metadata/${step.name}`, body);
        if (status !== 204 && status !== 200 && !(step.kind === "patchMetadata" && status === 404)) {
          throw new Error(`${step.kind}: ${status}`);
        }
        return step.kind === "patchMetadata" ? status !== 404 : undefined;
      }
    }
  }

  /** Without a body where there is none, and with what a 404 has to say. */
  async #call(method: string, path: string, body?: unknown): Promise<Body> {
    const { status, text } = await this.#send(method, `${this.#mount}/${path}`, body);
    if (![200, 204, 400, 404].includes(status)) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text === "" ? {} : JSON.parse(text) as Body;
  }

  async #send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.#server.address}/v1/${path}`, {
      method,
      headers: {
        "X-Vault-Token": this.#server.token,
        "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }
}

function query(version: number | undefined): string {
  return version === undefined ? "" : `?version=${version}`;
}

function vaultSettings(settings: Settings): Record<string, unknown> {
  const names: Record<string, string> = {
    maxVersions: "max_versions",
    casRequired: "cas_required",
    deleteVersionAfter: "delete_version_after",
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [names[name]!, value]));
}

function settingsOf(data: Record<string, unknown>) {
  const after = { "0s": 0, "1h0m0s": 3600, "-1s": -1 }[data["delete_version_after"] as string];
  return { maxVersions: data["max_versions"], casRequired: data["cas_required"], deleteVersionAfter: after };
}

function shown(metadata: unknown) {
  const { custom_metadata: custom, ...version } = metadata as Record<string, unknown>;
  return { ...versionOf(version), custom: custom ?? {} };
}

function versionOf(version: Record<string, unknown>): Version {
  const deletion = version["deletion_time"] as string;
  return {
    version: version["version"] as number,
    deletion: deletion === "" ? "none" : Date.parse(deletion) <= Date.now() ? "past" : "future",
    destroyed: version["destroyed"] as boolean,
  };
}
