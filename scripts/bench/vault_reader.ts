/**
 * Reads secrets of a Vault, in a process of its own, and prints how long that took: with Coffer's provider, or one after
 * another over one connection as a simple client does.
 *
 *     deno run -A scripts/bench/vault_reader.ts provider|list|sequence URL CA-FILE COUNT <TOKEN
 */
import type { Provider } from "../../core/providers/provider.ts";
import { readVaultConfig } from "../../core/providers/vault/config.ts";
import { openVault } from "../../core/providers/vault/vault.ts";
import { VaultProvider } from "../../core/providers/vault/vault_provider.ts";
import { Fault } from "../../core/fault.ts";

const [how, url, caFile, count] = Deno.args as [string, string, string, string];
const token = (await new Response(Deno.stdin.readable).text()).trim();
const names = Array.from({ length: Number(count) }, (_, i) => `name-${i}`);

const started = performance.now();
if (how === "sequence") await readInSequence();
else {
  const config = readVaultConfig({ url, token, ...(caFile && { ca_cert_file: caFile }) });
  const provider = new VaultProvider(await openVault(config, { cwd: Deno.cwd() }), config);
  if (how === "list") requireAll((await provider.list()).length);
  else await resolveAll(provider);
}
const ms = performance.now() - started;
// The connections are kept alive: those that were opened are still there.
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ ms, connections: await connections() })));
Deno.exit(0);

async function resolveAll(provider: Provider): Promise<void> {
  const results = await provider.resolve(names.map((hint) => ({ kind: "secret", hint })));
  requireAll(results.filter((result) => !(result instanceof Fault)).length);
}

async function readInSequence(): Promise<void> {
  const client = Deno.createHttpClient({ caCerts: caFile ? [await Deno.readTextFile(caFile)] : [] });
  let found = 0;
  for (const name of names) {
    const response = await fetch(`${url}/v1/secret/data/${name}`, { headers: { "X-Vault-Token": token }, client });
    if (typeof (await response.json()).data.data.value === "string") found++;
  }
  requireAll(found);
}

/** What reads less is quicker, and its figure would be a lie. */
function requireAll(found: number): void {
  if (found !== names.length) throw new Error(`found ${found} of ${names.length}`);
}

/** This process's to the server's port; undefined where the system does not tell. */
async function connections(): Promise<number | undefined> {
  try {
    const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
    const own = new Set([...Deno.readDirSync("/proc/self/fd")].map(({ name }) => linkOf(`/proc/self/fd/${name}`)));
    const rows = (await Deno.readTextFile("/proc/net/tcp")).split("\n").map((line) => line.trim().split(/\s+/));
    return rows.filter(([, , to, , , , , , , inode]) => to?.endsWith(`:${port}`) && own.has(`socket:[${inode}]`))
      .length;
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined; // the folder's own descriptor is closed by now
  }
}
