/** The provider `vault`: put together from its configuration, on this machine. */
import { Fault } from "../../fault.ts";
import { Secret } from "../../secret.ts";
import { hostFault } from "../../store/file_guard.ts";
import type { ProviderKind, Surroundings } from "../kind.ts";
import { checkVault } from "./check.ts";
import { disposeOfAuth, readVaultConfig, type VaultConnection } from "./config.ts";
import { VaultServer } from "./server.ts";
import { VaultSession } from "./session.ts";
import { openTransport } from "./transport.ts";
import { VaultProvider } from "./vault_provider.ts";

export const vault: ProviderKind = {
  brief: "HashiCorp Vault, OpenBao or another coffer serve: KV version 2 and 1",
  can: ["persist", "list", "remove", "history"],
  async open(config, around) {
    const parsed = readVaultConfig(config);
    return new VaultProvider(await openVault(parsed, around), parsed);
  },
  async check(config, around, stackId) {
    const parsed = readVaultConfig(config);
    await using session = await openVault(parsed, around);
    await checkVault(session, parsed, stackId);
  },
};

/** Certificates and tokens are some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * Requests to a Vault, none of which is sent yet.
 * @param connection its secrets are taken over: wiped with the session
 * @throws {Fault} CONFIG when the certificate cannot be had
 */
export async function openVault(
  connection: VaultConnection,
  { cwd }: Pick<Surroundings, "cwd">,
): Promise<VaultSession> {
  const readFile = (path: string) => readSmall(path.startsWith("/") ? path : `${cwd}/${path}`);
  const { origin, auth, caCert, caCertFile } = connection;
  try {
    using file = caCertFile === undefined ? undefined : await readFile(caCertFile);
    const transport = openTransport(origin, caCert ?? file?.revealText());
    return new VaultSession(new VaultServer(connection, transport), auth, readFile);
  } catch (error) {
    disposeOfAuth(auth);
    throw error;
  }
}

/** The platform's own files: links, as Kubernetes makes them, and modes are its business. */
async function readSmall(path: string): Promise<Secret> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (isFile && size <= MAX_BYTES) return new Secret(await Deno.readFile(path));
  } catch (error) {
    const fault = hostFault(error, path);
    throw new Fault("CONFIG", fault instanceof Fault ? fault.message : `${path} cannot be read`, {
      hint: "check ca_cert_file and jwt_file",
      cause: error,
    });
  }
  throw new Fault("CONFIG", `${path} is no file of at most 1 MiB`, { hint: "check ca_cert_file and jwt_file" });
}
