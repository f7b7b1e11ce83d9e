/** Whether a Vault can be used, step by step, so that whoever configures one learns what is wrong. Nothing is written. */
import { Fault } from "../../fault.ts";
import { parseSecretName } from "../../name.ts";
import { objectIn } from "./answer.ts";
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
 * @param stackId of the stack whose secrets are to be there
 * @throws {Fault} UNAVAILABLE when there is no Vault; LOCKED when it is sealed; DENIED when the token, or the login, is
 * refused, or it may not read; CONFIG when there is no KV engine at the mount, or no such namespace;
 * CONFLICT when it is the stack itself
 */
export async function checkVault(session: VaultSession, place: VaultPlace, stackId?: string): Promise<VaultFacts> {
  await requireUnsealed(session);
  const token = await session.life();
  const kv = await openKv(session, place);
  const found = await kv.find(PROBE, new AbortController().signal);
  if (!(found instanceof Fault)) found.value.dispose();
  else if (found.code !== "NOT_FOUND") throw found;
  if (stackId !== undefined) await requireOther(session, place, stackId);
  return { kvVersion: kv.version, token };
}

/**
 * A server of Coffer's has a stack's id for its mount. One that serves this very stack, or a clone of it, would be its
 * own Vault: it would send each request on to itself, for ever.
 */
async function requireOther(session: VaultSession, { mount }: VaultPlace, stackId: string): Promise<void> {
  const { status, body } = await session.send({ method: "GET", path: `sys/internal/ui/mounts/${mount}` });
  const { uuid } = objectIn(body, "data");
  if (status !== 200 || typeof uuid !== "string" || uuid.replaceAll("-", "") !== stackId) return;
  throw new Fault("CONFLICT", `${session.where} serves this very stack at ${mount}/`, {
    hint: "name another stack or engine there: a stack cannot be its own provider",
  });
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
