/**
 * A Vault's configuration, as a store's `config` table has it:
 *
 * ```toml
 * url = "https://vault.example:8200/acme" # with the mount, or else: mount = "acme"
 * prefix = "web"                          # a folder in it
 * namespace = "team"
 * ca_cert_file = "ca.pem"                 # or ca_cert, its text
 * kv_version = 2                          # asked of the Vault unless given
 * timeout = 15                            # seconds, for one request
 * auth = "approle"                        # or token (the default), userpass, kubernetes
 * role_id = "…"                           # token | username, password | role, jwt_file
 * secret_id = "…"
 * auth_mount = "approle"                  # where the method is
 * ```
 */
import type { TableReader } from "../../config/table_reader.ts";
import { Secret } from "../../secret.ts";
import { type ProviderConfig, readConfig } from "../kind.ts";
import { readAddress, readMount, type VaultAddress } from "./address.ts";

/** How to get a token. The mounts are those of the method: `approle` for `auth/approle`. */
export type VaultAuth =
  | { readonly method: "token"; readonly token: Secret }
  | { readonly method: "approle"; readonly mount: string; readonly roleId: string; readonly secretId: Secret }
  | { readonly method: "userpass"; readonly mount: string; readonly username: string; readonly password: Secret }
  | { readonly method: "kubernetes"; readonly mount: string; readonly role: string; readonly jwtFile: string };

/** What it takes to speak with a Vault. */
export interface VaultConnection {
  readonly origin: string;
  readonly auth: VaultAuth;
  readonly namespace: string | undefined;
  /** PEM: certificates to trust besides those that the system does. */
  readonly caCert: string | undefined;
  readonly caCertFile: string | undefined;
  /** For one request, from sending it to the end of its answer. */
  readonly timeoutMs: number;
}

/** A place in a Vault where secrets are. */
export interface VaultPlace {
  /** Without slashes at its ends. */
  readonly mount: string;
  /** The folder in it that everything is in; empty for none. */
  readonly prefix: string;
  /** Asked of the Vault when undefined. */
  readonly kvVersion: 1 | 2 | undefined;
}

export interface VaultConfig extends VaultConnection, VaultPlace {}

/** What each method needs. */
const NEEDED = {
  token: ["token"],
  approle: ["role_id", "secret_id"],
  userpass: ["username", "password"],
  kubernetes: ["role"],
} as const satisfies Record<VaultAuth["method"], readonly string[]>;
const METHODS = Object.keys(NEEDED) as readonly VaultAuth["method"][];

const KEYS = [
  ...["url", "allow_http", "mount", "prefix", "namespace", "kv_version", "ca_cert", "ca_cert_file", "timeout"],
  ...["auth", "auth_mount", ...Object.values(NEEDED).flat(), "jwt_file"],
];

const JWT_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const DEFAULT_SECONDS = 15;
/** What can be in a header and in no other place of a request. */
const HEADER = /^[\x21-\x7e]+$/;

/**
 * The configuration's secrets are the caller's, who disposes of them with {@linkcode disposeOfAuth} or hands them on.
 * @throws {Fault} CONFIG naming every key that is wrong, and never what it holds
 */
export function readVaultConfig(config: ProviderConfig): VaultConfig {
  return readConfig(config, KEYS, (table) => {
    const address = addressIn(table);
    return {
      origin: address?.origin ?? "",
      mount: mountIn(table, address),
      prefix: folderIn(table, "prefix") ?? "",
      kvVersion: table.count("kv_version", 1, 2) as 1 | 2 | undefined,
      namespace: headerIn(table, "namespace"),
      caCert: table.text("ca_cert"),
      caCertFile: exclusive(table, "ca_cert_file", "ca_cert"),
      timeoutMs: 1000 * (table.count("timeout", 1, 600) ?? DEFAULT_SECONDS),
      auth: authIn(table),
    };
  });
}

export function disposeOfAuth(auth: VaultAuth): void {
  for (const part of Object.values(auth)) if (part instanceof Secret) part.dispose();
}

function addressIn(table: TableReader): VaultAddress | undefined {
  const url = needed(table, "url", table.text("url"));
  const address = url === undefined ? undefined : readAddress(url, table.flag("allow_http") ?? false);
  return typeof address === "string" ? table.wrong("url", address) : address;
}

/** `secret` is where a Vault that was just started has its first engine. */
function mountIn(table: TableReader, address: VaultAddress | undefined): string {
  const mount = folderIn(table, "mount");
  if (mount !== undefined && address?.mount !== undefined && mount !== address.mount) {
    table.wrong("mount", "is another one than in url");
  }
  return mount ?? address?.mount ?? "secret";
}

function authIn(table: TableReader): VaultAuth {
  const method = table.choice("auth", METHODS) ?? "token";
  const own: readonly string[] = NEEDED[method];
  for (const key of Object.values(NEEDED).flat()) {
    if (table.has(key) && !own.includes(key)) table.wrong(key, `is not for auth = "${method}"`);
  }
  if (table.has("jwt_file") && method !== "kubernetes") table.wrong("jwt_file", 'is for auth = "kubernetes"');
  if (table.has("auth_mount") && method === "token") table.wrong("auth_mount", "is for methods that log in");
  const secret = (key: string) => needed(table, key, table.sensitive(key)) ?? Secret.fromText("");
  const text = (key: string) => needed(table, key, table.text(key)) ?? "";
  const mount = folderIn(table, "auth_mount") ?? method;
  switch (method) {
    case "token": {
      const token = secret("token");
      if (token.size > 0 && !HEADER.test(token.revealText())) table.wrong("token", "has characters that no token has");
      return { method, token };
    }
    case "approle":
      return { method, mount, roleId: text("role_id"), secretId: secret("secret_id") };
    case "userpass": {
      const username = text("username");
      if (/^\.{1,2}$|\//.test(username)) table.wrong("username", "cannot be part of a path");
      return { method, mount, username, password: secret("password") };
    }
    case "kubernetes":
      return { method, mount, role: text("role"), jwtFile: table.text("jwt_file") ?? JWT_FILE };
  }
}

function folderIn(table: TableReader, key: string): string | undefined {
  const text = table.text(key);
  if (text === undefined) return undefined;
  return readMount(text) ?? table.wrong(key, "is no path: it has the form of a secret's name, as in team/kv");
}

function headerIn(table: TableReader, key: string): string | undefined {
  const text = table.text(key);
  return text === undefined || HEADER.test(text) ? text : table.wrong(key, "has characters that it cannot have");
}

function exclusive(table: TableReader, key: string, other: string): string | undefined {
  if (table.has(key) && table.has(other)) table.wrong(key, `and ${other} are two ways to say the same`);
  return table.text(key);
}

/** An empty one is none; one of the wrong type has been noted. */
function needed<T extends string | Secret>(table: TableReader, key: string, value: T | undefined): T | undefined {
  const isEmpty = typeof value === "string" ? value === "" : value?.size === 0;
  if (isEmpty || (value === undefined && !table.has(key))) table.wrong(key, "is missing");
  return value;
}
