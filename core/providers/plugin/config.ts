/** A plugin store's configuration. */
import { parsePluginKey, PLUGIN } from "../../config/plugin_key.ts";
import type { TableReader } from "../../config/table_reader.ts";
import { Fault } from "../../fault.ts";
import { isVariablePattern } from "./environment.ts";

/** Every key that may be there. */
export const PLUGIN_CONFIG = ["plugin", "path", "sha256", "env", "config", "start_timeout", "timeout"] as const;

export interface PluginSpec {
  /** The program's, and its folder's. */
  readonly name: string;
  /** One of the stores that it knows. */
  readonly implementation: string;
  /** Absolute; looked for where plugins are when undefined. */
  readonly path: string | undefined;
  /** Lower-case hex. */
  readonly sha256: string | undefined;
  /** Variables that the plugin is given besides those that every one is; `*` at the end stands for anything. */
  readonly env: readonly string[];
  /** JSON for its stdin. */
  readonly config: string;
  readonly startMs: number;
  readonly callMs: number;
}

/** Porter's. */
const START_MS = 5000;
const CALL_MS = 30_000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

export function readPluginConfig(table: TableReader): PluginSpec {
  const choice = parsePluginKey(table.text("plugin") ?? "");
  if (choice?.kind !== PLUGIN) {
    throw wrong("plugin", "does not name a plugin and one of its stores", 'plugin = "azure.keyvault"');
  }
  const [name, implementation] = choice.plugin!.split(".") as [string, string];
  const path = table.text("path");
  if (path !== undefined && !path.startsWith("/")) {
    throw wrong("path", "is not an absolute path", 'path = "/usr/local/lib/azure"');
  }
  const sha256 = table.text("sha256")?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw wrong("sha256", "is no SHA-256 in hexadecimal digits", `coffer plugin show ${name} prints it`);
  }
  const env = table.texts("env") ?? [];
  if (!env.every(isVariablePattern)) {
    throw wrong(
      "env",
      "has something else than names of variables",
      'env = ["VAULT_TOKEN", "AZURE_*"]; never COFFER_…',
    );
  }
  return {
    name,
    implementation,
    path,
    sha256,
    env,
    // An object, also when there is nothing in it: some fail at an empty stdin.
    config: JSON.stringify(Object.fromEntries(table.entries("config"))),
    startMs: durationIn(table, "start_timeout") ?? START_MS,
    callMs: durationIn(table, "timeout") ?? CALL_MS,
  };
}

function durationIn(table: TableReader, key: string): number | undefined {
  const text = table.text(key);
  if (text === undefined) return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,5})(ms|s|m)$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * UNIT_MS[unit!]!;
  throw wrong(key, "is not a duration", `${key} = "10s"`);
}

function wrong(key: string, what: string, hint: string): Fault {
  return new Fault("CONFIG", `the store's configuration is wrong: config.${key} ${what}`, { hint });
}
