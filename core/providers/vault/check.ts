/** Whether a Vault can be used, step by step, so that whoever configures one learns what is wrong. Nothing is written. */
import { Fault } from "../../fault.ts";
import { parseSecretName } from "../../name.ts";
import type { VaultPlace } from "./config.ts";
import { notVault, sealedVault } from "./faults.ts";
import { openKv } from "./open_kv.ts";
import type { VaultSession } from "./session.ts";

export interface VaultFacts {
  readonly kvVersion: 1 | 2;
  /** Of the token: seconds that it has left, 0 for ever. Undefined when it may not look itself up. */
  readonly token: { readonly seconds: number; readonly renewable: boolean } | undefined;
}

/** No secret that anybody has. */
const PROBE = parseSecretName("coffer-check");

/**
 * @throws {Fault} UNAVAILABLE when there is no Vault; LOCKED when it is sealed; DENIED when the token, or the login, is
 * refused, or it may not read; CONFIG when there is no KV engine at the mount, or no such namespace
 */
export async function checkVault(session: VaultSession, place: VaultPlace): Promise<VaultFacts> {
  await requireUnsealed(session);
  const token = await session.life();
  const kv = await openKv(session, place);
  const found = await kv.find(PROBE, new AbortController().signal);
  if (!(found instanceof Fault)) found.value.dispose();
  else if (found.code !== "NOT_FOUND") throw found;
  return { kvVersion: kv.version, token };
}

/** Asked without the token: whether a Vault is there at all is known before it gets any. */
async function requireUnsealed(session: VaultSession): Promise<void> {
  const { status, body } = await session.sendOpenly({ method: "GET", path: "sys/seal-status", isGlobal: true });
  if (status !== 200 || typeof body.sealed !== "boolean") throw notVault(session.where);
  if (body.initialized === false) {
    throw new Fault("UNAVAILABLE", `${session.where} is not initialised`, { hint: "bao operator init" });
  }
  if (body.sealed) throw sealedVault(session.where);
}
